#include "infer/selection/shadow.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "infer/asking.hpp"
#include "infer/text_input.hpp"

namespace leat {
namespace {

/// Below the workers, so that a machine without a core to spare does not pay for shadows with the main path's
/// time. Threads have priorities of their own on Linux.
constexpr int kNice = 10;

}  // namespace

Agreement score_shadow(const ShadowModel& shadow, NullInput on_null, const Batch& rows,
                       const Batch& outputs) {
  const Question asked = make_question(shadow.inputs, on_null, rows);
  Agreement found;
  found.failed = rows.row_count() - asked.rows.row_count() + asked.absent.size();
  if (asked.rows.empty()) return found;
  const Prediction answer =
      ask(*shadow.model, asked.columns, shadow.inputs.counts, shadow.model->signature().batch_rows);
  std::vector<std::uint32_t> left_out = asked.absent;
  for (const Evaluated::Failed& failed : answer.failed) {
    if (std::ranges::binary_search(asked.absent, failed.row)) continue;
    left_out.push_back(failed.row);
    ++found.failed;
  }
  std::ranges::sort(left_out);
  const std::vector<std::uint32_t> both = others(asked.rows.row_count(), left_out);
  std::vector<std::uint32_t> places;
  for (const std::uint32_t row : both) places.push_back(asked.place(row));
  if (!both.empty())
    found.add(compare_outputs(outputs.take(places), answer.outputs.take(both), shadow.tolerance));
  return found;
}

Shadows::Shadows(std::vector<ShadowModel> models, NullInput on_null, std::uint64_t rows_max)
    : models_(std::move(models)), on_null_(on_null), rows_max_(rows_max) {
  counts_.models.resize(models_.size());
  thread_ = std::thread([this] { run(); });
}

Shadows::~Shadows() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  thread_.join();
}

void Shadows::offer(const Batch& rows, const Batch& outputs) {
  if (rows.empty()) return;
  const std::lock_guard lock(mutex_);
  counts_.offered += rows.row_count();
  // However large, one batch is always taken: else none of that size ever would be.
  if (rows_ != 0 && rows_ + rows.row_count() > rows_max_) {
    counts_.skipped += rows.row_count();
    return;
  }
  rows_ += rows.row_count();
  waiting_.push_back({rows, outputs});
  ready_.notify_one();
}

void Shadows::run() {
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice));
  for (const ShadowModel& shadow : models_) warm(*shadow.model);
  std::unique_lock lock(mutex_);
  while (true) {
    ready_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const Offer offer = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    std::vector<Agreement> found;
    for (const ShadowModel& shadow : models_)
      found.push_back(score_shadow(shadow, on_null_, offer.rows, offer.outputs));
    lock.lock();
    for (std::size_t at = 0; at < found.size(); ++at) counts_.models[at].add(found[at]);
    rows_ -= offer.rows.row_count();
    if (rows_ == 0 && when_idle_) std::exchange(when_idle_, nullptr)();
  }
}

bool Shadows::idle() const {
  const std::lock_guard lock(mutex_);
  return rows_ == 0;
}

void Shadows::when_idle(std::function<void()> tell) {
  const std::lock_guard lock(mutex_);
  if (rows_ == 0)
    tell();
  else
    when_idle_ = std::move(tell);
}

Shadows::Counts Shadows::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace leat
