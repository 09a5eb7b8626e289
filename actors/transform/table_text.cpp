#include "transform/table_text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <leat/codec.hpp>
#include <system_error>

namespace leat {
namespace {

class File {
 public:
  explicit File(const std::string& path) : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

/// Cuts a text into records: lines, or for CSV lines whose quotes are closed. Counts lines from 1.
class Records {
 public:
  /// `delimiter`: between the fields of CSV; none: quotes mean nothing.
  Records(std::string_view text, std::optional<char> delimiter) : left_(text), delimiter_(delimiter) {
    if (left_.starts_with("\xef\xbb\xbf")) left_.remove_prefix(3);
  }
  /// False at the end. Blank lines are left out.
  bool next(std::string_view& record) {
    while (!left_.empty()) {
      line_ = next_line_;
      const std::size_t end = delimiter_ ? quoted_end() : std::min(left_.find('\n'), left_.size());
      record = left_.substr(0, end);
      next_line_ += 1 + static_cast<std::size_t>(std::count(record.begin(), record.end(), '\n'));
      left_.remove_prefix(std::min(left_.size(), end + 1));
      if (record.ends_with('\r')) record.remove_suffix(1);
      if (!record.empty()) return true;
    }
    return false;
  }
  std::size_t line() const { return line_; }

 private:
  // A quote opens a field only where one begins; elsewhere it is text, as CsvRows reads it.
  std::size_t quoted_end() const {
    bool open = false, begins = true;
    std::size_t closed_at = left_.size();
    for (std::size_t at = 0; at < left_.size(); ++at) {
      const char character = left_[at];
      if (open) {
        if (character != '"') continue;
        open = false;
        closed_at = at;
      } else if (character == '\n') {
        return at;
      } else {
        open = character == '"' && (begins || closed_at + 1 == at);  // a doubled quote goes on inside
      }
      begins = character == *delimiter_;
    }
    return left_.size();
  }

  std::string_view left_;
  std::optional<char> delimiter_;
  std::size_t line_ = 1;
  std::size_t next_line_ = 1;
};

/// Rows of either format, one record at a time.
class RowReader {
 public:
  RowReader(const SchemaPtr& schema, std::optional<char> delimiter) {
    if (delimiter)
      csv_.emplace(schema, CsvRows::Format{*delimiter, '"'});
    else
      json_.emplace(schema);
  }
  Status read(std::string_view record, BatchBuilder& rows) {
    if (json_) return json_->read(record, rows);
    if (header_read_) return csv_->read(record, rows);
    header_read_ = true;
    return csv_->header(record);
  }

 private:
  std::optional<JsonRows> json_;
  std::optional<CsvRows> csv_;
  bool header_read_ = false;
};

std::optional<char> delimiter_of(TableFormat format) {
  if (format == TableFormat::csv) return ',';
  if (format == TableFormat::tsv) return '\t';
  return std::nullopt;
}

}  // namespace

Result<std::shared_ptr<const LookupTable>> TableText::read_if_changed() {
  const File file(options_.path);
  const int open_error = errno;
  struct stat state {};
  Version version;
  if (file.number() >= 0 && ::fstat(file.number(), &state) == 0)
    version = {state.st_dev, state.st_ino, state.st_size, state.st_mtim.tv_sec, state.st_mtim.tv_nsec};
  if (tried_ == version) return std::shared_ptr<const LookupTable>();
  tried_ = version;
  if (file.number() < 0)
    return open_error == ENOENT
               ? fail(Code::input_missing, "there is no such file", options_.path)
               : fail(Code::unreadable_file, std::generic_category().message(open_error), options_.path);
  if (!S_ISREG(state.st_mode)) return fail(Code::unreadable_file, "this is not a file", options_.path);
  return load(file.number(), state.st_size);
}

Result<std::string> TableText::read_file(int file, std::int64_t size) const {
  if (static_cast<std::uint64_t>(size) > options_.bytes_max.count)
    return fail(
        Code::too_large,
        fmt::format("the file has {} bytes; raise `bytes_max` ({})", size, to_text(options_.bytes_max)),
        options_.path);
  std::string text;
  text.reserve(static_cast<std::size_t>(size) + kJsonPadding);
  text.resize(static_cast<std::size_t>(size));
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t got = ::read(file, text.data() + at, text.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Code::unreadable_file, std::generic_category().message(errno), options_.path);
    if (got == 0) break;  // it became shorter: the next look will see that it changed
    at += static_cast<std::size_t>(got);
  }
  text.resize(at);
  return text;
}

Result<std::shared_ptr<const LookupTable>> TableText::load(int file, std::int64_t size) const {
  LEAT_TRY_ASSIGN(const std::string text, read_file(file, size));
  const std::optional<char> delimiter = delimiter_of(format_);
  TableBuilder table(options_);
  RowReader reader(options_.schema, delimiter);
  Records records(text, delimiter);
  for (std::string_view record; records.next(record);) {
    if (Status read = reader.read(record, table.rows()); !read)
      return fail(read.error().code, read.error().message,
                  fmt::format("{}:{}", options_.path, records.line()));
    LEAT_TRY(table.added());
  }
  return table.finish();
}

}  // namespace leat
