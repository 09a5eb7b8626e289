#pragma once

#include <leat/key_share.hpp>
#include <leat/result.hpp>
#include <map>
#include <optional>

namespace leat {

/// Collects the named parts of one actor's state. Values are MessagePack; names are stable across versions of
/// the actor.
class StateWriter {
 public:
  void write(std::string_view name, std::int64_t value);
  void write(std::string_view name, double value);
  void write(std::string_view name, std::string_view value);
  void write(std::string_view name, const std::map<std::string, std::int64_t>& value);
  void write_bytes(std::string_view name, std::string bytes) { parts_[std::string(name)] = std::move(bytes); }
  const std::map<std::string, std::string, std::less<>>& parts() const { return parts_; }
  std::map<std::string, std::string, std::less<>> take() { return std::move(parts_); }

 private:
  std::map<std::string, std::string, std::less<>> parts_;
};

/// Reads them back. A missing or malformed part is an error naming it.
class StateReader {
 public:
  explicit StateReader(std::map<std::string, std::string, std::less<>> parts,
                       std::optional<KeyShare> share = std::nullopt)
      : parts_(std::move(parts)), share_(share) {}
  /// Null: the state is that of the same instance of as many. Otherwise the number of instances has changed
  /// (only for kinds with KindInfo::rescales): `load` is called for the state of each instance that was, and
  /// keeps what this share has.
  const KeyShare* share() const { return share_ ? &*share_ : nullptr; }
  Status read(std::string_view name, std::int64_t& value) const;
  Status read(std::string_view name, double& value) const;
  Status read(std::string_view name, std::string& value) const;
  Status read(std::string_view name, std::map<std::string, std::int64_t>& value) const;
  const std::string* bytes(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> parts_;
  std::optional<KeyShare> share_;
};

}  // namespace leat
