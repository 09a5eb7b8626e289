// Sessions: per key, rows less than `gap` apart belong together. A row opens a session of its own, [time,
// time + gap), and sessions that overlap become one (Akidau et al., "The Dataflow Model", VLDB 2015).
#include <algorithm>
#include <queue>

#include "aggregate/windows.hpp"

namespace leat {
namespace {

class SessionWindows final : public Windows {
 public:
  SessionWindows(const WindowSpec& spec, const GroupShape& shape)
      : spec_(spec), shape_(shape), keys_(shape.form), folded_(shape), shown_(shape) {}

  // Sessions are found row by row; the rows are folded together, each into its session's slot.
  void add(const WindowRows& input, std::span<const std::uint32_t> rows, Untaken& untaken,
           WindowResults& results) override {
    input_ = &input;
    numbers_.resize(rows.size());
    keys_.find_or_add(*input.keys, rows, UINT32_MAX, numbers_);
    by_key_.resize(keys_.size());
    for (std::size_t at = 0; at < rows.size(); ++at) place(rows[at], numbers_[at], untaken);
    fold_waiting();
    if (!spec_.previews_on_timer) show_changed(true, results);
    forget_dead_keys();
  }

  void advance(std::int64_t watermark, WindowResults& results) override {
    watermark_ = std::max(watermark_, watermark);
    while (!due_.empty() && due_.top().time <= watermark_) {
      const Due due = due_.top();
      due_.pop();
      Session& session = sessions_[due.session];
      if (!session.open || session.opened != due.opened) continue;
      if (closes_at(session) <= watermark_) {
        show(due.session, true, results);
        end(due.session);
      } else if (ends_at(session) <= watermark_ && !session.fired) {
        show(due.session, false, results);
        session.fired = true;
        session.changed = false;
        due_.push({closes_at(session), due.session, session.opened});
      } else {
        due_.push({session.fired ? closes_at(session) : ends_at(session), due.session, session.opened});
      }
    }
    forget_dead_keys();
  }

  void preview(WindowResults& results) override { show_changed(false, results); }
  void close(WindowResults& results) override { advance(INT64_MAX, results); }
  std::int64_t next_deadline() const override { return due_.empty() ? INT64_MAX : due_.top().time; }
  std::uint32_t group_count() const override { return open_; }
  std::size_t byte_size() const override {
    return keys_.byte_size() + folded_.byte_size() + sessions_.capacity() * sizeof(Session);
  }

  void save(StateOut& out) const override {
    out.put(watermark_);
    out.put(open_);
    for (std::uint32_t at = 0; at < sessions_.size(); ++at) {
      const Session& session = sessions_[at];
      if (!session.open) continue;
      keys_.save(session.key, out);
      out.put(session.start);
      out.put(session.last);
      out.put(session.fired);
      out.put(session.changed);
      for (std::size_t function = 0; function < folded_.function_count(); ++function)
        folded_.function(function).save(at, out);
    }
  }
  void load(StateIn& in, const KeepKeys& keep) override {
    if (!keep) return load_all(in);
    SessionWindows loaded(spec_, shape_);
    loaded.load_all(in);
    watermark_ = std::max(watermark_, loaded.watermark_);
    const std::vector<bool> ours = keep(loaded.keys_);
    for (std::uint32_t at = 0; at < loaded.sessions_.size(); ++at)
      if (ours[loaded.sessions_[at].key]) adopt(loaded, at);
  }

 private:
  void load_all(StateIn& in) {
    watermark_ = in.get<std::int64_t>();
    for (std::uint32_t left = in.get_count(sizeof(std::int64_t)); left > 0 && in.ok(); --left) {
      const std::uint32_t key = keys_.load(in);
      by_key_.resize(keys_.size());
      const auto start = in.get<std::int64_t>();
      const std::uint32_t at = begin(key, start, in.get<std::int64_t>());
      sessions_[at].fired = in.get<bool>();
      sessions_[at].changed = in.get<bool>();
      if (sessions_[at].changed) changed_.push_back(at);
      for (std::size_t function = 0; function < folded_.function_count(); ++function)
        folded_.function(function).load(at, in);
    }
  }

  void adopt(const SessionWindows& from, std::uint32_t session) {
    const Session& there = from.sessions_[session];
    const std::uint32_t key = keys_.find_or_add(from.keys_, there.key);
    by_key_.resize(keys_.size());
    const std::uint32_t at = begin(key, there.start, there.last);
    sessions_[at].fired = there.fired;
    sessions_[at].changed = there.changed;
    if (there.changed) changed_.push_back(at);
    for (std::size_t function = 0; function < folded_.function_count(); ++function)
      folded_.function(function).merge(at, from.folded_.function(function), session);
  }

  struct Session {
    std::uint32_t key = 0;
    std::int64_t start = 0;
    std::int64_t last = 0;     // time of the latest row; the session ends a gap later
    std::uint64_t opened = 0;  // tells sessions apart that used the same slot
    bool open = false;
    bool fired = false;  // shown on time
    bool changed = false;
  };
  struct Due {
    std::int64_t time;
    std::uint32_t session;
    std::uint64_t opened;
    friend bool operator<(const Due& a, const Due& b) {
      return a.time != b.time ? a.time > b.time : a.opened > b.opened;
    }
  };

  std::int64_t end_of(const Session& session) const { return plus(session.last, spec_.gap_us); }
  std::int64_t ends_at(const Session& session) const { return plus(end_of(session), -1); }
  std::int64_t closes_at(const Session& session) const { return plus(ends_at(session), spec_.lateness_us); }

  void place(std::uint32_t row, std::uint32_t key, Untaken& untaken) {
    const std::int64_t time = input_->times[row];
    std::uint32_t into = UINT32_MAX;
    auto& mine = by_key_[key];
    for (std::size_t at = 0; at < mine.size();) {
      Session& session = sessions_[mine[at]];
      const bool overlaps = time < end_of(session) && session.start < plus(time, spec_.gap_us);
      if (!overlaps) {
        ++at;
      } else if (into == UINT32_MAX) {
        into = mine[at++];
        session.start = std::min(session.start, time);
        session.last = std::max(session.last, time);
      } else {
        fold_waiting();
        join(into, mine[at]);
        mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
    if (into == UINT32_MAX) {
      if (plus(plus(time, spec_.gap_us - 1), spec_.lateness_us) <= watermark_) {
        untaken.late.push_back(row);
        return;
      }
      if (open_ >= spec_.groups_max) {
        untaken.refused.push_back(row);
        return;
      }
      into = begin(key, time, time);
    }
    if (!sessions_[into].changed) changed_.push_back(into);
    sessions_[into].changed = true;
    waiting_rows_.push_back(row);
    waiting_sessions_.push_back(into);
  }

  std::uint32_t begin(std::uint32_t key, std::int64_t start, std::int64_t last) {
    std::uint32_t at = static_cast<std::uint32_t>(sessions_.size());
    if (free_.empty()) {
      sessions_.emplace_back();
    } else {
      at = free_.back();
      free_.pop_back();
    }
    sessions_[at] = {.key = key, .start = start, .last = last, .opened = ++opened_, .open = true};
    for (std::size_t function = 0; function < folded_.function_count(); ++function)
      folded_.function(function).grow(at + 1);
    live_keys_ += by_key_[key].empty() ? 1 : 0;
    by_key_[key].push_back(at);
    ++open_;
    due_.push({ends_at(sessions_[at]), at, opened_});
    return at;
  }

  // `from` becomes a part of `into`.
  void join(std::uint32_t into, std::uint32_t from) {
    Session& session = sessions_[into];
    session.start = std::min(session.start, sessions_[from].start);
    session.last = std::max(session.last, sessions_[from].last);
    for (std::size_t function = 0; function < folded_.function_count(); ++function)
      folded_.function(function).merge(into, folded_.function(function), from);
    release(from);
  }

  void end(std::uint32_t at) {
    auto& mine = by_key_[sessions_[at].key];
    std::erase(mine, at);
    live_keys_ -= mine.empty() ? 1 : 0;
    release(at);
  }

  void release(std::uint32_t at) {
    for (std::size_t function = 0; function < folded_.function_count(); ++function)
      folded_.function(function).reset(at);
    sessions_[at].open = false;
    free_.push_back(at);
    --open_;
  }

  void fold_waiting() {
    folded_.fold_functions(*input_, waiting_rows_, waiting_sessions_);
    waiting_rows_.clear();
    waiting_sessions_.clear();
  }

  void show_changed(bool only_fired, WindowResults& results) {
    std::vector<std::uint32_t> later;
    for (const std::uint32_t at : changed_) {
      if (!sessions_[at].open || !sessions_[at].changed) continue;
      if (only_fired && !sessions_[at].fired) {
        later.push_back(at);
        continue;
      }
      show(at, false, results);
      sessions_[at].changed = false;
    }
    changed_.swap(later);
  }

  // Results are read from groups whose key has the same number, so the session is copied into one.
  void show(std::uint32_t at, bool final, WindowResults& results) {
    const Session& session = sessions_[at];
    shown_.clear();
    shown_.add(keys_, session.key, folded_, at);
    const Window window{session.start, end_of(session)};
    results.add(shown_, 0, &window, final);
  }

  // The table only grows: it is made anew when most of its keys have no session.
  void forget_dead_keys() {
    if (keys_.size() < 1024 || live_keys_ * 2 > keys_.size()) return;
    KeyTable keys(shape_.form);
    std::vector<std::vector<std::uint32_t>> by_key;
    for (std::uint32_t key = 0; key < keys_.size(); ++key) {
      if (by_key_[key].empty()) continue;
      const std::uint32_t number = keys.find_or_add(keys_, key);
      for (const std::uint32_t at : by_key_[key]) sessions_[at].key = number;
      by_key.push_back(std::move(by_key_[key]));
    }
    keys_ = std::move(keys);
    by_key_ = std::move(by_key);
  }

  WindowSpec spec_;
  const GroupShape& shape_;
  KeyTable keys_;
  std::vector<std::vector<std::uint32_t>> by_key_;  // open sessions
  std::vector<Session> sessions_;
  std::vector<std::uint32_t> free_;
  Groups folded_;  // functions by session; its keys are unused
  Groups shown_;
  std::priority_queue<Due> due_;
  std::int64_t watermark_ = INT64_MIN;
  std::uint64_t opened_ = 0;
  std::uint32_t open_ = 0;
  std::uint32_t live_keys_ = 0;  // with an open session
  std::vector<std::uint32_t> changed_;
  const WindowRows* input_ = nullptr;  // during `add`
  std::vector<std::uint32_t> numbers_, waiting_rows_, waiting_sessions_;
};

}  // namespace

std::unique_ptr<Windows> make_session_windows(const WindowSpec& spec, const GroupShape& shape) {
  return std::make_unique<SessionWindows>(spec, shape);
}

}  // namespace leat
