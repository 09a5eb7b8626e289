#include "link/wire.hpp"

#include <fmt/format.h>

#include <cstring>

#include "batch/frame.hpp"
#include "batch/layout.hpp"
#include "link.pb.h"

namespace leat {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kHeaderBytesMax = 64u << 10;

Failure malformed(std::string message) {
  return fail(Code::malformed_frame, std::move(message));
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
  if (!message.text.empty()) out.set_text(message.text);
  if (message.kind == MessageKind::data) {
    out.set_watermark(message.watermark.time_since_epoch().count());
    out.set_idle(message.idle);
  }
  std::size_t body_bytes = 0;
  if (!message.batch.empty()) {
    set_layout(message.batch, *out.mutable_batch());
    body_bytes = body_size(message.batch);
  }
  out.SerializeToString(&header_);
  const std::size_t header_end = sizeof(std::uint32_t) + header_.size();
  body_begin_ = body_bytes == 0 ? header_end : aligned(header_end);
  return body_begin_ + body_bytes;
}

void FrameWriter::write(const Message& message, std::byte* frame) const {
  const auto length = static_cast<std::uint32_t>(header_.size());
  for (int at = 0; at < 4; ++at) frame[at] = static_cast<std::byte>(length >> (8 * at));
  std::memcpy(frame + sizeof length, header_.data(), header_.size());
  const std::size_t header_end = sizeof length + header_.size();
  std::memset(frame + header_end, 0, body_begin_ - header_end);
  if (!message.batch.empty()) write_body(message.batch, frame + body_begin_);
}

Result<Message> decode(std::span<const std::byte> frame, const SchemaOfLink& schemas,
                       std::shared_ptr<const void> owner) {
  thread_local wire::LinkHeader in;
  std::uint32_t length = 0;
  if (frame.size() < sizeof length) return malformed("shorter than its length field");
  for (int at = 3; at >= 0; --at)
    length = length << 8 | std::to_integer<std::uint32_t>(frame[static_cast<std::size_t>(at)]);
  if (length > kHeaderBytesMax || length > frame.size() - sizeof length ||
      !in.ParseFromArray(frame.data() + sizeof length, static_cast<int>(length)))
    return malformed("the header is not a LinkHeader");
  const std::size_t body_begin = std::min(frame.size(), aligned(sizeof length + length));
  const std::span<const std::byte> body = frame.subspan(body_begin);
  if (in.version() != kVersion)
    return malformed(
        fmt::format("the peer speaks wire version {}, this program {}; run the same leat on all hosts",
                    in.version(), kVersion));
  if (in.kind() < static_cast<std::uint32_t>(MessageKind::hello) ||
      in.kind() > static_cast<std::uint32_t>(MessageKind::refuse))
    return malformed(fmt::format("unknown message kind {}", in.kind()));
  Message message;
  message.kind = static_cast<MessageKind>(in.kind());
  message.channel = {in.link(), in.producer(), in.consumer()};
  message.epoch = in.epoch();
  message.sequence = in.sequence();
  message.rows_total = in.rows_total();
  message.bytes_total = in.bytes_total();
  message.plan = in.plan();
  message.text = in.text();
  if (message.kind != MessageKind::data) return message;
  message.watermark = Time(Duration(in.watermark()));
  message.idle = in.idle();
  if (!in.has_batch()) return message;
  const SchemaPtr schema = schemas(in.link());
  if (schema == nullptr) return malformed(fmt::format("no link {} in this topology", in.link()));
  LEAT_TRY_ASSIGN(message.batch, read_batch(in.batch(), schema, body, std::move(owner)));
  return message;
}

}  // namespace leat
