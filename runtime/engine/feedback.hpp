#pragma once

#include "engine/watermarks.hpp"

namespace leat {

/// When a loop of feedback links is empty, so that the actor at its head may end. Pure.
///
/// Feedback inputs take no part in the watermark of the head: it would wait for itself. Once all other inputs
/// have ended, the head sends its watermark round the loop in numbered rounds, at the far end of time. A
/// watermark follows all rows before it, and what holds rows back holds it back too; so when a round comes
/// back and no rows came over the loop since it left, everywhere, nothing is under way. Each round says
/// whether the one before was quiet; the minimum over all instances of the head is what they agree on.
class FeedbackRounds {
 public:
  /// Beyond every time that rows can have: the last 12 days of the year 294247.
  static constexpr Time kFirst = kTimeMax - Duration(std::int64_t{1} << 40);

  explicit FeedbackRounds(const std::vector<bool>& feedback) : merger_(feedback.size()) {
    for (std::size_t input = 0; input < feedback.size(); ++input)
      if (!feedback[input]) merger_.end(input);
  }

  void rows_came() { quiet_ = false; }
  void update(std::size_t input, Time watermark) { merger_.update(input, watermark, false); }
  void end(std::size_t input) { merger_.end(input); }

  /// All inputs that are no feedback have ended.
  void begin() {
    round_ = 1;
    quiet_ = true;
  }
  bool begun() const { return round_ > 0; }
  bool ended() const { return ended_; }
  /// The head forwards no watermark beyond this.
  Time limit() const { return ended_ ? kTimeMax : begun() ? mark(round_, was_quiet_) : kFirst; }

  /// True when the round is back from everywhere: the next one begins, or the loop is found empty.
  bool turn() {
    if (!begun() || ended_ || merger_.watermark() < mark(round_, false)) return false;
    ended_ = merger_.watermark() >= mark(round_, true);
    was_quiet_ = quiet_;
    quiet_ = true;
    ++round_;
    return true;
  }

 private:
  static Time mark(std::int64_t round, bool quiet) { return kFirst + Duration(2 * round + (quiet ? 1 : 0)); }

  WatermarkMerger merger_;
  std::int64_t round_ = 0;
  bool quiet_ = false;      // no rows since this round began
  bool was_quiet_ = false;  // nor in the one before
  bool ended_ = false;
};

}  // namespace leat
