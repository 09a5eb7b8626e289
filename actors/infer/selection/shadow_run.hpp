#pragma once

#include <leat/context.hpp>

#include "infer/selection/shadow.hpp"

namespace leat {

/// The shadows of one instance of an actor: gives them what was answered, measures and reports. Owns two
/// timers of the actor.
class ShadowRun {
 public:
  /// Without models it does nothing.
  ShadowRun(std::vector<ShadowModel> models, NullInput on_null)
      : models_(std::move(models)), on_null_(on_null) {}

  void start();
  /// What a model said of these rows; those without input or answer are left out.
  void offer(const Question& asked, const Prediction& prediction);
  /// Nothing more will be offered. The actor has drained when `done`.
  void end(Context& ctx);
  bool done() const { return !shadows_ || told_; }
  /// Whether the timer is its own. `beside`: who answers the rows.
  bool on_timer(Timer timer, const std::string& beside, Context& ctx);
  void measure(Context& ctx) const;

 private:
  static constexpr Timer kDone{100};
  static constexpr Timer kLate{101};

  void tell(const std::string& beside, Context& ctx) const;

  std::vector<ShadowModel> models_;
  NullInput on_null_;
  std::optional<Shadows> shadows_;
  bool ended_ = false;
  bool told_ = false;
};

}  // namespace leat
