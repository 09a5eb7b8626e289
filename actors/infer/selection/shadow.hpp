#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "infer/question.hpp"
#include "infer/selection/agreement.hpp"
#include "infer/selection/shadow_model.hpp"

namespace leat {

/// Asks other models about rows that have been answered, and counts how far they agree. A thread of its own,
/// of low priority, does it: whoever offers rows goes on at once, and rows that find the queue full are
/// skipped and counted. Holds at most `rows_max` rows that wait. One instance of an actor owns it; `offer`,
/// `counts` and `when_idle` may be called while it works.
class Shadows {
 public:
  struct Counts {
    std::uint64_t offered = 0;  ///< rows, those skipped among them
    std::uint64_t skipped = 0;
    std::vector<Agreement> models;  ///< as they were given
  };

  Shadows(std::vector<ShadowModel> models, NullInput on_null, std::uint64_t rows_max);
  ~Shadows();
  Shadows(const Shadows&) = delete;
  Shadows& operator=(const Shadows&) = delete;

  /// Rows with the outputs of the model that answered them, one for one.
  void offer(const Batch& rows, const Batch& outputs);
  bool idle() const;
  /// `tell` is called by the thread as soon as nothing waits; at once, if that is so. Once.
  void when_idle(std::function<void()> tell);
  Counts counts() const;
  const std::vector<ShadowModel>& models() const { return models_; }

 private:
  struct Offer {
    Batch rows, outputs;
  };
  void run();

  const std::vector<ShadowModel> models_;
  const NullInput on_null_;
  const std::uint64_t rows_max_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Offer> waiting_;
  std::uint64_t rows_ = 0;  // waiting, or being scored
  std::function<void()> when_idle_;
  Counts counts_;
  bool stopping_ = false;
  std::thread thread_;
};

/// The shadow's answers beside the outputs of the model that answered.
Agreement score_shadow(const ShadowModel& shadow, NullInput on_null, const Batch& rows, const Batch& outputs);

}  // namespace leat
