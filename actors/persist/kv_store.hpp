#pragma once

#include <functional>
#include <leat/result.hpp>
#include <leat/units.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace leat {

struct KvOptions {
  std::string path;
  bool sync = false;  ///< a write returns when the disk has it, not when the kernel has it
  bool read_only = false;
  Bytes write_buffer{8u << 20};
  Bytes block_cache{8u << 20};
};

/// One RocksDB store: keys to values, both bytes. Bound on memory: two write buffers, the block cache, and 64
/// open files. Any thread; one process at a time (RocksDB's lock), except readers opened read-only.
///
/// Errors: storage_full (nothing of the write is visible), storage_failed; both name the path and what to do.
/// After a write that failed, none is tried any more.
class KvStore {
 public:
  static Result<std::unique_ptr<KvStore>> open(const KvOptions& options);
  virtual ~KvStore() = default;

  struct Entry {
    std::string_view key, value;
  };
  /// The stored values of the keys, in order; nothing where a key has none.
  virtual Result<std::vector<std::optional<std::string>>> get(
      std::span<const std::string_view> keys) const = 0;
  /// What a key held before a write that may be taken back.
  struct Before {
    std::string_view key;
    const std::string* value;  ///< null: nothing
  };
  /// All or nothing. The last of several entries of one key wins. `before`: of each key, at its first write
  /// in this segment of the writer's work.
  virtual Status put(std::span<const Entry> entries, std::uint32_t writer, std::uint64_t segment,
                     std::span<const Before> before) = 0;
  Status put(std::span<const Entry> entries) { return put(entries, 0, 0, {}); }
  /// Takes back what a writer wrote in this segment and later ones. Refused when the store lacks what was
  /// written before it: then it is not the store, or not all of it, that `seal` was told of.
  virtual Status undo(std::uint32_t writer, std::uint64_t segment) = 0;
  /// Nothing before this segment will be taken back any more.
  virtual Status settle(std::uint32_t writer, std::uint64_t segment) = 0;
  /// The writer begins this segment: everything before it survives a loss of power, or is missed by `undo`.
  virtual Status seal(std::uint32_t writer, std::uint64_t segment) = 0;
  /// Makes everything written so far survive a loss of power.
  virtual Status flush() = 0;
  /// All entries in key order, until the callback answers false; its views end with the call.
  virtual Status scan(const std::function<bool(Entry)>& visit) const = 0;
};

/// The store that all instances of one actor share within a process, since RocksDB lets a process open it
/// once. Opened by the first user, closed when the last one drops it. Any thread.
class SharedKvStore {
 public:
  explicit SharedKvStore(KvOptions options) : options_(std::move(options)) {}
  Result<std::shared_ptr<KvStore>> open();
  const KvOptions& options() const { return options_; }

 private:
  const KvOptions options_;
  std::mutex mutex_;
  std::weak_ptr<KvStore> store_;
};

}  // namespace leat
