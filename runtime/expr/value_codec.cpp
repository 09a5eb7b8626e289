#define MSGPACK_NO_BOOST
#include <leat/codec.hpp>
#include <msgpack.hpp>

#include "batch/frame.hpp"
#include "batch/msgpack_float.hpp"
#include "batch/msgpack_time.hpp"
#include "expr/value.hpp"

namespace leat::expr {
namespace {

Value from_object(const msgpack::object& object) {
  switch (object.type) {
    case msgpack::type::BOOLEAN:
      return object.via.boolean;
    case msgpack::type::POSITIVE_INTEGER:
      if (object.via.u64 > INT64_MAX) return static_cast<double>(object.via.u64);
      return static_cast<std::int64_t>(object.via.u64);
    case msgpack::type::NEGATIVE_INTEGER:
      return object.via.i64;
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      return object.via.f64;
    case msgpack::type::STR:
      return std::string(object.via.str.ptr, object.via.str.size);
    case msgpack::type::BIN:
      return ByteString{{object.via.bin.ptr, object.via.bin.size}};
    case msgpack::type::EXT: {
      const std::string_view body(object.via.ext.data(), object.via.ext.size);
      if (object.via.ext.type() == kTimestampExtension)
        if (const auto time = unpack_time(body)) return *time;
      return ByteString{std::string(body)};
    }
    case msgpack::type::ARRAY: {
      List list;
      for (std::uint32_t at = 0; at < object.via.array.size; ++at)
        list.push_back(from_object(object.via.array.ptr[at]));
      return list;
    }
    case msgpack::type::MAP: {
      Map map;
      for (std::uint32_t at = 0; at < object.via.map.size; ++at)
        map.emplace_back(from_object(object.via.map.ptr[at].key), from_object(object.via.map.ptr[at].val));
      return map;
    }
    case msgpack::type::NIL:
      break;
  }
  return {};
}

struct Appender {
  std::string& out;
  void write(const char* bytes, std::size_t size) { out.append(bytes, size); }
};

class Writer {
 public:
  explicit Writer(std::string& out) : appender_{out}, packer_(appender_), out_(out) {}
  void write(const Value& value) {
    std::visit([this](const auto& inner) { pack(inner); }, value.storage());
  }

 private:
  void pack(std::monostate) { packer_.pack_nil(); }
  void pack(bool value) { value ? packer_.pack_true() : packer_.pack_false(); }
  void pack(std::int64_t value) { packer_.pack_int64(value); }
  void pack(double value) { append_float64(value, out_); }
  void pack(const std::string& value) { packer_.pack(value); }
  void pack(const ByteString& value) {
    packer_.pack_bin(static_cast<std::uint32_t>(value.bytes.size()));
    packer_.pack_bin_body(value.bytes.data(), static_cast<std::uint32_t>(value.bytes.size()));
  }
  void pack(Time value) { pack_time(value, out_); }
  void pack(Duration value) { packer_.pack(duration_text(value)); }
  void pack(const std::shared_ptr<const List>& list) {
    packer_.pack_array(static_cast<std::uint32_t>(list->size()));
    for (const Value& item : *list) write(item);
  }
  void pack(const std::shared_ptr<const Map>& map) {
    packer_.pack_map(static_cast<std::uint32_t>(map->size()));
    for (const auto& [key, value] : *map) {
      write(key);
      write(value);
    }
  }

  Appender appender_;
  msgpack::packer<Appender> packer_;
  std::string& out_;
};

}  // namespace

Result<Value> value_from_msgpack(std::string_view bytes) {
  if (!valid_msgpack(bytes)) return fail(Code::malformed_record, "not one well-formed MessagePack value");
  return from_object(msgpack::unpack(bytes.data(), bytes.size()).get());
}

std::string value_to_msgpack(const Value& value) {
  std::string out;
  Writer(out).write(value);
  return out;
}

std::string value_to_json(const Value& value) {
  return msgpack_to_json(value_to_msgpack(value)).value_or("null");
}

}  // namespace leat::expr
