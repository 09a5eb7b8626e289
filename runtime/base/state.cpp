#define MSGPACK_NO_BOOST
#include <fmt/format.h>

#include <leat/state.hpp>
#include <msgpack.hpp>

namespace leat {
namespace {

template <class T>
std::string pack(const T& value) {
  msgpack::sbuffer buffer;
  msgpack::pack(buffer, value);
  return {buffer.data(), buffer.size()};
}

// The bytes come from our own checkpoints, but a disk may have changed them: nothing can be longer than they
// are.
template <class T>
Status unpack(const std::string* bytes, std::string_view name, T& value) {
  if (bytes == nullptr) return fail(Code::storage_failed, fmt::format("the saved state has no `{}`", name));
  const std::size_t most = bytes->size();
  const msgpack::unpack_limit limit(most, most, most, most, most, 32);
  try {
    msgpack::unpack(bytes->data(), bytes->size(), nullptr, nullptr, limit).get().convert(value);
  } catch (const std::exception& error) {
    return fail(Code::storage_failed, fmt::format("the saved `{}` can't be read: {}", name, error.what()));
  }
  return {};
}

}  // namespace

void StateWriter::write(std::string_view name, std::int64_t value) {
  write_bytes(name, pack(value));
}
void StateWriter::write(std::string_view name, double value) {
  write_bytes(name, pack(value));
}
void StateWriter::write(std::string_view name, std::string_view value) {
  write_bytes(name, pack(std::string(value)));
}
void StateWriter::write(std::string_view name, const std::map<std::string, std::int64_t>& value) {
  write_bytes(name, pack(value));
}

const std::string* StateReader::bytes(std::string_view name) const {
  const auto found = parts_.find(name);
  return found == parts_.end() ? nullptr : &found->second;
}

Status StateReader::read(std::string_view name, std::int64_t& value) const {
  return unpack(bytes(name), name, value);
}
Status StateReader::read(std::string_view name, double& value) const {
  return unpack(bytes(name), name, value);
}
Status StateReader::read(std::string_view name, std::string& value) const {
  return unpack(bytes(name), name, value);
}
Status StateReader::read(std::string_view name, std::map<std::string, std::int64_t>& value) const {
  return unpack(bytes(name), name, value);
}

}  // namespace leat
