#include "ingest/stdin_input.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace leat {
namespace {

constexpr auto kRetry = std::chrono::milliseconds(20);

/// A pipe, a terminal or a file as it comes. Ends when it ends, or when `stop` is readable.
class PipeStream final : public ByteStream {
 public:
  PipeStream(int fd, const WakeFd& stop) : fd_(fd), stop_(stop) {}

  Result<std::size_t> read(char* into, std::size_t size) override {
    while (!ended_) {
      pollfd items[] = {{fd_, POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
      if (::poll(items, 2, -1) < 0 && errno != EINTR) return failed();
      if (items[1].revents != 0) break;
      if (items[0].revents == 0) continue;
      const ssize_t count = ::read(fd_, into, size);
      if (count > 0) return static_cast<std::size_t>(count);
      ended_ = count == 0;  // remembered, because a terminal would ask for another end
      if (!ended_ && errno != EINTR && errno != EAGAIN) return failed();
    }
    return 0;
  }
  Status seek(std::uint64_t) override { return {}; }  // only ever to its beginning
  FileStat stat() const override { return {}; }
  bool may_grow() const override { return false; }

 private:
  static Failure failed() {
    return fail(Code::unreadable_file, fmt::format("can't be read: {}", std::strerror(errno)), "stdin");
  }
  int fd_;
  bool ended_ = false;
  const WakeFd& stop_;
};

}  // namespace

StdinInput::StdinInput(int fd, RowFormat format, RecordReader::Format records, IngestLog& log,
                       std::function<void()> on_end)
    : format_(std::move(format)), records_(records), log_(log), on_end_(std::move(on_end)) {
  thread_ = std::thread([this, fd] { run(fd); });
}

void StdinInput::stop() {
  stopping_ = true;
  stop_.wake();
  if (thread_.joinable()) thread_.join();
}

void StdinInput::run(int fd) {
  RecordReader reader(std::make_unique<PipeStream>(fd, stop_), records_);
  const auto decoder = make_row_decoder(format_);
  end(read(reader, *decoder));
  log_.flush();
  on_end_();
}

Status StdinInput::read(RecordReader& reader, RowDecoder& decoder) {
  LEAT_TRY(reader.seek({}));
  bool header_read = !decoder.has_header();
  RecordReader::Record record;
  while (!stopping_) {
    // Reading blocks; an end that is none, because of `stop`, must not make half a line a record.
    LEAT_TRY_ASSIGN(auto next, reader.next(record, false));
    if (next == RecordReader::Next::end) {
      if (stopping_) return {};
      LEAT_TRY_ASSIGN(next, reader.next(record, true));
      if (next == RecordReader::Next::end) return {};
    }
    if (!header_read) {
      LEAT_TRY(decoder.header(record.text));
      if (record.text.find('\n') != std::string_view::npos)
        return fail(Code::malformed_record, "a header over several lines is not read", "stdin");
      header_ = record.text;
      header_read = true;
      continue;
    }
    if (!record.too_long && decoder.skips(record.text)) continue;
    const RecordTag tag = record.too_long                          ? RecordTag::too_long
                          : format_.kind == RowFormat::Kind::jsonl ? RecordTag::json
                          : format_.kind == RowFormat::Kind::csv   ? RecordTag::csv
                                                                   : RecordTag::text;
    if (!append(record.text, tag)) return {};
  }
  return {};
}

// Waits for room. False: stopped, or the log is dead, which it says itself.
bool StdinInput::append(std::string_view bytes, RecordTag tag) {
  if (tag == RecordTag::csv && !header_.empty()) {
    with_header_.assign(header_).append("\n").append(bytes);
    bytes = with_header_;
  }
  for (;;) {
    const IngestLog::Entry entry{bytes, static_cast<std::uint32_t>(tag)};
    const auto end = log_.append({&entry, 1});
    if (end) return true;
    const bool full = end.error().code == Code::limit_reached || end.error().code == Code::storage_full;
    if (!full || stopping_) return false;
    stop_.wait(kRetry);
  }
}

Status StdinDecoder::decode(const IngestRecord& record, BatchBuilder& rows) {
  if (static_cast<RecordTag>(record.tag) == RecordTag::too_long)
    return fail(Code::limit_reached, "the line is longer than `line_max`");
  std::string_view bytes = record.bytes;
  if (format_.kind == RowFormat::Kind::csv && format_.header) {
    const std::size_t end = bytes.find('\n');
    const std::string_view header = bytes.substr(0, end);
    if (end == std::string_view::npos) return fail(Code::malformed_record, "the record has no header");
    if (!decoder_ || header != header_) {
      decoder_ = make_row_decoder(format_);
      header_.clear();
      LEAT_TRY(decoder_->header(header));
      header_ = header;
    }
    bytes.remove_prefix(end + 1);
  }
  if (!decoder_) decoder_ = make_row_decoder(format_);
  return decoder_->decode(bytes, rows);
}

}  // namespace leat
