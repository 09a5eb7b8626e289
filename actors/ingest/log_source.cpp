#include "ingest/log_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/context.hpp>
#include <leat/state.hpp>

namespace leat {
namespace {

constexpr Duration kLookAgain = std::chrono::seconds(1);
// Without checkpoints, how often the log is told what was sent on.
constexpr Duration kCommitEvery = std::chrono::seconds(1);

}  // namespace

LogSource::LogSource(LogConfig config, const SchemaPtr& schema) : config_(std::move(config)), rows_(schema) {}

LogSource::~LogSource() = default;

Status LogSource::on_start(Context& ctx) {
  if (ctx.instances() > 1)
    return fail(Code::bad_value, "has one log, so one instance; remove `instances`, or write several actors");
  checkpointed_ = checkpointed_ || ctx.delivery() != Delivery::best_effort;
  LEAT_TRY_ASSIGN(log_, IngestLog::open(to_log_options(config_)));
  if (const IngestLog::Recovery& cut = log_->recovery(); cut.cut_bytes > 0)
    ctx.log(
        LogLevel::warning,
        fmt::format(
            "{}: cut {} at byte {}, of records that were being written when the last run died; none of them "
            "had been acknowledged",
            cut.cut_file, to_text(Bytes{cut.cut_bytes}), cut.cut_at));
  LEAT_TRY_ASSIGN(const std::uint64_t first, first_offset());
  LEAT_TRY_ASSIGN(reader_, log_->read_from(first));
  log_->on_change([this] { wake(); });
  if (!checkpointed_) ctx.start_timer(kCommit, kCommitEvery);
  return start_input(*log_, ctx);
}

Result<std::uint64_t> LogSource::first_offset() const {
  if (start_from_) return log_->find(*start_from_);
  return loaded_.value_or(std::max(log_->reader_committed(), log_->oldest()));
}

Result<Produced> LogSource::produce(std::uint32_t rows_max, Context& ctx) {
  LEAT_TRY_ASSIGN(std::uint32_t taken, read(std::min(rows_max, ctx.batch_rows()), ctx));
  if (taken > 0) return Produced::more();
  wake_.clear();  // before looking again, so that nothing that comes meanwhile is missed
  const bool ended = input_ended();
  LEAT_TRY_ASSIGN(taken, read(std::min(rows_max, ctx.batch_rows()), ctx));
  if (taken > 0) return Produced::more();
  LEAT_TRY(log_->health());
  LEAT_TRY(input_health());
  if (ended && reader_->offset() == log_->next_offset()) return Produced::end();
  return Produced::idle(kLookAgain, wake_.fd());
}

Result<std::uint32_t> LogSource::read(std::uint32_t rows_max, Context& ctx) {
  std::uint32_t taken = 0;
  IngestRecord record;
  for (; taken < rows_max; ++taken) {
    LEAT_TRY_ASSIGN(const bool there, reader_->next(record));
    if (!there) break;
    read_bytes_ += record.bytes.size();
    if (Status decoded = decode(record, rows_); !decoded)
      ctx.reject(record.bytes, Error{decoded.error().code, decoded.error().message,
                                     fmt::format("{}:{}", config_.path.text, record.offset)});
  }
  if (!rows_.empty()) ctx.emit(kOut, rows_.finish().with_entered(ctx.now()));
  if (!checkpointed_ && read_bytes_ >= config_.segment.count) commit_read();
  return taken;
}

void LogSource::commit_read() {
  log_->commit_reader(reader_->offset());
  read_bytes_ = 0;
}

Status LogSource::on_timer(Timer, Context& ctx) {
  if (checkpointed_) return {};
  commit_read();
  ctx.start_timer(kCommit, kCommitEvery);
  return {};
}

Status LogSource::on_end(Context&) {
  if (!log_) return {};  // it did not get so far
  stop_input();
  if (!checkpointed_) commit_read();
  return log_->health();
}

void LogSource::save(StateWriter& state) const {
  checkpointed_ = true;
  saved_ = reader_->offset();
  state.write("offset", static_cast<std::int64_t>(saved_));
}

Status LogSource::load(StateReader& state) {
  std::int64_t offset = 0;
  LEAT_TRY(state.read("offset", offset));
  if (offset < 0) return fail(Code::storage_failed, "the saved offset is negative");
  checkpointed_ = true;
  saved_ = static_cast<std::uint64_t>(offset);
  loaded_ = saved_;
  return {};
}

Status LogSource::on_commit(Context&) {
  if (log_) log_->commit_reader(saved_);  // else it is that of the run before, and comes again with the next
  return {};
}

}  // namespace leat
