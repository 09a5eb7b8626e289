#include "transform/table_file.hpp"

#include "transform/table_database.hpp"
#include "transform/table_text.hpp"

namespace leat {
namespace {

std::unique_ptr<TableReader> reader_of(const TableFileOptions& options) {
  const TableFormat format = table_format(options.path).value_or(TableFormat::csv);
  if (format == TableFormat::sqlite) return std::make_unique<TableDatabase>(options);
  return std::make_unique<TableText>(options, format);
}

}  // namespace

std::optional<TableFormat> table_format(std::string_view path) {
  if (path.ends_with(".csv")) return TableFormat::csv;
  if (path.ends_with(".tsv")) return TableFormat::tsv;
  if (path.ends_with(".jsonl") || path.ends_with(".ndjson")) return TableFormat::jsonl;
  if (path.ends_with(".sqlite") || path.ends_with(".sqlite3") || path.ends_with(".db"))
    return TableFormat::sqlite;
  return std::nullopt;
}

TableFile::TableFile(TableFileOptions options) : options_(std::move(options)), reader_(reader_of(options_)) {}

std::shared_ptr<const LookupTable> TableFile::table() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

Status TableFile::refresh() {
  const std::lock_guard reading(reading_);
  auto read = reader_->read_if_changed();
  if (!read) failure_ = read.error();
  if (!read) return Failure(std::move(read).error());
  if (*read == nullptr) return table() || !failure_ ? Status() : Status(Failure(*failure_));
  const std::lock_guard lock(mutex_);
  table_.swap(*read);  // the old one is freed without the lock
  return {};
}

}  // namespace leat
