#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <random>

#include "log/disk.hpp"

namespace leat::testing {

/// A disk in memory that does what disks do to logs: it keeps only what was synced when it crashes, in whole
/// sectors of what was not, fails when told to, fills up, and takes few bytes at a time. One folder deep;
/// thread-safe.
class MemoryDisk final : public LogDisk {
 public:
  enum class Operation : std::uint8_t { read, write, sync, sync_folder, reserve, open, rename, remove };

  /// A new disk; what was open is cut off.
  void reset() {
    const std::lock_guard lock(mutex_);
    names_.clear();
    durable_names_.clear();
    locked_.clear();
    faults_.clear();
    counts_.clear();
    space_ = UINT64_MAX / 2;
  }
  /// The next `times` operations of this kind fail, after `after` that do not.
  void fail(Operation operation, Code code = Code::storage_failed, int times = 1, int after = 0) {
    const std::lock_guard lock(mutex_);
    faults_[operation] = {code, times, after};
  }
  /// Nothing fails any more that was told to.
  void heal() {
    const std::lock_guard lock(mutex_);
    faults_.clear();
  }
  /// Bytes that may still be reserved.
  void set_space(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    space_ = bytes;
  }
  /// A write takes so many bytes at the most.
  void set_write_most(std::size_t bytes) { write_most_ = bytes; }
  int count(Operation operation) const {
    const std::lock_guard lock(mutex_);
    const auto at = counts_.find(operation);
    return at == counts_.end() ? 0 : at->second;
  }

  /// The machine loses power: of what was not synced, the disk has some sectors and not others. Files that
  /// are open are cut off from it.
  void crash(std::uint64_t seed) {
    const std::lock_guard lock(mutex_);
    std::mt19937_64 random(seed);
    const auto names = random() % 2 == 0 ? durable_names_ : names_;
    names_.clear();
    for (const auto& [name, node] : names) {
      auto after = std::make_shared<Node>();
      after->now = node->durable;
      after->now.resize(std::max(after->now.size(), node->now.size()), '\0');
      for (std::size_t at = 0; at < node->now.size(); at += kSector)
        if (random() % 2 == 0)
          after->now.replace(at, std::min(kSector, node->now.size() - at), node->now, at,
                             std::min(kSector, node->now.size() - at));
      after->durable = after->now;
      names_[name] = after;
    }
    durable_names_ = names_;
    locked_.clear();
    faults_.clear();
  }
  /// The content of a file, to look at or to damage.
  std::string& bytes(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return names_.at(path)->now;
  }
  std::vector<std::string> names() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all;
    for (const auto& [name, node] : names_) all.push_back(name);
    return all;
  }

  Result<std::unique_ptr<LogFile>> open(const std::string& path, Access access) override {
    const std::lock_guard lock(mutex_);
    if (auto fault = take_fault(Operation::open, path)) return Failure(*fault);
    if (access == Access::create) {
      release(path);
      names_[path] = std::make_shared<Node>();
    }
    const auto at = names_.find(path);
    if (at == names_.end()) return leat::fail(Code::storage_failed, "can't be opened: no such file", path);
    return std::make_unique<File>(*this, path, at->second);
  }
  Result<bool> lock(LogFile& file) override {
    const std::lock_guard lock(mutex_);
    auto& own = static_cast<File&>(file);
    return locked_.emplace(own.path_, &own).second;
  }
  Status make_folder(const std::string&) override { return {}; }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const auto& [name, node] : names_)
      if (name.starts_with(folder + "/")) found.push_back(name.substr(folder.size() + 1));
    return found;
  }
  Status rename(const std::string& from, const std::string& to) override {
    const std::lock_guard lock(mutex_);
    if (auto fault = take_fault(Operation::rename, from)) return Failure(*fault);
    auto node = names_.extract(from);
    names_[to] = node.mapped();
    return {};
  }
  Status remove(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (auto fault = take_fault(Operation::remove, path)) return Failure(*fault);
    release(path);
    names_.erase(path);
    return {};
  }
  Status sync_folder(const std::string& path) override {
    const std::lock_guard lock(mutex_);
    if (auto fault = take_fault(Operation::sync_folder, path)) return Failure(*fault);
    durable_names_ = names_;
    return {};
  }

 private:
  static constexpr std::size_t kSector = 512;
  struct Node {
    std::string now, durable;
    std::uint64_t reserved = 0;
  };
  struct Fault {
    Code code = Code::storage_failed;
    int times = 0;
    int after = 0;
  };

  class File final : public LogFile {
   public:
    File(MemoryDisk& disk, std::string path, std::shared_ptr<Node> node)
        : disk_(disk), path_(std::move(path)), node_(std::move(node)) {}
    ~File() override {
      const std::lock_guard lock(disk_.mutex_);
      if (const auto at = disk_.locked_.find(path_); at != disk_.locked_.end() && at->second == this)
        disk_.locked_.erase(at);
    }
    Result<std::size_t> read(char* into, std::size_t size, std::uint64_t position) const override {
      const std::lock_guard lock(disk_.mutex_);
      if (auto fault = disk_.take_fault(Operation::read, path_)) return Failure(*fault);
      if (position >= node_->now.size()) return 0;
      return node_->now.copy(into, size, position);
    }
    Result<std::size_t> write(std::string_view bytes, std::uint64_t position) override {
      const std::lock_guard lock(disk_.mutex_);
      if (auto fault = disk_.take_fault(Operation::write, path_)) return Failure(*fault);
      bytes = bytes.substr(0, disk_.write_most_);
      if (node_->now.size() < position + bytes.size()) node_->now.resize(position + bytes.size(), '\0');
      node_->now.replace(position, bytes.size(), bytes);
      return bytes.size();
    }
    Status reserve(std::uint64_t size) override {
      const std::lock_guard lock(disk_.mutex_);
      if (auto fault = disk_.take_fault(Operation::reserve, path_)) return Failure(*fault);
      if (size > disk_.space_) return leat::fail(Code::storage_full, "No space left on device", path_);
      disk_.space_ -= size;
      node_->reserved += size;
      node_->now.resize(std::max<std::size_t>(node_->now.size(), size), '\0');
      return {};
    }
    Status sync() override {
      const std::lock_guard lock(disk_.mutex_);
      if (auto fault = disk_.take_fault(Operation::sync, path_)) return Failure(*fault);
      node_->durable = node_->now;
      return {};
    }
    Result<std::uint64_t> size() const override {
      const std::lock_guard lock(disk_.mutex_);
      return node_->now.size();
    }

    MemoryDisk& disk_;
    std::string path_;
    std::shared_ptr<Node> node_;
  };

  std::optional<Error> take_fault(Operation operation, const std::string& path) {
    ++counts_[operation];
    const auto at = faults_.find(operation);
    if (at == faults_.end()) return std::nullopt;
    Fault& fault = at->second;
    if (fault.after-- > 0) return std::nullopt;
    const Error error{fault.code, "injected", path};
    if (--fault.times == 0) faults_.erase(at);
    return error;
  }
  void release(const std::string& path) {
    if (const auto at = names_.find(path); at != names_.end())
      space_ += std::exchange(at->second->reserved, 0);
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Node>> names_, durable_names_;
  std::map<std::string, const LogFile*> locked_;
  std::map<Operation, Fault> faults_;
  std::map<Operation, int> counts_;
  std::uint64_t space_ = UINT64_MAX / 2;
  std::size_t write_most_ = SIZE_MAX;
};

}  // namespace leat::testing
