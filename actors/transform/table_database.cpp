#include "transform/table_database.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

namespace leat {
namespace {

using Table = std::shared_ptr<const LookupTable>;

}  // namespace

// The file itself is never opened here: closing it would release this process's locks on the database.
Result<Table> TableDatabase::read_if_changed() {
  struct stat state {};
  const int stat_error = ::stat(options_.path.c_str(), &state) == 0 ? 0 : errno;
  Version version;
  if (stat_error == 0)
    version = {state.st_dev, state.st_ino, state.st_size, state.st_mtim.tv_sec, state.st_mtim.tv_nsec};
  if (version.device != device_ || version.inode != inode_) reader_.reset();
  device_ = version.device;
  inode_ = version.inode;
  if (stat_error == 0 && S_ISREG(state.st_mode)) return read(version);
  if (stat_error == ENOENT)
    return failed(version, {Code::input_missing, "there is no such file", options_.path});
  return failed(
      version,
      {Code::unreadable_file,
       stat_error == 0 ? "this is not a file" : std::generic_category().message(stat_error), options_.path});
}

Result<Table> TableDatabase::read(Version version) {
  auto data = begin();
  if (!data) return failed(version, std::move(data).error());
  version = {.device = version.device, .inode = version.inode, .data = *data};
  const bool changed = tried_ != version;
  auto table = changed ? load() : nullptr;
  reader_->end();
  if (!table) return failed(version, std::move(table).error());
  tried_ = version;
  told_busy_ = false;
  return table;
}

// The data version, of a transaction that is open now.
Result<std::int64_t> TableDatabase::begin() {
  if (!reader_) {
    LEAT_TRY_ASSIGN(reader_, SqliteReader::open(options_.path, options_.query, options_.schema));
  }
  LEAT_TRY(reader_->begin());
  auto version = reader_->data_version();
  if (!version) reader_->end();
  return version;
}

// The same failure of the same file is told once.
Result<Table> TableDatabase::failed(const Version& version, Error error) {
  const bool busy = reader_ && reader_->is_busy();
  const bool told = busy ? told_busy_ : tried_ == version;
  told_busy_ = busy;
  if (!busy) tried_ = version;
  if (told) return nullptr;
  return Failure(std::move(error));
}

Result<Table> TableDatabase::load() {
  LEAT_TRY(reader_->prepare());
  TableBuilder table(options_);
  for (;;) {
    LEAT_TRY_ASSIGN(const bool more, reader_->next(table.rows()));
    if (!more) return table.finish();
    LEAT_TRY(table.added());
    if (reader_->bytes_read() > options_.bytes_max.count)
      return fail(Code::too_large,
                  fmt::format("the query gives over {} bytes; raise `bytes_max` ({})", reader_->bytes_read(),
                              to_text(options_.bytes_max)),
                  options_.path);
  }
}

Status check_query(const std::string& path, const std::string& query, const SchemaPtr& schema) {
  LEAT_TRY_ASSIGN(SqliteReader reader, SqliteReader::open(path, query, schema));
  Status prepared = reader.prepare();
  return reader.is_busy() ? Status() : prepared;
}

}  // namespace leat
