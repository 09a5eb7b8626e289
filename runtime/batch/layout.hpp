#pragma once

#include <cstring>
#include <leat/batch.hpp>

namespace leat {

constexpr std::size_t aligned(std::size_t bytes, std::size_t to = Memory::kAlignment) {
  return (bytes + to - 1) & ~(to - 1);
}
constexpr std::size_t bitmap_bytes(std::size_t rows) {
  return (rows + 7) / 8;
}

constexpr bool has_offsets(Type type) {
  return type == Type::string || type == Type::bytes || type == Type::any || type == Type::float32_list;
}

/// Bytes of one value (of one element, for lists and text); 0 for booleans, which are bits.
constexpr std::size_t value_width(Type type) {
  switch (type) {
    case Type::boolean:
      return 0;
    case Type::int64:
    case Type::float64:
    case Type::timestamp:
      return 8;
    case Type::float32_list:
      return 4;
    default:
      return 1;
  }
}

/// Bytes of the values buffer that the column's rows use.
inline std::size_t values_bytes(const Column& column) {
  const Column::Parts& parts = column.parts();
  if (parts.type == Type::boolean) return bitmap_bytes(parts.rows);
  if (!has_offsets(parts.type)) return parts.rows * value_width(parts.type);
  const std::int32_t* first = parts.offsets + parts.offset;
  return static_cast<std::size_t>(first[parts.rows] - first[0]) * value_width(parts.type);
}

/// Start of those bytes; for booleans of the byte that holds the first bit.
inline const std::byte* values_begin(const Column& column) {
  const Column::Parts& parts = column.parts();
  if (parts.type == Type::boolean) return parts.values + parts.offset / 8;
  const std::size_t skip =
      has_offsets(parts.type) ? static_cast<std::size_t>(parts.offsets[parts.offset]) : parts.offset;
  return parts.values + skip * value_width(parts.type);
}

inline bool get_bit(const std::uint8_t* bits, std::size_t at) {
  return ((bits[at >> 3] >> (at & 7)) & 1) != 0;
}
inline void set_bit(std::uint8_t* bits, std::size_t at, bool value) {
  const auto mask = static_cast<std::uint8_t>(1u << (at & 7));
  bits[at >> 3] = static_cast<std::uint8_t>(value ? bits[at >> 3] | mask : bits[at >> 3] & ~mask);
}

/// Bits that are 1 in [first, first + count).
std::uint32_t count_bits(const std::uint8_t* bits, std::size_t first, std::size_t count);
/// Copies bits; whole bytes at a time when both ends are byte aligned.
void copy_bits(std::uint8_t* to, std::size_t to_first, const std::uint8_t* from, std::size_t from_first,
               std::size_t count);

/// Where the buffers of one column lie in a body; `end` is where the next column begins. Absent buffers have
/// no bytes.
struct ColumnLayout {
  std::size_t validity = 0, offsets = 0, values = 0, end = 0;
};
/// Validity (if any row is null), offsets (if the type has them), values: each aligned, in this order. This
/// order and Memory::kAlignment are the wire format.
constexpr ColumnLayout column_layout(std::size_t begin, Type type, std::uint32_t rows, bool nulls,
                                     std::size_t value_bytes, std::size_t alignment = Memory::kAlignment) {
  ColumnLayout layout;
  layout.validity = begin;
  layout.offsets = layout.validity + (nulls ? aligned(bitmap_bytes(rows), alignment) : 0);
  layout.values =
      layout.offsets + (has_offsets(type) ? aligned((rows + 1) * sizeof(std::int32_t), alignment) : 0);
  layout.end = layout.values + aligned(value_bytes, alignment);
  return layout;
}

/// The same within this process: a batch of few rows is packed closely, because each cache line of it has to
/// travel from core to core.
constexpr std::uint32_t kPackedRowsMax = 8;
constexpr std::size_t memory_alignment(std::uint32_t rows) {
  return rows <= kPackedRowsMax ? alignof(std::int64_t) : Memory::kAlignment;
}
constexpr ColumnLayout memory_layout(std::size_t begin, Type type, std::uint32_t rows, bool nulls,
                                     std::size_t value_bytes) {
  return column_layout(begin, type, rows, nulls, value_bytes, memory_alignment(rows));
}

}  // namespace leat
