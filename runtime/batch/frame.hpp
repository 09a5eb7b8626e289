#pragma once

#include <leat/batch.hpp>
#include <span>

namespace leat::wire {
class BatchLayout;
}

namespace leat {

/// Fills the layout that describes `write_body`'s bytes.
void set_layout(const Batch& batch, wire::BatchLayout& layout);
std::size_t body_size(const Batch& batch);
/// Writes `body_size` bytes: the buffers of all columns, sliced ones compacted. Padding is zeroed.
void write_body(const Batch& batch, std::byte* body);

/// The reverse. Columns view `body`, which `owner` keeps alive, unless it is not 8-byte aligned: then it is
/// copied once. Total on hostile input: sizes, offsets, null counts, UTF-8 and MessagePack are checked; code
/// malformed_frame.
Result<Batch> read_batch(const wire::BatchLayout& layout, const SchemaPtr& schema,
                         std::span<const std::byte> body, const Memory& owner);

/// Whether the bytes are exactly one well-formed MessagePack value, nested at most 32 deep.
bool valid_msgpack(std::string_view bytes);

}  // namespace leat
