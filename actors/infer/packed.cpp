#include "infer/packed.hpp"

#include <leat/codec.hpp>

namespace leat {
namespace packed {
namespace {

double number(const msgpack::object& value) {
  switch (value.type) {
    case msgpack::type::POSITIVE_INTEGER:
      return static_cast<double>(value.via.u64);
    case msgpack::type::NEGATIVE_INTEGER:
      return static_cast<double>(value.via.i64);
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return value.via.f64;
    case msgpack::type::BOOLEAN:
      return value.via.boolean ? 1 : 0;
    default:
      return 0;
  }
}

}  // namespace

const msgpack::object* member(const msgpack::object* value, std::string_view name) {
  if (value == nullptr || value->type != msgpack::type::MAP) return nullptr;
  for (std::uint32_t at = 0; at < value->via.map.size; ++at) {
    const msgpack::object_kv& entry = value->via.map.ptr[at];
    if (entry.key.type == msgpack::type::STR &&
        std::string_view(entry.key.via.str.ptr, entry.key.via.str.size) == name)
      return &entry.val;
  }
  return nullptr;
}

std::vector<double> numbers(const msgpack::object* value) {
  std::vector<double> all;
  if (value == nullptr || value->type != msgpack::type::ARRAY) return all;
  for (std::uint32_t at = 0; at < value->via.array.size; ++at)
    all.push_back(number(value->via.array.ptr[at]));
  return all;
}

std::string_view text(const msgpack::object* value) {
  if (value == nullptr || value->type != msgpack::type::STR) return {};
  return {value->via.str.ptr, value->via.str.size};
}

}  // namespace packed

Result<PackedDocument> PackedDocument::read(std::string_view json) {
  LEAT_TRY_ASSIGN(const std::string bytes, json_to_msgpack(json));
  return PackedDocument(msgpack::unpack(bytes.data(), bytes.size()));
}

}  // namespace leat
