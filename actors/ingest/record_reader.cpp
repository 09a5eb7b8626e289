#include "ingest/record_reader.hpp"

#include <algorithm>
#include <cstring>

namespace leat {
namespace {

constexpr std::size_t kShownOfTooLong = 1024;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::size_t without_carriage_return(std::string_view text, std::size_t length) {
  return length > 0 && text[length - 1] == '\r' ? length - 1 : length;
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
      if (text.size() > format_.record_max) {
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

/// Looks for the end of a record with quoted fields. When the quotes make no sense (one is not closed, or
/// text follows a closed one), the record is the first line alone: so a broken quote costs one line, not the
/// rest of the file, and whoever reads that line says what is wrong with it.
RecordReader::Cut RecordReader::cut_quoted(std::size_t first_line, bool at_end) const {
  const std::string_view text = waiting();
  const bool line_ended = first_line < text.size();
  const Cut just_first_line{first_line, first_line + (line_ended ? 1 : 0), 1};
  const bool give_up = at_end || (line_ended && text.size() > format_.record_max);
  std::uint64_t lines = 1;
  bool field_begins = true;
  std::size_t at = 0;
  while (at < text.size()) {
    if (field_begins && text[at] == format_.quote) {
      const std::size_t close = closing_quote(text, at, format_.quote);
      if (close == std::string_view::npos) return give_up ? just_first_line : Cut{};
      if (close + 1 == text.size()) return at_end ? Cut{text.size(), text.size(), lines} : Cut{};
      lines +=
          static_cast<std::uint64_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                                text.begin() + static_cast<std::ptrdiff_t>(close), '\n'));
      at = close + 1;
      field_begins = false;
      const char after = text[at];
      const bool return_only = after == '\r' && at + 1 == text.size();
      if (return_only && !at_end) return {};
      const bool ends = after == '\n' || return_only || (after == '\r' && text[at + 1] == '\n');
      if (after != format_.delimiter && !ends) return just_first_line;
      continue;
    }
    if (text[at] == '\n') return {at, at + 1, lines};
    field_begins = text[at] == format_.delimiter;
    ++at;
  }
  return at_end ? Cut{text.size(), text.size(), lines} : Cut{};
}

/// Adds a chunk behind what waits; false at the end of the file.
Result<bool> RecordReader::fill() {
  const std::size_t kept = end_ - begin_;
  if (capacity_ - kept < kChunk) {
    const std::size_t capacity = std::max(kept * 2, kept + kChunk);
    auto larger = std::make_unique<char[]>(capacity + kPadding);
    if (kept > 0) std::memcpy(larger.get(), buffer_.get() + begin_, kept);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, kept);
  }
  begin_ = 0;
  end_ = kept;
  LEAT_TRY_ASSIGN(const std::size_t got, stream_->read(buffer_.get() + end_, kChunk));
  const bool beginning = position_.offset == 0 && end_ == 0;
  end_ += got;
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

void RecordReader::take(const Cut& cut, Record& record) {
  const std::string_view text = waiting();
  record.at = position_;
  record.too_long = cut.length > format_.record_max;
  record.text = text.substr(
      0, record.too_long ? std::min(kShownOfTooLong, cut.length) : without_carriage_return(text, cut.length));
  consume(cut.taken, cut.lines);
}

void RecordReader::take_too_long(Record& record) {
  record.at = position_;
  record.too_long = true;
  record.text = waiting().substr(0, kShownOfTooLong);
  position_.skipping = true;
  consume(end_ - begin_, 0);
}

void RecordReader::consume(std::size_t bytes, std::uint64_t lines) {
  begin_ += bytes;
  position_.offset += bytes;
  position_.line += lines;
}

}  // namespace leat
