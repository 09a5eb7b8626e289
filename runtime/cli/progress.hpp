#pragma once

#include <leat/runner.hpp>

namespace leat::cli {

/// Redraws one line per actor on a terminal; prints nothing elsewhere. One thread.
class Progress {
 public:
  explicit Progress(bool enabled) : enabled_(enabled) {}
  void show(const RunSummary& now);
  /// Removes the lines, so that what follows starts clean.
  void clear();

 private:
  bool enabled_;
  std::size_t lines_ = 0;
  double last_s_ = 0;
  std::map<std::string, std::uint64_t> last_;
};

/// The table at the end of a run.
std::string summary_text(const RunSummary& summary);
/// The same as one JSON object.
std::string summary_json(const RunSummary& summary);

}  // namespace leat::cli
