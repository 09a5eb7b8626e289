#define MSGPACK_NO_BOOST
#include <fmt/format.h>

#include <leat/state_bytes.hpp>
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

Result<StateIn> read_part(const StateReader& reader, std::string_view name) {
  const std::string* bytes = reader.bytes(name);
  if (bytes == nullptr) return fail(Code::storage_failed, fmt::format("the snapshot has no part `{}`", name));
  return StateIn(*bytes);
}

Status check_complete(const StateIn& state, std::string_view name) {
  if (state.complete()) return {};
  return fail(Code::storage_failed, fmt::format("the snapshot's part `{}` is damaged", name));
}

Status check_shape(const StateReader& reader, const std::string& shape) {
  std::string saved;
  LEAT_TRY(reader.read("shape", saved));
  if (saved == shape) return {};
  return fail(Code::state_mismatch,
              fmt::format("its state is of {}, and it has {} now; set it back, or start anew with `leat "
                          "run --from none`",
                          saved, shape));
}

}  // namespace leat
