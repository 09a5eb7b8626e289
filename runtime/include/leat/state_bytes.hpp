#pragma once

#include <cstring>
#include <leat/state.hpp>
#include <span>
#include <string>
#include <type_traits>

namespace leat {

/// Appends values to a snapshot, in the machine's byte order (checkpoints stay on one kind of machine).
class StateOut {
 public:
  template <class T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  /// Values that lie side by side, as they lie there.
  template <class T>
  void put_all(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes_.size() + bytes); }
  void put_text(std::string_view text) {
    put<std::uint64_t>(text.size());
    bytes_.append(text);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads them back. After the first value that is not there, everything is zero and `ok` is false.
class StateIn {
 public:
  explicit StateIn(std::string_view bytes) : left_(bytes) {}

  template <class T>
  T get() {
    static_assert(std::is_trivially_copyable_v<T>);
    T value{};
    if (left_.size() < sizeof value) {
      fail();
    } else {
      std::memcpy(&value, left_.data(), sizeof value);
      left_.remove_prefix(sizeof value);
    }
    return value;
  }
  template <class T>
  void get_all(std::span<T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (left_.size() < values.size_bytes()) return fail();
    if (values.empty()) return;
    std::memcpy(values.data(), left_.data(), values.size_bytes());
    left_.remove_prefix(values.size_bytes());
  }
  std::string_view get_text() {
    const auto size = get<std::uint64_t>();
    if (size > left_.size()) {
      fail();
      return {};
    }
    const std::string_view text = left_.substr(0, size);
    left_.remove_prefix(size);
    return text;
  }
  /// A number of things that take at least `bytes_each` of what is left.
  std::uint32_t get_count(std::size_t bytes_each = 1) {
    const auto count = get<std::uint32_t>();
    if (bytes_each == 0 || count <= left_.size() / bytes_each) return count;
    fail();
    return 0;
  }
  void fail() {
    ok_ = false;
    left_ = {};
  }
  /// Everything was there, and nothing more.
  bool complete() const { return ok_ && left_.empty(); }
  bool ok() const { return ok_; }

 private:
  std::string_view left_;
  bool ok_ = true;
};

// What a `load` asks of a snapshot's part that was written so; errors: storage_failed, naming the part, or
// state_mismatch.

Result<StateIn> read_part(const StateReader& reader, std::string_view name);
/// After everything was read.
Status check_complete(const StateIn& state, std::string_view name);
/// That what the state depends on is as it was, when it was written as part `shape`: a text for people.
Status check_shape(const StateReader& reader, const std::string& shape);

}  // namespace leat
