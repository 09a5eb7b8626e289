#include "persist/kv_store.hpp"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <filesystem>

namespace leat {
namespace {

rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

/// What a store's failure means to its user.
Failure failure(const rocksdb::Status& status, const std::string& path, std::string_view doing) {
  const std::string text = status.ToString();
  if (status.IsNoSpace() || text.find("No space left") != std::string::npos)
    return fail(Code::storage_full,
                fmt::format("{} the store failed: no space left on the device; free some, or set `path` to a "
                            "larger one, and start again",
                            doing),
                path);
  if (text.find("While lock file") != std::string::npos || text.find("lock hold by") != std::string::npos)
    return fail(Code::storage_failed,
                "another process has this store open; stop it, or give each topology a `path` of its own",
                path);
  if (text.find("Permission denied") != std::string::npos)
    return fail(Code::storage_failed,
                fmt::format("{} the store failed: permission denied; the folder must be writable", doing),
                path);
  return fail(
      Code::storage_failed,
      fmt::format(
          "{} the store failed: {}{}", doing, text,
          status.IsCorruption() || doing == "opening"
              ? "; if it is damaged, move the folder away to start with an empty one, or restore a copy"
              : ""),
      path);
}

rocksdb::Options tuned(const KvOptions& options) {
  rocksdb::Options tuned;
  tuned.create_if_missing = true;
  tuned.write_buffer_size = options.write_buffer.count;
  tuned.max_write_buffer_number = 2;
  tuned.max_background_jobs = 2;
  tuned.max_open_files = 64;
  // Small stores on small disks: no files made large in advance, a short log, no statistics thread.
  tuned.allow_fallocate = false;
  tuned.manifest_preallocation_size = 64 << 10;
  tuned.info_log_level = rocksdb::WARN_LEVEL;
  tuned.keep_log_file_num = 2;
  tuned.max_log_file_size = 1 << 20;
  tuned.stats_dump_period_sec = 0;
  tuned.stats_persist_period_sec = 0;
  tuned.memtable_whole_key_filtering = true;
  tuned.memtable_prefix_bloom_size_ratio = 0.05;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.block_cache.count);
  table.cache_index_and_filter_blocks = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  tuned.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return tuned;
}

constexpr const char* kUndoFamily = "undo";

// Writer, segment and key, so that they lie in this order.
std::string undo_key(std::uint32_t writer, std::uint64_t segment, std::string_view key) {
  std::string out;
  for (int at = 3; at >= 0; --at) out.push_back(static_cast<char>(writer >> (8 * at)));
  for (int at = 7; at >= 0; --at) out.push_back(static_cast<char>(segment >> (8 * at)));
  return out.append(key);
}
constexpr std::size_t kUndoHead = 12;

/// Beside the entries, in a column family of their own: what keys held before writes that may be taken back,
/// as one byte (0: nothing) and the value.
class RocksStore final : public KvStore {
 public:
  RocksStore(std::unique_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> families,
             const KvOptions& options)
      : db_(std::move(db)), families_(std::move(families)), path_(options.path) {
    write_.sync = options.sync;
  }
  ~RocksStore() override {
    for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
  }

  Result<std::vector<std::optional<std::string>>> get(std::span<const std::string_view> keys) const override {
    std::vector<rocksdb::Slice> slices;
    slices.reserve(keys.size());
    for (const std::string_view key : keys) slices.push_back(slice(key));
    std::vector<rocksdb::PinnableSlice> found(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db_->MultiGet(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), keys.size(), slices.data(),
                  found.data(), statuses.data());
    std::vector<std::optional<std::string>> values(keys.size());
    for (std::size_t at = 0; at < keys.size(); ++at) {
      if (statuses[at].ok())
        values[at].emplace(view(found[at]));
      else if (!statuses[at].IsNotFound())
        return failure(statuses[at], path_, "reading");
    }
    return values;
  }

  Status put(std::span<const Entry> entries, std::uint32_t writer, std::uint64_t segment,
             std::span<const Before> before) override {
    rocksdb::WriteBatch batch;
    for (const Before& held : before) {
      const std::string value = held.value != nullptr ? '\1' + *held.value : std::string(1, '\0');
      if (const auto status = batch.Put(undo_family(), undo_key(writer, segment, held.key), value);
          !status.ok())
        return failure(status, path_, "writing to");
    }
    for (const Entry& entry : entries)
      if (const auto status = batch.Put(slice(entry.key), slice(entry.value)); !status.ok())
        return failure(status, path_, "writing to");
    if (const auto status = db_->Write(write_, &batch); !status.ok())
      return failure(status, path_, "writing to");
    return {};
  }

  // The latest segment first, so that what a key held before the earliest stays.
  Status undo(std::uint32_t writer, std::uint64_t segment) override {
    rocksdb::WriteBatch batch;
    const std::string begin = undo_key(writer, segment, {}), end = undo_key(writer + 1, 0, {});
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(rocksdb::ReadOptions(), undo_family()));
    for (at->SeekForPrev(end); at->Valid() && view(at->key()) >= begin; at->Prev()) {
      rocksdb::Slice key = at->key(), value = at->value();
      if (key.size() < kUndoHead || value.empty()) continue;
      batch.Delete(undo_family(), key);
      key.remove_prefix(kUndoHead);
      const bool held = value[0] != 0;
      value.remove_prefix(1);
      held ? batch.Put(key, value) : batch.Delete(key);
    }
    if (!at->status().ok()) return failure(at->status(), path_, "reading");
    if (const auto status = db_->Write(write_, &batch); !status.ok())
      return failure(status, path_, "writing to");
    return {};
  }

  Status settle(std::uint32_t writer, std::uint64_t segment) override {
    const auto status =
        db_->DeleteRange(write_, undo_family(), undo_key(writer, 0, {}), undo_key(writer, segment, {}));
    return status.ok() ? Status() : Status(failure(status, path_, "writing to"));
  }

  Status flush() override {
    if (const auto status = db_->SyncWAL(); !status.ok()) return failure(status, path_, "writing to");
    return {};
  }

  Status scan(const std::function<bool(Entry)>& visit) const override {
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(rocksdb::ReadOptions()));
    for (at->SeekToFirst(); at->Valid(); at->Next())
      if (!visit({view(at->key()), view(at->value())})) break;
    if (!at->status().ok()) return failure(at->status(), path_, "reading");
    return {};
  }

 private:
  rocksdb::ColumnFamilyHandle* undo_family() const { return families_.back(); }

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;  // the default one, then undo
  std::string path_;
  rocksdb::WriteOptions write_;
};

}  // namespace

Result<std::unique_ptr<KvStore>> KvStore::open(const KvOptions& options) {
  std::error_code error;
  if (!options.read_only) std::filesystem::create_directories(options.path, error);
  if (error == std::errc::no_space_on_device)
    return failure(rocksdb::Status::NoSpace(), options.path, "making the folder of");
  if (error)
    return fail(Code::storage_failed,
                fmt::format("cannot make the store's folder: {}; `path` must be a folder that can be written",
                            error.message()),
                options.path);
  rocksdb::DB* db = nullptr;
  rocksdb::Options settings = tuned(options);
  settings.create_missing_column_families = true;
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors{{rocksdb::kDefaultColumnFamilyName, settings}};
  if (!options.read_only) descriptors.emplace_back(kUndoFamily, settings);
  std::vector<rocksdb::ColumnFamilyHandle*> families;
  const rocksdb::Status status =
      options.read_only ? rocksdb::DB::OpenForReadOnly(settings, options.path, descriptors, &families, &db)
                        : rocksdb::DB::Open(settings, options.path, descriptors, &families, &db);
  if (!status.ok()) return failure(status, options.path, "opening");
  return std::make_unique<RocksStore>(std::unique_ptr<rocksdb::DB>(db), std::move(families), options);
}

Result<std::shared_ptr<KvStore>> SharedKvStore::open() {
  const std::lock_guard lock(mutex_);
  if (auto store = store_.lock()) return store;
  LEAT_TRY_ASSIGN(std::shared_ptr<KvStore> store, KvStore::open(options_));
  store_ = store;
  return store;
}

}  // namespace leat
