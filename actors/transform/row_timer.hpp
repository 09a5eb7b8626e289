#pragma once

#include <leat/context.hpp>

namespace leat {

/// A timer that is due when the first of some held rows is: started anew only when that moment changes.
class RowTimer {
 public:
  /// `due`: microseconds since 1970; none: nothing is held.
  void await(std::optional<std::int64_t> due, Context& ctx) {
    if (due == awaited_) return;
    awaited_ = due;
    if (!due) return ctx.cancel_timer(kDue);
    const std::int64_t now = ctx.now().time_since_epoch().count();
    ctx.start_timer(kDue, Duration(*due > now ? *due - now : 0));
  }
  void fired() { awaited_.reset(); }

 private:
  static constexpr Timer kDue{0};
  std::optional<std::int64_t> awaited_;
};

}  // namespace leat
