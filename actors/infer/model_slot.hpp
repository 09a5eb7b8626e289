#pragma once

#include <atomic>
#include <condition_variable>
#include <leat/context.hpp>
#include <mutex>
#include <thread>

#include "infer/engines.hpp"

namespace leat {

/// The model that the instances of one actor ask, which may be another from one call to the next. A thread of
/// its own looks into a versioned folder, opens a new version aside, warms it and puts it in place; whoever
/// is asking the old one finishes with it. A version that cannot be opened, or wants other inputs or gives
/// other outputs, changes nothing, and is looked at again when another takes its place. Any thread.
class ModelSlot {
 public:
  struct Event {
    bool swapped = false;  ///< else it was refused
    std::string text;
  };

  ModelSlot(ModelPtr model, ModelSource source, ModelOptions options)
      : source_(std::move(source)), options_(std::move(options)), model_(std::move(model)) {}
  ~ModelSlot();
  ModelSlot(const ModelSlot&) = delete;
  ModelSlot& operator=(const ModelSlot&) = delete;

  ModelPtr model() const {
    const std::lock_guard lock(mutex_);
    return model_;
  }
  /// Changes with every event; cheap to ask.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  Event last_event() const {
    const std::lock_guard lock(mutex_);
    return event_;
  }

  /// Starts the thread, if the model is of a versioned folder; again: nothing.
  void watch(Duration every);
  /// Looks once.
  void look();

 private:
  void run(Duration every);
  void tell(Event event, ModelPtr model);

  const ModelSource source_;
  const ModelOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable ready_;
  ModelPtr model_;
  Event event_;
  std::string refused_;  // the version that was
  std::atomic<std::uint64_t> generation_{0};
  bool stopping_ = false;
  std::thread thread_;
};

/// What one instance of an actor sees of a slot: the model it asks until it looks again. One thread.
class SlotView {
 public:
  SlotView(std::shared_ptr<ModelSlot> slot, Duration watch)
      : slot_(std::move(slot)), watch_(watch), model_(slot_->model()), generation_(slot_->generation()) {}

  /// Warms the model, and has the slot look for others every `watch`.
  void start();
  /// Takes the model that a swap has put in place. The first instance says so in the log.
  void look(Context& ctx);
  const Model& model() const { return *model_; }

 private:
  std::shared_ptr<ModelSlot> slot_;
  Duration watch_;
  ModelPtr model_;
  std::uint64_t generation_;
};

/// Whether a model may take another's place: the same inputs and outputs. The error says what differs.
Status same_signature(const ModelSignature& before, const ModelSignature& after);

}  // namespace leat
