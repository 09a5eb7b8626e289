#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.hpp"
#include "common/options.hpp"
#include "common/result.hpp"
#include "common/usage.hpp"

// JSON lines into fields: how fast, all seven of them? Every contender reads the same lines from one padded
// buffer and folds every field of every row into the same totals.
namespace leat::bench::json {

/// Behind the last line, so that a parser may read past any line's end.
inline constexpr std::size_t kPaddingBytes = 64;

/// What a contender must find in the lines.
struct Totals {
  std::uint64_t rows = 0;
  std::int64_t times = 0;
  std::uint64_t texts = 0;

  void add_time(std::int64_t time) { times += time; }
  /// Length, first eight and last eight bytes: a text that is cut, shifted or another's is noticed.
  void add_text(std::string_view text) {
    std::uint64_t first = 0, last = 0;
    const std::size_t size = text.size() < 8 ? text.size() : 8;
    std::memcpy(&first, text.data(), size);
    std::memcpy(&last, text.data() + text.size() - size, size);
    texts += text.size() + first + 3 * last;
  }
  bool operator==(const Totals&) const = default;
};

struct Lines {
  std::string text;  ///< With padding.
  std::vector<std::uint32_t>
      begin;      ///< Of each line, and one more: the end of the last. A line ends with LF.
  Totals totals;  ///< Of one pass over all lines.

  std::size_t count() const { return begin.size() - 1; }
  std::string_view line(std::size_t index) const {
    return std::string_view(text).substr(begin[index], begin[index + 1] - begin[index] - 1);
  }
};

/// 65,536 ad events of about 262 bytes, always the same ones.
Lines make_lines();

/// Times `pass(lines, totals)`, which reads all lines once, until `options.events` rows are read, and checks
/// the totals.
template <class Pass>
void run_passes(const Options& options, RunResult& result, Pass&& pass) {
  const Lines lines = make_lines();
  const std::uint64_t passes = (options.events + lines.count() - 1) / lines.count();
  Totals found;
  // One pass to fault the memory in.
  pass(lines, found);
  bool ok = found == lines.totals;
  const double cpu_before = cpu_seconds(Charge::self);
  const std::int64_t begin_ns = now_ns();
  for (std::uint64_t i = 0; i < passes; ++i) {
    found = {};
    pass(lines, found);
    ok = ok && found == lines.totals;
  }
  result.secs = double(now_ns() - begin_ns) * 1e-9;
  result.cpu_s = cpu_seconds(Charge::self) - cpu_before;
  result.events = passes * lines.count();
  result.rss_mb = peak_rss_mb();
  result.ok = ok;
}

/// The contenders.
void run_loop(const Options& options, RunResult& result);
void run_columns(const Options& options, RunResult& result);
void run_leat(const Options& options, RunResult& result);

}  // namespace leat::bench::json
