#pragma once

#include <leat/result.hpp>
#include <map>
#include <span>
#include <vector>

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

 private:
  std::map<std::string, std::string, std::less<>> parts_;
};

/// Reads them back. A missing or malformed part is an error naming it.
class StateReader {
 public:
  explicit StateReader(std::map<std::string, std::string, std::less<>> parts) : parts_(std::move(parts)) {}
  Status read(std::string_view name, std::int64_t& value) const;
  Status read(std::string_view name, double& value) const;
  Status read(std::string_view name, std::string& value) const;
  Status read(std::string_view name, std::map<std::string, std::int64_t>& value) const;
  const std::string* bytes(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> parts_;
};

}  // namespace leat
