#include "persist/kv_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <unistd.h>

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

// Behind all undo keys: the segment that a writer has begun, as text.
std::string mark_key(std::uint32_t writer) {
  std::string out(4, '\xff');
  for (int at = 3; at >= 0; --at) out.push_back(static_cast<char>(writer >> (8 * at)));
  return out;
}

/// Beside the entries, in a column family of their own: what keys held before writes that may be taken back,
/// as one byte (0: nothing) and the value; and how far each writer had come. RocksDB cuts its log where that
/// can't be read and says nothing of it: the mark, which is behind all that it speaks for, is missing then.
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
    return write(batch);
  }

  // The latest segment first, so that what a key held before the earliest stays.
  Status undo(std::uint32_t writer, std::uint64_t segment) override {
    LEAT_TRY(check_mark(writer, segment));
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
    batch.Put(undo_family(), mark_key(writer), std::to_string(segment));
    return write(batch);
  }

  Status settle(std::uint32_t writer, std::uint64_t segment) override {
    rocksdb::WriteBatch batch;
    batch.DeleteRange(undo_family(), undo_key(writer, 0, {}), undo_key(writer, segment, {}));
    return write(batch);
  }

  Status seal(std::uint32_t writer, std::uint64_t segment) override {
    rocksdb::WriteBatch batch;
    batch.Put(undo_family(), mark_key(writer), std::to_string(segment));
    LEAT_TRY(write(batch));
    return flush();
  }

  Status flush() override {
    LEAT_TRY(health());
    return written(db_->SyncWAL());
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

  Status check_mark(std::uint32_t writer, std::uint64_t segment) const {
    if (segment == 0) return {};
    std::string mark;
    const auto status = db_->Get(rocksdb::ReadOptions(), undo_family(), mark_key(writer), &mark);
    if (!status.ok() && !status.IsNotFound()) return failure(status, path_, "reading");
    if (status.ok() && std::strtoull(mark.c_str(), nullptr, 10) >= segment) return {};
    return fail(Code::corrupt_state,
                "the store lacks rows that were in it at the last checkpoint: it is damaged, or another one. "
                "Put it back, or start anew with `leat run --from none`",
                path_);
  }

  Status write(rocksdb::WriteBatch& batch) {
    LEAT_TRY(health());
    return written(db_->Write(write_, &batch));
  }

  // RocksDB asserts that a file which could not be written is left alone.
  Status health() const {
    const std::lock_guard lock(mutex_);
    return failed_ ? Status(Failure(*failed_)) : Status();
  }

  Status written(const rocksdb::Status& status) {
    if (status.ok()) return {};
    const std::lock_guard lock(mutex_);
    failed_ = failure(status, path_, "writing to").value();
    return Failure(*failed_);
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;  // the default one, then undo
  std::string path_;
  rocksdb::WriteOptions write_;
  mutable std::mutex mutex_;
  std::optional<Error> failed_;
};

/// A store that is opened takes its log into a table and begins new files. When these can't be written, this
/// version of RocksDB ends the process with an assertion: so there must be room for them before.
Status check_room(const std::string& path) {
  constexpr std::uintmax_t kNewFiles = 256 << 10;
  std::uintmax_t needed = kNewFiles;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(path, ignored))
    if (file.path().extension() == ".log") needed += file.file_size(ignored);
  const std::string name = path + "/room";
  const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return errno == ENOSPC ? failure(rocksdb::Status::NoSpace(), path, "opening") : Status();
  const int error = ::posix_fallocate(file, 0, static_cast<off_t>(needed));
  ::close(file);
  ::unlink(name.c_str());
  if (error == ENOSPC || error == EDQUOT) return failure(rocksdb::Status::NoSpace(), path, "opening");
  return {};
}

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
  if (!options.read_only) LEAT_TRY(check_room(options.path));
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
