#include <cstring>

#include "fuzz/entries.hpp"
#include "link/wire.hpp"
#include "support/sample_batches.hpp"

namespace leat::fuzz {
namespace {

std::string written(const Message& message) {
  FrameWriter writer;
  std::string frame(writer.prepare(message), '\0');
  writer.write(message, reinterpret_cast<std::byte*>(frame.data()));
  return frame;
}

Result<Message> read(std::string_view frame) {
  // At a place like those that ZeroMQ's messages have; freed at once, so that sanitizers see what hangs on.
  const std::shared_ptr<char[]> memory(new char[frame.size()]);
  std::memcpy(memory.get(), frame.data(), frame.size());
  const auto schemas = [](std::uint32_t link) { return link == 0 ? testing::all_types() : SchemaPtr(); };
  return decode({reinterpret_cast<const std::byte*>(memory.get()), frame.size()}, schemas,
                Memory::hold(memory));
}

// What was understood can be said again, and is understood alike.
void check(const Message& message) {
  const std::string frame = written(message);
  const Result<Message> again = read(frame);
  LEAT_ASSERT(again);
  LEAT_ASSERT(again->kind == message.kind && again->channel == message.channel &&
              again->epoch == message.epoch && again->sequence == message.sequence &&
              again->checkpoint == message.checkpoint);
  LEAT_ASSERT(written(*again) == frame);
}

}  // namespace

void try_link(std::string_view input) {
  std::span<const std::byte> rest(reinterpret_cast<const std::byte*>(input.data()), input.size());
  while (!rest.empty()) {
    const std::size_t before = rest.size();
    const auto frame = next_frame(rest);
    if (!frame) {
      LEAT_ASSERT(frame.error().code == Code::malformed_frame);
      return;
    }
    LEAT_ASSERT(rest.size() < before);
    const Result<Message> message = read({reinterpret_cast<const char*>(frame->data()), frame->size()});
    if (message)
      check(*message);
    else
      LEAT_ASSERT(message.error().code == Code::malformed_frame && !message.error().message.empty());
  }
}

}  // namespace leat::fuzz
