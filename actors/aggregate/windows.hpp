#pragma once

#include "aggregate/groups.hpp"

namespace leat {

/// Microseconds since 1970, [start, end).
struct Window {
  std::int64_t start = 0;
  std::int64_t end = 0;
};

/// Where results go, one group at a time.
class WindowResults {
 public:
  virtual ~WindowResults() = default;
  /// `window` is null for windows that know no time. `final`: nothing follows for this window and key.
  virtual void add(const Groups& groups, std::uint32_t group, const Window* window, bool final) = 0;
};

/// How the stream is cut.
struct WindowSpec {
  enum class Kind : std::uint8_t { panes, sessions, count, none };
  Kind kind = Kind::none;
  std::int64_t size_us = 0;  ///< panes: tumbling and hopping
  std::int64_t every_us = 0;
  std::int64_t gap_us = 0;  ///< sessions
  std::int64_t rows = 0;    ///< count
  std::int64_t lateness_us = 0;
  bool previews_on_timer = false;  ///< `emit_every`: changes are shown then, not at once
  std::uint32_t groups_max = 0;    ///< over all open windows
};

/// The open windows of one actor instance. A window's last row is final and comes when the watermark has
/// passed its end and the lateness; rows before it are previews. A row at the watermark itself is late
/// (Flink's rule: a window [start, end) ends with the watermark end - 1 us). One thread.
class Windows {
 public:
  virtual ~Windows() = default;

  /// Rows of the input that were not taken.
  struct Untaken {
    std::vector<std::uint32_t> late;
    std::vector<std::uint32_t> refused;  ///< no room for another group
  };
  virtual void add(const WindowRows& input, std::span<const std::uint32_t> rows, Untaken& untaken,
                   WindowResults& results) = 0;
  /// Event time is complete up to here.
  virtual void advance(std::int64_t watermark, WindowResults& results) = 0;
  /// What changed since the last time, for all open windows.
  virtual void preview(WindowResults& results) = 0;
  /// The end of the stream: every open window gets its final row.
  virtual void close(WindowResults& results) = 0;
  /// The least watermark at which `advance` has something to do; INT64_MAX if none.
  virtual std::int64_t next_deadline() const = 0;
  virtual void save(StateOut& out) const = 0;
  /// Adds what was saved, of another instance only what `keep` keeps.
  virtual void load(StateIn& in, const KeepKeys& keep) = 0;
  virtual std::uint32_t group_count() const = 0;
  virtual std::size_t byte_size() const = 0;
};

std::unique_ptr<Windows> make_windows(const WindowSpec& spec, const GroupShape& shape);

// Parts of the above, by file.
std::unique_ptr<Windows> make_pane_windows(const WindowSpec& spec, const GroupShape& shape);
std::unique_ptr<Windows> make_session_windows(const WindowSpec& spec, const GroupShape& shape);
std::unique_ptr<Windows> make_count_windows(const WindowSpec& spec, const GroupShape& shape);
std::unique_ptr<Windows> make_running_totals(const WindowSpec& spec, const GroupShape& shape);

/// a + b without overflow.
inline std::int64_t plus(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? INT64_MAX : INT64_MIN;
}
/// Greatest multiple of `step` up to `time`, before 1970 too.
inline std::int64_t floor_to(std::int64_t time, std::int64_t step) {
  const std::int64_t rest = time % step;
  return plus(time, -(rest < 0 ? rest + step : rest));
}

}  // namespace leat
