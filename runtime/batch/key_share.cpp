#include <bit>
#include <leat/key_share.hpp>

#include "base/hash.hpp"

namespace leat {
namespace {

template <class HashOf>
void mix_each(const Column& column, std::span<std::uint64_t> hashes, HashOf hash_of_value) {
  constexpr std::uint64_t kNull = 0x6c656174;
  for (std::uint32_t row = 0; row < hashes.size(); ++row) {
    const std::uint64_t value = column.is_null(row) ? hash_of(kNull) : hash_of_value(row);
    hashes[row] = hashes[row] == 0 ? value : hash_of(hashes[row] ^ value);
  }
}

}  // namespace

void mix_hashes(const Column& column, std::span<std::uint64_t> hashes) {
  switch (column.type()) {
    case Type::boolean:
      return mix_each(column, hashes,
                      [&](auto row) { return hash_of(static_cast<std::uint64_t>(column.boolean(row))); });
    case Type::int64:
    case Type::timestamp:
      return mix_each(column, hashes,
                      [&](auto row) { return hash_of(static_cast<std::uint64_t>(column.int64(row))); });
    case Type::float64:
      return mix_each(column, hashes, [&](auto row) {
        const double value = column.float64(row);
        return hash_of(std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value));
      });
    case Type::string:
    case Type::bytes:
    case Type::any:
      return mix_each(column, hashes, [&](auto row) { return hash_of(column.text(row)); });
    case Type::float32_list:
      return mix_each(column, hashes, [&](auto row) {
        const auto values = column.floats(row);
        return hash_of(std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
      });
  }
}

std::vector<bool> KeyShare::of(std::span<const Column> key, std::uint32_t rows) const {
  std::vector<std::uint64_t> hashes(rows, 0);
  for (const Column& column : key) mix_hashes(column, hashes);
  std::vector<bool> ours(rows);
  for (std::uint32_t row = 0; row < rows; ++row)
    ours[row] = instance_of(hashes[row], instances_) == instance_;
  return ours;
}

}  // namespace leat
