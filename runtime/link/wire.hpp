#pragma once

#include <functional>
#include <span>

#include "link/message.hpp"

namespace leat {

/// Largest frame accepted from another process; senders never make one that comes near (QueueLimit bounds
/// batches).
inline constexpr std::size_t kFrameBytesMax = 256u << 20;

/// Serialises the header into `header` (reused) and says how large the body frame must be.
std::size_t encode_header(const Message& message, std::string& header);
/// Writes the body frame's bytes.
void encode_body(const Message& message, std::byte* body);

/// Rebuilds a message from its frames. `schemas` finds the schema of a link (null: no such link). Columns
/// view `body`, which `owner` keeps alive. Total: hostile bytes give an Error.
using SchemaOfLink = std::function<SchemaPtr(std::uint32_t link)>;
Result<Message> decode(std::span<const std::byte> header, std::span<const std::byte> body,
                       const SchemaOfLink& schemas, std::shared_ptr<const void> owner);

}  // namespace leat
