// Tumbling and hopping windows. Rows are folded once, into panes of the greatest length that divides all
// windows (Li et al., "No pane, no gain", SIGMOD Record 2005); a hopping window is the sum of its panes.
#include <map>
#include <numeric>

#include "aggregate/windows.hpp"

namespace leat {
namespace {

class PaneWindows final : public Windows {
 public:
  PaneWindows(const WindowSpec& spec, const GroupShape& shape)
      : spec_(spec), shape_(shape), pane_us_(std::gcd(spec.size_us, spec.every_us)), merged_(shape) {}

  void add(const WindowRows& input, std::span<const std::uint32_t> rows, Untaken& untaken,
           WindowResults& results) override {
    bool changed_fired = false;
    if (const auto pane = only_pane(input, rows)) {
      changed_fired = fold(*pane, input, rows, untaken);
    } else {
      split(input, rows, untaken);
      for (const Part& part : parts_)
        if (!part.rows.empty()) changed_fired |= fold(part.start, input, part.rows, untaken);
    }
    if (changed_fired && !spec_.previews_on_timer) preview_fired(results);
  }

  void advance(std::int64_t watermark, WindowResults& results) override {
    watermark_ = std::max(watermark_, watermark);
    if (spec_.lateness_us > 0) fire_on_time(results);
    while (!panes_.empty() && closes_at(next_start_) <= watermark_) {
      emit(next_start_, true, false, results);
      close_window();
    }
  }

  void preview(WindowResults& results) override {
    for (std::int64_t start = next_start_; !panes_.empty() && start <= panes_.rbegin()->first;
         start = following(start))
      emit(start, false, true, results);
    clear_changed();
  }

  void close(WindowResults& results) override { advance(INT64_MAX, results); }

  std::int64_t next_deadline() const override { return panes_.empty() ? INT64_MAX : closes_at(next_start_); }
  std::uint32_t group_count() const override { return groups_; }
  std::size_t byte_size() const override {
    std::size_t bytes = 0;
    for (const auto& [start, pane] : panes_) bytes += pane.byte_size();
    return bytes;
  }

  void save(StateOut& out) const override {
    out.put(watermark_);
    out.put(next_start_);
    out.put(fired_until_);
    out.put(static_cast<std::uint32_t>(panes_.size()));
    for (const auto& [start, pane] : panes_) {
      out.put(start);
      pane.save(out);
    }
  }
  void load(StateIn& in, const KeepKeys& keep) override {
    watermark_ = std::max(watermark_, in.get<std::int64_t>());
    next_start_ = std::min(next_start_, in.get<std::int64_t>());
    fired_until_ = std::max(fired_until_, in.get<std::int64_t>());
    for (std::uint32_t left = in.get_count(sizeof(std::int64_t)); left > 0 && in.ok(); --left) {
      const auto pane = panes_.try_emplace(in.get<std::int64_t>(), shape_).first;
      const std::uint32_t before = pane->second.size();
      pane->second.load(in, keep);
      groups_ += pane->second.size() - before;
      if (pane->second.size() == 0) panes_.erase(pane);
    }
    if (panes_.empty()) next_start_ = INT64_MAX;
  }

 private:
  struct Part {
    std::int64_t start;
    std::vector<std::uint32_t> rows;
  };

  std::int64_t ends_at(std::int64_t start) const { return plus(plus(start, spec_.size_us), -1); }
  std::int64_t closes_at(std::int64_t start) const { return plus(ends_at(start), spec_.lateness_us); }
  // The first window that holds this pane.
  std::int64_t first_window_of(std::int64_t pane) const {
    const std::int64_t least = plus(plus(pane, pane_us_), -spec_.size_us);
    const std::int64_t start = floor_to(least, spec_.every_us);
    return start < least ? plus(start, spec_.every_us) : start;
  }
  // The first of them that the watermark has not closed.
  std::int64_t first_open_window_of(std::int64_t pane) const {
    const std::int64_t first = first_window_of(pane);
    if (closes_at(first) > watermark_) return first;
    const std::int64_t closed = plus(watermark_, -plus(spec_.size_us, spec_.lateness_us - 1));
    return std::max(first, plus(floor_to(closed, spec_.every_us), spec_.every_us));
  }

  // Usually a batch lies in one pane; nullopt if not, or if rows may be late.
  std::optional<std::int64_t> only_pane(const WindowRows& input, std::span<const std::uint32_t> rows) const {
    if (rows.empty() || rows.size() != input.times.size()) return std::nullopt;
    std::int64_t least = INT64_MAX, greatest = INT64_MIN;
    for (const std::int64_t time : input.times) {
      least = std::min(least, time);
      greatest = std::max(greatest, time);
    }
    const std::int64_t start = floor_to(least, pane_us_);
    if (greatest >= plus(start, pane_us_) || is_late(start)) return std::nullopt;
    return start;
  }

  // The last window that could hold it is closed.
  bool is_late(std::int64_t time) const { return closes_at(floor_to(time, spec_.every_us)) <= watermark_; }

  // Whether it changed a window that was shown on time.
  bool fold(std::int64_t start, const WindowRows& input, std::span<const std::uint32_t> rows,
            Untaken& untaken) {
    Groups& pane = panes_.try_emplace(start, shape_).first->second;
    const std::uint32_t before = pane.size();
    pane.fold(input, rows, spec_.groups_max - std::min(spec_.groups_max, groups_), untaken.refused);
    groups_ += pane.size() - before;
    if (pane.size() == 0) {
      panes_.erase(start);
      return false;
    }
    const std::int64_t first = first_open_window_of(start);
    next_start_ = std::min(next_start_, first);
    return first < fired_until_;
  }

  // Rows by pane: few, and next to each other.
  void split(const WindowRows& input, std::span<const std::uint32_t> rows, Untaken& untaken) {
    for (Part& part : parts_) part.rows.clear();
    Part* part = nullptr;
    std::int64_t begin = 0, end = 0;
    for (const std::uint32_t row : rows) {
      const std::int64_t time = input.times[row];
      if (part == nullptr || time < begin || time >= end) {
        begin = floor_to(time, pane_us_);
        end = plus(begin, pane_us_);
        part = is_late(time) ? nullptr : &part_of(begin);
        if (part == nullptr) {
          untaken.late.push_back(row);
          continue;
        }
      }
      part->rows.push_back(row);
    }
  }

  Part& part_of(std::int64_t start) {
    Part* free = nullptr;
    for (Part& part : parts_) {
      if (part.rows.empty()) {
        free = &part;
        continue;
      }
      if (part.start == start) return part;
    }
    if (free == nullptr) free = &parts_.emplace_back();
    free->start = start;
    return *free;
  }

  void fire_on_time(WindowResults& results) {
    if (panes_.empty()) return;
    std::int64_t start = std::max(next_start_, fired_until_);
    for (; ends_at(start) <= watermark_ && start <= panes_.rbegin()->first; start = following(start)) {
      if (closes_at(start) > watermark_) emit(start, false, false, results);
      fired_until_ = plus(start, spec_.every_us);
    }
  }

  void preview_fired(WindowResults& results) {
    for (std::int64_t start = next_start_; start < fired_until_ && start <= panes_.rbegin()->first;
         start = following(start))
      emit(start, false, true, results);
    clear_changed();
  }

  // The next window with data.
  std::int64_t following(std::int64_t start) const {
    const std::int64_t next = plus(start, spec_.every_us);
    const auto pane = panes_.lower_bound(next);
    if (pane == panes_.end()) return next;
    return std::max(next, first_open_window_of(pane->first));
  }

  void emit(std::int64_t start, bool final, bool only_changed, WindowResults& results) {
    const Window window{start, plus(start, spec_.size_us)};
    auto pane = panes_.lower_bound(start);
    const auto end = panes_.lower_bound(window.end);
    if (pane == end) return;
    const Groups* groups = &pane->second;
    if (std::next(pane) != end) {
      merged_.clear();
      for (; pane != end; ++pane) merged_.merge(pane->second);
      groups = &merged_;
    }
    for (std::uint32_t group = 0; group < groups->size(); ++group)
      if (!only_changed || groups->changed(group)) results.add(*groups, group, &window, final);
  }

  void close_window() {
    const std::int64_t next = plus(next_start_, spec_.every_us);
    while (!panes_.empty() && panes_.begin()->first < next) {
      groups_ -= panes_.begin()->second.size();
      panes_.erase(panes_.begin());
    }
    next_start_ = panes_.empty() ? INT64_MAX : std::max(next, first_window_of(panes_.begin()->first));
  }

  void clear_changed() {
    for (auto& [start, pane] : panes_) pane.clear_changed();
  }

  WindowSpec spec_;
  const GroupShape& shape_;
  std::int64_t pane_us_;
  std::map<std::int64_t, Groups> panes_;  // by start
  std::int64_t watermark_ = INT64_MIN;
  std::int64_t next_start_ = INT64_MAX;   // of the next window to close; INT64_MAX when no pane is open
  std::int64_t fired_until_ = INT64_MIN;  // windows that start before were shown on time
  std::uint32_t groups_ = 0;
  std::vector<Part> parts_;
  Groups merged_;
};

}  // namespace

std::unique_ptr<Windows> make_pane_windows(const WindowSpec& spec, const GroupShape& shape) {
  return std::make_unique<PaneWindows>(spec, shape);
}

}  // namespace leat
