#include <fmt/format.h>

#include <cerrno>
#include <set>

#include "link/wire.hpp"
#include "record/block.hpp"
#include "record/recording.hpp"
#include "recording.pb.h"

namespace leat {
namespace {

constexpr std::uint32_t kInstancesMax = 128;  // as in topologies

Result<RecordingHeader> parse_header(std::string_view bytes) {
  wire::RecordingHeader in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return fail(Code::malformed_frame, "its header can't be read");
  RecordingHeader header;
  header.topology = in.topology();
  header.started = Time(Duration(in.started()));
  for (const auto& port : in.ports()) {
    std::vector<Field> fields;
    std::set<std::string> names;
    for (const auto& field : port.fields()) {
      if (field.type() < 1 || field.type() > 8 || !names.insert(field.name()).second)
        return fail(Code::malformed_frame, "its header has fields that no schema can have");
      fields.push_back({field.name(), static_cast<Type>(field.type()), field.nullable()});
    }
    if (port.instances() < 1 || port.instances() > kInstancesMax)
      return fail(Code::malformed_frame,
                  fmt::format("its header has {} instances of an actor", port.instances()));
    header.ports.push_back({port.actor(), port.port(), port.instances(), Schema::make(std::move(fields))});
  }
  return header;
}

}  // namespace

struct RecordingReader::Block {
  BlockHead head;
  Memory memory;
  std::span<const std::byte> bytes() const { return {memory.data(), head.bytes}; }
};

Result<std::unique_ptr<RecordingReader>> RecordingReader::open(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  if (file == nullptr)
    return fail(errno == ENOENT ? Code::input_missing : Code::unreadable_file,
                errno == ENOENT ? "no such recording; `leat run ... --record FILE` makes one"
                                : fmt::format("the recording can't be read: {}", std::strerror(errno)),
                path);
  std::unique_ptr<RecordingReader> reader(new RecordingReader(file));
  LEAT_TRY(reader->read_header(path));
  return reader;
}

RecordingReader::~RecordingReader() {
  std::fclose(file_);
}

Status RecordingReader::read_header(const std::string& path) {
  std::array<char, 12> begin{};
  if (std::fread(begin.data(), 1, begin.size(), file_) != begin.size() ||
      std::string_view(begin.data(), kRecordingMagic.size()) != kRecordingMagic)
    return fail(Code::malformed_frame, "this is no recording; `leat run ... --record FILE` makes one", path);
  std::uint32_t version = 0;
  std::memcpy(&version, begin.data() + kRecordingMagic.size(), sizeof version);
  if (version != kRecordingVersion)
    return fail(
        Code::malformed_frame,
        fmt::format("the recording has version {}, this program reads {}", version, kRecordingVersion), path);
  offset_ = begin.size();
  const std::optional<Block> block = read_block();
  if (!block || block->head.kind != BlockKind::header)
    return fail(Code::malformed_frame, "the recording breaks off in its header", path);
  Result<RecordingHeader> header =
      parse_header({reinterpret_cast<const char*>(block->bytes().data()), block->bytes().size()});
  if (!header) return fail(header.error().code, header.error().message, path);
  header_ = *std::move(header);
  return {};
}

// Nothing at the end of the file; `broken_` says so when the end comes inside a block.
std::optional<RecordingReader::Block> RecordingReader::read_block() {
  if (ended_) return std::nullopt;
  Block block;
  const std::size_t head = std::fread(&block.head, 1, sizeof block.head, file_);
  const auto end = [&](std::string_view why) {
    ended_ = true;
    if (!why.empty()) broken_ = fmt::format("it {} at byte {}", why, offset_);
    return std::nullopt;
  };
  if (head == 0) return end("");
  if (head < sizeof block.head) return end("breaks off");
  if (block.head.bytes > kBlockBytesMax) return end("is damaged");
  block.memory = Memory::allocate(block.head.bytes);
  if (std::fread(block.memory.data(), 1, block.head.bytes, file_) != block.head.bytes)
    return end("breaks off");
  const std::string_view bytes(reinterpret_cast<const char*>(block.memory.data()), block.head.bytes);
  if (block_checksum(block.head, bytes) != block.head.checksum) return end("is damaged");
  offset_ += sizeof block.head + block.head.bytes;
  return block;
}

std::optional<RecordedEntry> RecordingReader::next() {
  while (std::optional<Block> block = read_block()) {
    if (block->head.kind == BlockKind::lost) {
      rows_lost_ += static_cast<std::uint64_t>(block->head.time);
      continue;
    }
    const Result<Message> message = decode(
        block->bytes(),
        [this](std::uint32_t port) {
          return port < header_.ports.size() ? header_.ports[port].schema : nullptr;
        },
        block->memory);
    const bool good = block->head.kind == BlockKind::message && message &&
                      message->channel.link < header_.ports.size() &&
                      message->channel.producer < header_.ports[message->channel.link].instances &&
                      (message->kind == MessageKind::data || message->kind == MessageKind::fin);
    if (!good) {
      ended_ = true;
      broken_ = fmt::format("it is damaged before byte {}", offset_);
      return std::nullopt;
    }
    return RecordedEntry{.port = message->channel.link,
                         .instance = message->channel.producer,
                         .time = Time(Duration(block->head.time)),
                         .rows = message->batch,
                         .watermark = message->watermark,
                         .end = message->kind == MessageKind::fin};
  }
  return std::nullopt;
}

}  // namespace leat
