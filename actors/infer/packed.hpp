#pragma once

#ifndef MSGPACK_NO_BOOST
#define MSGPACK_NO_BOOST
#endif
#include <leat/result.hpp>
#include <msgpack.hpp>
#include <string_view>
#include <vector>

namespace leat {
namespace packed {

/// A member of a map by name; null if there is none.
const msgpack::object* member(const msgpack::object* value, std::string_view name);
template <class... Names>
const msgpack::object* member(const msgpack::object* value, std::string_view first, Names... more) {
  return member(member(value, first), more...);
}
/// Of a list of numbers and bools; nothing of anything else.
std::vector<double> numbers(const msgpack::object* value);

/// Empty for anything else.
std::string_view text(const msgpack::object* value);

}  // namespace packed

/// A JSON document to look into.
class PackedDocument {
 public:
  static Result<PackedDocument> read(std::string_view json);
  const msgpack::object* root() const { return &root_.get(); }

 private:
  explicit PackedDocument(msgpack::object_handle root) : root_(std::move(root)) {}
  msgpack::object_handle root_;
};

}  // namespace leat
