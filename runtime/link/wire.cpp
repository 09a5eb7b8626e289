#include "link/wire.hpp"

#include <fmt/format.h>

#include <cstring>

#include "batch/frame.hpp"
#include "batch/layout.hpp"
#include "link.pb.h"

namespace leat {
namespace {

constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kHeaderBytesMax = 64u << 10;

constexpr std::size_t kLengthsBytes = 2 * sizeof(std::uint32_t);

Failure malformed(std::string message) {
  return fail(Code::malformed_frame, std::move(message));
}

void put_u32(std::byte* to, std::size_t value) {
  for (int at = 0; at < 4; ++at) to[at] = static_cast<std::byte>(value >> (8 * at));
}
std::size_t get_u32(const std::byte* from) {
  std::size_t value = 0;
  for (int at = 3; at >= 0; --at) value = value << 8 | std::to_integer<std::size_t>(from[at]);
  return value;
}

}  // namespace

std::size_t FrameWriter::prepare(const Message& message) {
  // Reused per thread: protobuf keeps the capacity of strings and repeated fields across Clear().
  thread_local wire::LinkHeader out;
  out.Clear();
  out.set_version(kVersion);
  out.set_kind(static_cast<std::uint32_t>(message.kind));
  out.set_link(message.channel.link);
  out.set_producer(message.channel.producer);
  out.set_consumer(message.channel.consumer);
  out.set_epoch(message.epoch);
  out.set_sequence(message.sequence);
  out.set_rows_total(message.rows_total);
  out.set_bytes_total(message.bytes_total);
  out.set_plan(message.plan);
  out.set_checkpoint(message.checkpoint);
  if (!message.text.empty()) out.set_text(std::string(message.text.view()));
  if (message.kind == MessageKind::data || message.kind == MessageKind::barrier) {
    out.set_watermark(message.watermark.time_since_epoch().count());
    out.set_idle(message.idle);
  }
  std::size_t body_bytes = 0;
  if (!message.batch.empty()) {
    set_layout(message.batch, *out.mutable_batch());
    body_bytes = body_size(message.batch);
  }
  out.SerializeToString(&header_);
  body_begin_ = aligned(kLengthsBytes + header_.size());
  frame_bytes_ = body_begin_ + body_bytes;
  return frame_bytes_;
}

void FrameWriter::write(const Message& message, std::byte* frame) const {
  put_u32(frame, frame_bytes_);
  put_u32(frame + sizeof(std::uint32_t), header_.size());
  std::memcpy(frame + kLengthsBytes, header_.data(), header_.size());
  const std::size_t header_end = kLengthsBytes + header_.size();
  std::memset(frame + header_end, 0, body_begin_ - header_end);
  if (!message.batch.empty()) write_body(message.batch, frame + body_begin_);
}

Result<std::span<const std::byte>> next_frame(std::span<const std::byte>& frames) {
  const std::size_t length = frames.size() < kLengthsBytes ? 0 : get_u32(frames.data());
  if (length < kLengthsBytes || length > frames.size())
    return malformed(fmt::format("a frame of {} bytes in the {} that are left", length, frames.size()));
  const auto frame = frames.first(length);
  frames = frames.subspan(length);
  return frame;
}

Result<Message> decode(std::span<const std::byte> frame, const SchemaOfLink& schemas, const Memory& owner) {
  thread_local wire::LinkHeader in;
  if (frame.size() < kLengthsBytes) return malformed("shorter than its length fields");
  const std::size_t length = get_u32(frame.data() + sizeof(std::uint32_t));
  if (length > kHeaderBytesMax || length > frame.size() - kLengthsBytes ||
      !in.ParseFromArray(frame.data() + kLengthsBytes, static_cast<int>(length)))
    return malformed("the header is not a LinkHeader");
  const std::span<const std::byte> body =
      frame.subspan(std::min(frame.size(), aligned(kLengthsBytes + length)));
  if (in.version() != kVersion)
    return malformed(
        fmt::format("the peer speaks wire version {}, this program {}; run the same leat on all hosts",
                    in.version(), kVersion));
  if (in.kind() < static_cast<std::uint32_t>(MessageKind::hello) ||
      in.kind() > static_cast<std::uint32_t>(MessageKind::barrier))
    return malformed(fmt::format("unknown message kind {}", in.kind()));
  Message message;
  message.kind = static_cast<MessageKind>(in.kind());
  message.channel = {in.link(), in.producer(), in.consumer()};
  message.epoch = in.epoch();
  message.sequence = in.sequence();
  message.rows_total = in.rows_total();
  message.bytes_total = in.bytes_total();
  message.plan = in.plan();
  message.checkpoint = in.checkpoint();
  message.text = in.text();
  if (message.kind != MessageKind::data) return message;
  message.watermark = Time(Duration(in.watermark()));
  message.idle = in.idle();
  if (!in.has_batch()) return message;
  const SchemaPtr schema = schemas(in.link());
  if (schema == nullptr) return malformed(fmt::format("no link {} in this topology", in.link()));
  LEAT_TRY_ASSIGN(message.batch, read_batch(in.batch(), schema, body, owner));
  return message;
}

}  // namespace leat
