#include "ingest/record_reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace leat {
namespace {

constexpr std::size_t kShownOfTooLong = 1024;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::size_t without_carriage_return(std::string_view text, std::size_t length) {
  return length > 0 && text[length - 1] == '\r' ? length - 1 : length;
}

std::uint64_t count_lines(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

/// The quote that closes the one at `open`; a doubled one inside stands for one and closes nothing.
std::size_t closing_quote(std::string_view text, std::size_t open, char quote) {
  std::size_t at = text.find(quote, open + 1);
  while (at != std::string_view::npos && at + 1 < text.size() && text[at + 1] == quote)
    at = text.find(quote, at + 2);
  return at;
}

}  // namespace

RecordReader::RecordReader(std::unique_ptr<ByteStream> stream, Format format)
    : stream_(std::move(stream)), format_(format) {}

RecordReader::~RecordReader() = default;

Status RecordReader::seek(FilePosition position) {
  begin_ = end_ = 0;
  position_ = position;
  return stream_->seek(position.offset);
}

void RecordReader::release() {
  // What waits is the beginning of a record without its end: it is read again when the rest is there.
  const std::uint64_t unread = position_.offset;
  begin_ = end_ = capacity_ = 0;
  buffer_.reset();
  if (stream_->may_grow()) static_cast<void>(stream_->seek(unread));
}

Result<RecordReader::Next> RecordReader::next(Record& record, bool final) {
  bool at_end = false;
  for (;;) {
    if (position_.skipping) skip_to_line_end();
    const std::string_view text = waiting();
    if (!position_.skipping && !text.empty()) {
      if (const Cut found = cut(at_end && final); found.taken > 0) {
        take(found, record);
        return Next::record;
      }
      if (text.size() > format_.record_max + 1) {  // even if a carriage return is the last
        take_too_long(record);
        return Next::record;
      }
    }
    if (at_end) return Next::end;
    LEAT_TRY_ASSIGN(const bool more, fill());
    at_end = !more;
  }
}

void RecordReader::put_back(const Record& record) {
  begin_ -= static_cast<std::size_t>(position_.offset - record.at.offset);
  position_ = record.at;
}

RecordReader::Cut RecordReader::cut(bool at_end) const {
  const std::string_view text = waiting();
  const void* line_end = std::memchr(text.data(), '\n', text.size());
  const std::size_t line = line_end != nullptr
                               ? static_cast<std::size_t>(static_cast<const char*>(line_end) - text.data())
                               : text.size();
  if (format_.quote != '\0' && std::memchr(text.data(), format_.quote, line) != nullptr)
    return cut_quoted(line, at_end);
  if (line_end != nullptr) return {line, line + 1, 1};
  return at_end ? Cut{line, line, 1} : Cut{};
}

/// Looks for the end of a record with quoted fields. When the quotes make no sense (one is not closed within
/// the longest record, or text follows a closed one), the record is the first line alone: so a broken quote
/// costs one line, not the rest of the file, and whoever reads that line says what is wrong with it.
RecordReader::Cut RecordReader::cut_quoted(std::size_t first_line, bool at_end) const {
  const std::size_t longest = format_.record_max + 2;  // with carriage return and line end
  const std::string_view text = waiting().substr(0, longest);
  const bool line_ended = first_line < waiting().size();
  const bool file_ends = at_end && waiting().size() <= longest;
  const Cut first{first_line, first_line + (line_ended ? 1 : 0), 1};
  const Cut malformed = line_ended || at_end ? first : Cut{};
  const Cut undecided = at_end || waiting().size() >= longest ? malformed : Cut{};
  const auto record = [&](std::size_t length, std::uint64_t lines) {
    const bool fits = without_carriage_return(text, length) <= format_.record_max;
    return fits ? Cut{length, std::min(length + 1, text.size()), lines} : malformed;
  };
  std::uint64_t lines = 1;
  bool field_begins = true;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (field_begins && text[at] == format_.quote) {
      const std::size_t close = closing_quote(text, at, format_.quote);
      if (close == std::string_view::npos) return undecided;
      lines += count_lines(text.substr(at, close - at));
      at = close + 1;
      if (at == text.size()) return file_ends ? record(at, lines) : undecided;
      if (text[at] == '\r') {
        if (at + 1 == text.size()) return file_ends ? record(at + 1, lines) : undecided;
        if (text[at + 1] != '\n') return malformed;
      } else if (text[at] != format_.delimiter && text[at] != '\n') {
        return malformed;
      }
    }
    if (text[at] == '\n') return record(at, lines);
    field_begins = text[at] == format_.delimiter;
  }
  return file_ends ? record(text.size(), lines) : undecided;
}

/// Adds a chunk behind what waits; false at the end of the file.
Result<bool> RecordReader::fill() {
  const std::size_t kept = end_ - begin_;
  if (capacity_ - kept < format_.chunk) {
    const std::size_t capacity = std::max(kept * 2, kept + format_.chunk);
    auto larger = std::make_unique<char[]>(capacity + kPadding);
    if (kept > 0) std::memcpy(larger.get(), buffer_.get() + begin_, kept);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, kept);
  }
  begin_ = 0;
  end_ = kept;
  LEAT_TRY_ASSIGN(const std::size_t got, stream_->read(buffer_.get() + end_, format_.chunk));
  const bool beginning = position_.offset == 0 && end_ == 0;
  end_ += got;
  is_fresh_ = true;
  std::memset(buffer_.get() + end_, 0, kPadding);
  if (beginning && waiting().starts_with(kByteOrderMark)) consume(kByteOrderMark.size(), 0);
  return got > 0;
}

void RecordReader::skip_to_line_end() {
  const std::size_t line_end = waiting().find('\n');
  if (line_end == std::string_view::npos) {
    consume(end_ - begin_, 0);
  } else {
    position_.skipping = false;
    consume(line_end + 1, 1);
  }
}

std::string_view RecordReader::shown(std::size_t length) const {
  return waiting().substr(0, std::min({length, format_.record_max, kShownOfTooLong}));
}

// Without quotes only: there a line is a record.
std::string_view RecordReader::whole_lines(const Cut& first) const {
  const std::size_t last_end = waiting().rfind('\n');
  return waiting().substr(0, last_end == std::string_view::npos ? first.length : last_end);
}

void RecordReader::take(const Cut& cut, Record& record) {
  const std::size_t length = without_carriage_return(waiting(), cut.length);
  record.lines_ahead = std::exchange(is_fresh_, false) ? whole_lines(cut) : std::string_view();
  record.at = position_;
  record.too_long = length > format_.record_max;
  record.text = record.too_long ? shown(length) : waiting().substr(0, length);
  consume(cut.taken, cut.lines);
}

void RecordReader::take_too_long(Record& record) {
  record.at = position_;
  record.too_long = true;
  record.lines_ahead = {};
  record.text = shown(kShownOfTooLong);
  position_.skipping = true;
  consume(end_ - begin_, 0);
}

void RecordReader::consume(std::size_t bytes, std::uint64_t lines) {
  begin_ += bytes;
  position_.offset += bytes;
  position_.line += lines;
}

}  // namespace leat
