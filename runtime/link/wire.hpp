#pragma once

#include <functional>
#include <span>

#include "link/message.hpp"

namespace leat {

/// Largest frame accepted from another process; senders never make one that comes near (QueueLimit bounds
/// batches).
inline constexpr std::size_t kFrameBytesMax = 256u << 20;

/// A message between processes is a frame:
///
///   uint32 length of the frame | uint32 length of the header | LinkHeader (proto/link.proto) | zeros up to a
///   multiple of 64 | body
///
/// Integers are little endian. The body, in data messages with rows, is the batch's columns
/// (batch/frame.hpp), a multiple of 64 bytes long. One ZeroMQ message holds one frame or several, back to
/// back: each ZeroMQ message costs an allocation, queue operations and perhaps a system call of its own.
class FrameWriter {
 public:
  /// Serialises the header; returns the size of the whole frame.
  std::size_t prepare(const Message& message);
  /// Writes the prepared message's frame, `prepare`'s size long.
  void write(const Message& message, std::byte* frame) const;

 private:
  std::string header_;  // reused
  std::size_t body_begin_ = 0;
  std::size_t frame_bytes_ = 0;
};

/// Splits the first frame off `frames`. Total: hostile bytes give an Error.
Result<std::span<const std::byte>> next_frame(std::span<const std::byte>& frames);

/// Rebuilds a message from its frame. `schemas` finds the schema of a link (null: no such link). Columns view
/// the frame, which `owner` keeps alive. Total: hostile bytes give an Error.
using SchemaOfLink = std::function<SchemaPtr(std::uint32_t link)>;
Result<Message> decode(std::span<const std::byte> frame, const SchemaOfLink& schemas, const Memory& owner);

}  // namespace leat
