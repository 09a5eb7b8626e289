#include "infer/selection/shadow_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "infer/text_input.hpp"

namespace leat {
namespace {

/// Time that shadows get to finish with what waits when the input has ended.
constexpr Duration kTimeAtEnd = std::chrono::seconds(5);
/// Rows that may wait for shadows.
constexpr std::uint64_t kRowsMax = 16'384;

}  // namespace

void ShadowRun::start() {
  if (!models_.empty()) shadows_.emplace(models_, on_null_, kRowsMax);
}

void ShadowRun::offer(const Question& asked, const Prediction& prediction) {
  if (!shadows_) return;
  std::vector<std::uint32_t> without = asked.absent;
  for (const Evaluated::Failed& failed : prediction.failed) without.push_back(failed.row);
  if (without.empty()) return shadows_->offer(asked.rows, prediction.outputs);
  std::ranges::sort(without);
  without.erase(std::unique(without.begin(), without.end()), without.end());
  const std::vector<std::uint32_t> answered = others(asked.rows.row_count(), without);
  shadows_->offer(asked.rows.take(answered), prediction.outputs.take(answered));
}

void ShadowRun::end(Context& ctx) {
  if (!shadows_ || std::exchange(ended_, true)) return;
  ctx.start_timer(kLate, kTimeAtEnd);
  shadows_->when_idle(ctx.waker(kDone));
}

bool ShadowRun::on_timer(Timer timer, const std::string& beside, Context& ctx) {
  if (timer != kDone && timer != kLate) return false;
  ctx.cancel_timer(kLate);
  if (!std::exchange(told_, true)) tell(beside, ctx);
  return true;
}

void ShadowRun::measure(Context& ctx) const {
  if (!shadows_) return;
  const Shadows::Counts counts = shadows_->counts();
  Agreement all;
  for (const Agreement& model : counts.models) all.add(model);
  ctx.measure("shadow_rows", all.rows);
  ctx.measure("shadow_agreed", all.agreed);
  ctx.measure("shadow_failed", all.failed);
  ctx.measure("shadow_skipped", counts.skipped);
}

void ShadowRun::tell(const std::string& beside, Context& ctx) const {
  measure(ctx);
  const Shadows::Counts counts = shadows_->counts();
  for (std::size_t at = 0; at < counts.models.size(); ++at) {
    const Agreement& found = counts.models[at];
    ctx.log(LogLevel::info,
            fmt::format("shadow {} beside {}: {}, {} skipped", models_[at].model->identity().text(), beside,
                        found.text(), counts.offered - found.rows - found.failed));
  }
}

}  // namespace leat
