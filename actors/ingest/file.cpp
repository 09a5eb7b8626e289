#include "ingest/file.hpp"

#include <algorithm>
#include <leat/context.hpp>
#include <leat/state.hpp>

#include "ingest/file_options.hpp"
#include "ingest/file_tracker.hpp"
#include "ingest/file_watch.hpp"
#include "ingest/input_paths.hpp"
#include "ingest/replay.hpp"
#include "ingest/schedule.hpp"

namespace leat {
namespace {

/// Reads files into rows. What is no row goes to `errors` with file and line, and reading goes on. Holds a
/// chunk of 256 KiB and at most one long record; with `pace: recorded` also the batch whose rows are not due
/// yet.
class FileSource final : public Source {
 public:
  using Config = FileConfig;
  static constexpr KindInfo kind{"ingest.file", "Reads rows from CSV, JSON lines and text files.",
                                 "path: events.log\nformat: lines\non_missing: skip"};
  static constexpr Port out{0, "out", "One row per record."};
  static constexpr std::array<Port, 0> inputs{};
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return file_fields(); }
  static void describe(Config& config, Describe& describe) {
    describe_file(config, describe);
    if (config.rows.schema) describe.output(out, config.rows.schema);
  }

  explicit FileSource(Config config)
      : config_(std::move(config)),
        tracker_(config_.paths, config_.follow),
        rows_(config_.rows.schema),
        replay_(config_.speed ? config_.speed->factor : 1) {}

  Status on_start(Context& ctx) override {
    if (config_.follow && ctx.instances() > 1)
      return fail(Code::bad_value, "a followed file is read by one instance; remove `instances` or `follow`");
    const double rate = config_.pace ? config_.pace->rate.per_second / ctx.instances() : 0;
    schedule_ = Schedule(Rate{rate});
    schedule_.begin(taken_, ctx.now(), saved_start_);
    tracker_.start(ctx.instance(), ctx.instances(),
                   [&](std::string message) { ctx.log(LogLevel::warning, std::move(message)); });
    if (config_.follow) watch_folders();
    return check_missing(ctx);
  }

  Result<Produced> produce(std::uint32_t rows_max, Context& ctx) override {
    if (rest_ == Rest::waiting && pending_.empty()) look_again(ctx);
    const std::uint32_t batch_rows = std::min(rows_max, ctx.batch_rows());
    if (config_.recorded()) return produce_recorded(batch_rows, ctx);

    const std::uint64_t due = schedule_.due_count(ctx.now());
    if (due <= taken_) return Produced::idle(schedule_.wait(taken_, ctx.now()));
    LEAT_TRY_ASSIGN(rest_,
                    read(static_cast<std::uint32_t>(std::min<std::uint64_t>(batch_rows, due - taken_)), ctx));
    if (!rows_.empty()) ctx.emit(out, rows_.finish().with_entered(ctx.now()));
    return produced();
  }

  void save(StateWriter& state) const override {
    const bool ahead = pending_at_ < pending_.row_count();
    tracker_.save(state, ahead ? &tracker_.file(current_) : nullptr,
                  ahead ? pending_from_[pending_at_] : FilePosition{});
    state.write("taken", static_cast<std::int64_t>(taken_));
    state.write("start", schedule_.start().time_since_epoch().count());
    state.write("recorded", replay_.recorded().time_since_epoch().count());
    state.write("started", replay_.started().time_since_epoch().count());
  }
  Status load(StateReader& state) override {
    LEAT_TRY(tracker_.load(state));
    std::int64_t taken = 0, start = 0, recorded = 0, started = 0;
    LEAT_TRY(state.read("taken", taken));
    LEAT_TRY(state.read("start", start));
    LEAT_TRY(state.read("recorded", recorded));
    LEAT_TRY(state.read("started", started));
    taken_ = static_cast<std::uint64_t>(taken);
    saved_start_ = Time(Duration(start));
    replay_.resume(Time(Duration(recorded)), Time(Duration(started)));
    return {};
  }

 private:
  /// What reading left behind.
  enum class Rest : std::uint8_t { more, waiting, ended };
  /// What became of one step through a file.
  enum class Step : std::uint8_t { taken, passed, at_end, hold };

  static constexpr Duration kLookAgain = std::chrono::seconds(1);  // for file systems that notify nobody

  Status check_missing(Context& ctx) const {
    if (tracker_.continued())
      return {};  // A file that is done may be gone; another is missed when it is opened.
    for (const std::string& path : config_.paths) {
      if (is_pattern(path) ? !expand_paths({path}).empty() : stat_file(path).has_value()) continue;
      const std::string what = is_pattern(path) ? "no file matches" : "there is no such file";
      const bool waits = config_.follow && (is_pattern(path) || config_.on_missing == OnMissing::wait);
      if (config_.on_missing == OnMissing::error && !waits) return fail(Code::input_missing, what, path);
      ctx.log(LogLevel::warning,
              fmt::format("{}: {}{}", path, what, waits ? "; waiting for it" : "; skipped"));
    }
    return {};
  }

  void watch_folders() {
    for (const std::string& path : config_.paths) watch_.watch_folder(folder_of(path));
  }

  void look_again(Context& ctx) {
    watch_.clear();  // before looking, so that a change meanwhile is not missed
    watch_folders();
    tracker_.refresh();
    current_ = 0;
    schedule_.begin(taken_, ctx.now());  // the time without rows is not made up for
  }

  Produced produced() const {
    switch (rest_) {
      case Rest::more:
        return Produced::more();
      case Rest::waiting:
        return Produced::idle(kLookAgain, watch_.fd());
      case Rest::ended:
        break;
    }
    return Produced::end();
  }

  /// Rows wait in `pending_` until they are due; more is read when all have left.
  Result<Produced> produce_recorded(std::uint32_t batch_rows, Context& ctx) {
    if (pending_at_ == pending_.row_count()) {
      pending_from_.clear();
      LEAT_TRY_ASSIGN(rest_, read(batch_rows, ctx));
      pending_ = rows_.finish();
      pending_at_ = 0;
      if (pending_.empty()) return produced();
    }
    const Column& times = pending_.column(*config_.time_column);
    std::uint32_t end = pending_at_;
    Duration wait{};
    for (; end < pending_.row_count(); ++end) {
      if (times.is_null(end)) continue;  // without a time of its own, a row comes with the one before it
      wait = replay_.due(Time(Duration(times.int64(end))), ctx.now()) - ctx.now();
      if (wait > Duration{}) break;
    }
    if (end > pending_at_)
      ctx.emit(out, pending_.slice(pending_at_, end - pending_at_).with_entered(ctx.now()));
    pending_at_ = end;
    return end < pending_.row_count() ? Produced::idle(wait) : Produced::more();
  }

  /// Takes up to `budget` records into `rows_`.
  Result<Rest> read(std::uint32_t budget, Context& ctx) {
    std::vector<TrackedFile>& files = tracker_.files();
    std::size_t quiet = 0;  // files without anything new, one after the other
    for (std::uint32_t taken = 0; taken < budget;) {
      if (config_.follow ? quiet >= files.size() : current_ >= files.size())
        return config_.follow ? Rest::waiting : Rest::ended;
      TrackedFile& file = files[current_];
      LEAT_TRY_ASSIGN(const Step step, file.done ? Result<Step>(Step::at_end) : step_through(file, ctx));
      if (step == Step::hold) return Rest::more;
      if (step == Step::at_end) {
        ++quiet;
        ++current_;
        if (config_.follow && current_ >= files.size()) current_ = 0;
        continue;
      }
      quiet = 0;
      if (step == Step::taken) {
        ++taken;
        ++taken_;
      }
    }
    return Rest::more;
  }

  Result<Step> step_through(TrackedFile& file, Context& ctx) {
    if (Status opened = open(file); !opened) {
      if (opened.error().code != Code::input_missing || config_.on_missing != OnMissing::skip)
        return Failure(opened.error());
      file.done = true;
      return Step::at_end;
    }
    RecordReader::Record record;
    const Result<RecordReader::Next> next = file.reader->next(record, !config_.follow || file.replaced);
    if (!next) return give_up(file, next.error(), ctx);
    if (*next == RecordReader::Next::end) return end_of(file, ctx);
    if (file.decoder->has_header() && !file.header_read) {
      if (Status read = file.decoder->header(record.text); !read)
        return Failure(at_place(read.error(), file, record.at.line));
      file.header_read = true;
      return Step::passed;
    }
    if (!record.lines_ahead.empty()) file.decoder->expect(record.lines_ahead);
    if (!record.too_long && file.decoder->skips(record.text)) return Step::passed;
    Status decoded =
        record.too_long
            ? Status(fail(Code::limit_reached,
                          fmt::format("the line is longer than {} (`line_max`)", to_text(config_.line_max))))
            : file.decoder->decode(record.text, rows_);
    if (decoded) {
      if (config_.recorded()) pending_from_.push_back(record.at);
      return Step::taken;
    }
    if (must_hold()) {
      file.reader->put_back(record);
      return Step::hold;
    }
    ctx.reject(record.text, at_place(decoded.error(), file, record.at.line));
    return Step::taken;
  }

  /// Rows that wait for their time come before a reject or another file, so that a saved position is that of
  /// the first row which has not left.
  bool must_hold() const { return config_.recorded() && !rows_.empty(); }

  Status open(TrackedFile& file) const {
    if (file.reader) return {};
    LEAT_TRY_ASSIGN(auto stream, open_stream(file.path));
    if (stream->may_grow() && !config_.follow && stream->stat().size < file.position.offset)
      return fail(Code::unreadable_file,
                  "the file is shorter than what was read of it before; put the old one back, or "
                  "start afresh",
                  file.path);
    file.id = stream->stat().id;
    auto reader = std::make_unique<RecordReader>(std::move(stream), config_.record_format());
    file.decoder = make_row_decoder(config_.rows);
    if (file.decoder->has_header() && file.header_read) {
      RecordReader::Record record;
      LEAT_TRY(reader->seek({}));
      LEAT_TRY_ASSIGN(const auto next, reader->next(record, true));
      if (next == RecordReader::Next::record)
        if (Status read = file.decoder->header(record.text); !read)
          return Failure(at_place(read.error(), file, 1));
    }
    LEAT_TRY(reader->seek(file.position));
    file.reader = std::move(reader);
    return {};
  }

  Result<Step> give_up(TrackedFile& file, const Error& error, Context& ctx) {
    if (error.code != Code::malformed_record) return Failure(error);
    if (must_hold()) return Step::hold;
    ctx.reject({}, at_place(error, file, file.reader->position().line));
    close(file);
    return Step::at_end;
  }

  Result<Step> end_of(TrackedFile& file, Context& ctx) {
    if (must_hold()) return Step::hold;
    if (!config_.follow || file.replaced || !file.reader->stream().may_grow()) {
      close(file);
      return Step::at_end;
    }
    if (file.reader->stream().stat().size < file.reader->position().offset) {
      ctx.log(LogLevel::warning, fmt::format("{} was truncated; reading it from its beginning", file.path));
      file.header_read = false;
      LEAT_TRY(file.reader->seek({}));
      return Step::passed;
    }
    file.decoder->expect({});
    file.reader->release();
    return Step::at_end;
  }

  void close(TrackedFile& file) const {
    file.done = true;
    file.position = file.reader->position();
    // A followed file stays open while it is listed: its inode can't be given to another file.
    if (!config_.follow) file.reader.reset();
  }

  static Error at_place(const Error& error, const TrackedFile& file, std::uint64_t line) {
    return {error.code, error.message, fmt::format("{}:{}", file.path, line)};
  }

  Config config_;
  FileTracker tracker_;
  FileWatch watch_;
  BatchBuilder rows_;
  Rest rest_ = Rest::more;
  std::size_t current_ = 0;
  std::uint64_t taken_ = 0;  // records since the very beginning: what `pace` counts

  Schedule schedule_;
  Time saved_start_ = kTimeMin;
  Replay replay_;
  Batch pending_;
  std::uint32_t pending_at_ = 0;            // first row of `pending_` that has not left
  std::vector<FilePosition> pending_from_;  // where each of its rows stands in the current file
};

}  // namespace

void register_ingest_file(Registry& registry) {
  registry.add<FileSource>();
}

}  // namespace leat
