#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "log/reader.hpp"
#include "log/store.hpp"

namespace leat {
namespace {

using Steady = std::chrono::steady_clock;

/// What is written to one segment at once.
struct Group {
  std::string records;
  std::uint64_t first = 0;
  std::uint64_t end = 0;  ///< offset behind the last
  Time last_time{};
  bool rolls = false;  ///< begins a new segment
};

/// Appenders fill groups under the mutex; one thread at a time, that of `work`, takes them to the store
/// without holding it.
class Log final : public IngestLog, private LogExtent {
 public:
  Log(IngestLogOptions options, std::unique_ptr<LogStore> store)
      : options_(std::move(options)), store_(std::move(store)) {
    next_offset_ = store_->next_offset();
    durable_ = next_offset_;
    committed_ = commit_wanted_ = store_->reader_committed();
    last_time_ = store_->last_time();
    room_ = store_->room();
    publish_segments();
  }

  ~Log() override {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    work_cv_.notify_one();
    thread_.join();
  }

  void start() {
    if (options_.background) thread_ = std::thread([this] { run(); });
  }

  const Recovery& recovery() const override { return store_->recovery(); }

  Result<std::uint64_t> append(std::span<const Entry> entries) override;
  void flush() override;
  std::uint64_t durable() const override { return durable_.load(std::memory_order_acquire); }
  Status wait_durable(std::uint64_t offset, Duration most) override;
  void on_change(std::function<void()> callback) override {
    const std::lock_guard lock(mutex_);
    callbacks_.push_back(std::move(callback));
  }
  Status health() const override {
    const std::lock_guard lock(mutex_);
    return dead_ ? Status(Failure(*dead_)) : Status();
  }
  std::uint64_t oldest() const override {
    const std::lock_guard lock(mutex_);
    return segments_.front().base;
  }
  std::uint64_t next_offset() const override {
    const std::lock_guard lock(mutex_);
    return next_offset_;
  }
  std::uint64_t bytes_on_disk() const override {
    const std::lock_guard lock(mutex_);
    return bytes_on_disk_;
  }
  Result<std::uint64_t> find(const LogPosition& position) override;
  Result<std::unique_ptr<IngestLogReader>> read_from(std::uint64_t offset) override {
    LEAT_TRY(find({LogPosition::Kind::offset, offset, {}}));
    return make_log_reader(store_->folder(), *this, offset);
  }
  void commit_reader(std::uint64_t offset) override;
  std::uint64_t reader_committed() const override {
    const std::lock_guard lock(mutex_);
    return committed_;
  }
  void work() override;
  /// Deletes what may go and reserves the next segment: before the first record, too.
  Status tend();

 private:
  std::uint64_t readable_end() const override { return durable(); }
  std::optional<std::uint64_t> segment_of(std::uint64_t offset) const override;

  Status check_room(std::span<const Entry> entries) const;
  void add(const Entry& entry);
  void run();
  Instant next_work() const;
  Status write_groups(std::deque<Group>& groups);
  void publish_segments();
  void die(Error error);
  void announce();

  // How often a full disk is asked again, and old segments are looked for.
  static constexpr auto kRetry = std::chrono::milliseconds(200);
  static constexpr auto kTend = std::chrono::seconds(10);

  const IngestLogOptions options_;
  const std::unique_ptr<LogStore> store_;  // belongs to who works
  std::atomic<std::uint64_t> durable_{0};

  mutable std::mutex mutex_;
  std::condition_variable work_cv_;
  std::condition_variable durable_cv_;
  std::deque<Group> groups_;
  std::string recycled_;
  std::uint64_t waiting_bytes_ = 0;  // also those that are being written
  std::uint64_t next_offset_ = 0;
  Time last_time_{};
  std::uint64_t room_ = 0;  // in the segment that the next record goes to
  bool spare_ = false;      // a segment to go on in when that one is full
  std::optional<Error> why_no_spare_;
  std::uint64_t commit_wanted_ = 0;
  std::uint64_t committed_ = 0;
  std::vector<SegmentTime> segments_;
  std::uint64_t bytes_on_disk_ = 0;
  std::vector<std::function<void()>> callbacks_;
  std::optional<Error> dead_;
  bool flush_ = false;
  bool stopping_ = false;
  Instant group_due_{};
  Instant tend_due_{};
  std::thread thread_;
};

Status Log::check_room(std::span<const Entry> entries) const {
  if (dead_) return Failure(*dead_);
  const std::uint64_t segment = options_.segment_bytes - kHeadBytes;
  std::uint64_t total = 0;
  std::uint64_t room = room_;
  bool rolled = false;
  for (const Entry& entry : entries) {
    const std::uint64_t bytes = kHeadBytes + entry.bytes.size();
    total += bytes;
    if (total > segment)
      return fail(Code::too_large, fmt::format("more than a segment of the log holds ({})",
                                               to_text(Bytes{options_.segment_bytes})));
    if (bytes > room) {
      if (!rolled && !spare_)
        return why_no_spare_ ? Status(Failure(*why_no_spare_))
                             : Status(fail(Code::limit_reached, "the log is making room; try again"));
      rolled = true;
      room = segment;
    }
    room -= bytes;
  }
  if (waiting_bytes_ > 0 && waiting_bytes_ + total > options_.waiting_bytes_max)
    return fail(Code::limit_reached, "the disk is slower than what comes in; try again");
  return {};
}

void Log::add(const Entry& entry) {
  const std::uint64_t bytes = kHeadBytes + entry.bytes.size();
  const bool rolls = bytes > room_;
  if (rolls) {
    spare_ = false;
    room_ = options_.segment_bytes - kHeadBytes;
  }
  if (groups_.empty() || rolls) {
    Group& group = groups_.emplace_back();
    group.records = std::exchange(recycled_, {});
    group.records.clear();
    group.first = next_offset_;
    group.rolls = rolls;
  }
  Group& group = groups_.back();
  append_record(group.records, next_offset_, last_time_, entry);
  group.end = ++next_offset_;
  group.last_time = last_time_;
  room_ -= bytes;
  waiting_bytes_ += bytes;
}

Result<std::uint64_t> Log::append(std::span<const Entry> entries) {
  bool wake = false;
  std::uint64_t end = 0;
  {
    const std::lock_guard lock(mutex_);
    LEAT_TRY(check_room(entries));
    const bool first = groups_.empty();
    last_time_ = std::max(last_time_, options_.clock->now());
    for (const Entry& entry : entries) add(entry);
    end = next_offset_;
    if (first && !groups_.empty()) group_due_ = Steady::now() + options_.group_wait;
    wake = first || waiting_bytes_ >= options_.group_bytes;
  }
  if (wake) work_cv_.notify_one();
  return end;
}

void Log::flush() {
  {
    const std::lock_guard lock(mutex_);
    if (groups_.empty() || flush_) return;
    flush_ = true;
  }
  work_cv_.notify_one();
}

Status Log::wait_durable(std::uint64_t offset, Duration most) {
  std::unique_lock lock(mutex_);
  const bool done = durable_cv_.wait_for(lock, most, [&] { return dead_ || durable() >= offset; });
  if (durable() >= offset) return {};
  if (dead_) return Failure(*dead_);
  LEAT_ASSERT(!done);
  return fail(Code::limit_reached, fmt::format("not durable within {}", to_text(most)));
}

void Log::commit_reader(std::uint64_t offset) {
  {
    const std::lock_guard lock(mutex_);
    if (offset <= commit_wanted_) return;
    LEAT_ASSERT(offset <= next_offset_);
    commit_wanted_ = offset;
  }
  work_cv_.notify_one();
}

Result<std::uint64_t> Log::find(const LogPosition& position) {
  std::vector<SegmentTime> segments;
  {
    const std::lock_guard lock(mutex_);
    segments = segments_;
  }
  switch (position.kind) {
    case LogPosition::Kind::oldest:
      return segments.front().base;
    case LogPosition::Kind::latest:
      return durable();
    case LogPosition::Kind::offset:
      return find_offset(segments.front().base, durable(), position.offset);
    case LogPosition::Kind::time:
      break;
  }
  return find_time(store_->folder(), segments, durable(), position.time);
}

std::optional<std::uint64_t> Log::segment_of(std::uint64_t offset) const {
  const std::lock_guard lock(mutex_);
  const auto later = std::ranges::upper_bound(segments_, offset, {}, &SegmentTime::base);
  return later == segments_.begin() ? std::nullopt : std::optional(std::prev(later)->base);
}

Instant Log::next_work() const {
  if (stopping_ ||
      (!dead_ && (flush_ || waiting_bytes_ >= options_.group_bytes || commit_wanted_ > committed_)))
    return {};
  if (dead_) return Instant::max();
  return groups_.empty() ? tend_due_ : std::min(group_due_, tend_due_);
}

void Log::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    for (Instant due = next_work(); due > Steady::now(); due = next_work()) {
      if (due == Instant::max())
        work_cv_.wait(lock);
      else
        work_cv_.wait_until(lock, due);
    }
    const bool last = stopping_;
    lock.unlock();
    work();
    if (last) return;
    lock.lock();
  }
}

void Log::work() {
  std::deque<Group> groups;
  std::uint64_t commit = 0;
  {
    const std::lock_guard lock(mutex_);
    if (dead_) return;
    groups.swap(groups_);
    flush_ = false;
    if (commit_wanted_ > committed_) commit = commit_wanted_;
  }
  Status done = write_groups(groups);
  if (done && commit != 0) done = store_->keep_reader_committed(commit);
  if (done) done = tend();
  if (!done) return die(std::move(done).error());
  if (!groups.empty()) {
    const std::lock_guard lock(mutex_);
    recycled_ = std::move(groups.back().records);
  }
  announce();
}

// What comes before a roll is synced before it, so that only the last segment can ever be torn.
Status Log::write_groups(std::deque<Group>& groups) {
  for (Group& group : groups) {
    if (group.rolls) LEAT_TRY(store_->roll(group.last_time));
    finish_records(group.records, group.first);
    LEAT_TRY(store_->write(group.records, group.end, group.last_time));
    LEAT_TRY(store_->sync());
    {
      const std::lock_guard lock(mutex_);
      waiting_bytes_ -= group.records.size();
      publish_segments();
      durable_.store(group.end, std::memory_order_release);
    }
    durable_cv_.notify_all();
  }
  return {};
}

Status Log::tend() {
  const Time oldest_kept = options_.clock->now() - options_.age_max;
  const auto spare_bytes = [&] { return store_->has_spare() ? 0 : options_.segment_bytes; };
  const auto next_made = [&] { return store_->segments()[1].made; };
  while (store_->may_remove_oldest() &&
         (store_->bytes_on_disk() + spare_bytes() > options_.bytes_max || next_made() < oldest_kept)) {
    const LogStore::Segment oldest = store_->take_oldest();
    {
      const std::lock_guard lock(mutex_);
      publish_segments();
    }
    LEAT_TRY(store_->remove(oldest));
  }
  std::optional<Error> why;
  if (!store_->has_spare()) {
    if (store_->bytes_on_disk() + options_.segment_bytes > options_.bytes_max)
      why = Error{Code::limit_reached,
                  fmt::format("the log has {} (its `size`), and its records were not processed yet",
                              to_text(Bytes{store_->bytes_on_disk()})),
                  store_->folder().path};
    else if (Status reserved = store_->reserve_spare(); !reserved) {
      if (reserved.error().code != Code::storage_full) return reserved;
      why = std::move(reserved).error();
    }
  }
  const std::lock_guard lock(mutex_);
  publish_segments();
  committed_ = store_->reader_committed();
  // A group that rolls and is not written yet has taken the spare already.
  spare_ = store_->has_spare() && std::ranges::none_of(groups_, &Group::rolls);
  why_no_spare_ = std::move(why);
  tend_due_ = Steady::now() + (why_no_spare_ ? Instant::duration(kRetry) : Instant::duration(kTend));
  return {};
}

void Log::publish_segments() {
  segments_.clear();
  for (const LogStore::Segment& segment : store_->segments())
    segments_.push_back({segment.base, segment.made});
  bytes_on_disk_ = store_->bytes_on_disk();
}

void Log::die(Error error) {
  {
    const std::lock_guard lock(mutex_);
    error.message += "; nothing more is accepted. Look at the disk, then start again";
    dead_ = std::move(error);
    groups_.clear();
  }
  durable_cv_.notify_all();
  announce();
}

void Log::announce() {
  std::vector<std::function<void()>> callbacks;
  {
    const std::lock_guard lock(mutex_);
    callbacks = callbacks_;
  }
  for (const auto& callback : callbacks) callback();
}

Status check_options(const IngestLogOptions& options) {
  const auto wrong = [](std::string message) { return fail(Code::bad_value, std::move(message)); };
  if (options.segment_bytes < 4096 || options.segment_bytes > (256u << 20))
    return wrong("a segment must have 4KiB to 256MiB");
  if (options.bytes_max < 2 * options.segment_bytes)
    return wrong(fmt::format("the log must have room for two segments, {}",
                             to_text(Bytes{2 * options.segment_bytes})));
  return {};
}

}  // namespace

Result<std::unique_ptr<IngestLog>> IngestLog::open(IngestLogOptions options) {
  LEAT_TRY(check_options(options));
  LogDisk* disk = options.disk != nullptr ? options.disk : &system_disk();
  LEAT_TRY_ASSIGN(auto store,
                  LogStore::open({disk, options.folder}, options.segment_bytes, options.clock->now()));
  auto log = std::make_unique<Log>(std::move(options), std::move(store));
  LEAT_TRY(log->tend());
  log->start();
  return std::unique_ptr<IngestLog>(std::move(log));
}

}  // namespace leat
