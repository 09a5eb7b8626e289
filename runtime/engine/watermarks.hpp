#pragma once

#include <leat/clock.hpp>
#include <vector>

namespace leat {

/// The watermark of an actor with several inputs: the least of those that are neither idle nor ended; never
/// goes back. Pure. See "The Dataflow Model" (Akidau et al., VLDB 2015) and Flink's idleness rule.
class WatermarkMerger {
 public:
  explicit WatermarkMerger(std::size_t inputs) : inputs_(inputs) {}

  /// True when the merged watermark or idleness changed.
  bool update(std::size_t input, Time watermark, bool idle) {
    Input& state = inputs_[input];
    state.watermark = std::max(state.watermark, watermark);
    state.idle = idle;
    return merge();
  }
  bool end(std::size_t input) {
    inputs_[input].ended = true;
    return merge();
  }

  /// Goes on from a checkpoint: not behind this.
  void restore(Time watermark) { merged_ = std::max(merged_, watermark); }

  Time watermark() const { return merged_; }
  std::size_t inputs() const { return inputs_.size(); }
  bool ended(std::size_t input) const { return inputs_[input].ended; }
  bool idle() const { return idle_; }
  bool all_ended() const {
    for (const Input& input : inputs_)
      if (!input.ended) return false;
    return true;
  }

 private:
  struct Input {
    Time watermark = kTimeMin;
    bool idle = false;
    bool ended = false;
  };

  bool merge() {
    Time least = kTimeMax;
    bool any_active = false, any_open = false;
    for (const Input& input : inputs_) {
      any_open = any_open || !input.ended;
      if (input.ended || input.idle) continue;
      any_active = true;
      least = std::min(least, input.watermark);
    }
    const bool idle = any_open && !any_active;
    // With every open input idle there is nothing to wait for, but also no time to go to: it stands still.
    const Time next = idle ? merged_ : std::max(merged_, least);
    const bool changed = next != merged_ || idle != idle_;
    merged_ = next;
    idle_ = idle;
    return changed;
  }

  std::vector<Input> inputs_;
  Time merged_ = kTimeMin;
  bool idle_ = false;
};

}  // namespace leat
