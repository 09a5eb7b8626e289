#include "infer/model_slot.hpp"

#include <fmt/format.h>

namespace leat {
namespace {

std::string inputs_text(const ModelSignature& signature) {
  std::string text;
  for (const ModelInput& input : signature.inputs) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", input.name, input.wants);
    for (const std::string& feature : input.features) text += " " + feature;
  }
  return text;
}

}  // namespace

Status same_signature(const ModelSignature& before, const ModelSignature& after) {
  if (const std::string old = inputs_text(before), now = inputs_text(after); old != now)
    return fail(Code::model_mismatch, fmt::format("it wants other inputs: {} instead of {}", now, old));
  if (!before.outputs->same_fields(*after.outputs))
    return fail(Code::model_mismatch, fmt::format("it gives other outputs: {} instead of {}",
                                                  after.outputs->text(), before.outputs->text()));
  return {};
}

ModelSlot::~ModelSlot() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ModelSlot::watch(Duration every) {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable() || every.count() <= 0 || model_->identity().version.empty()) return;
  thread_ = std::thread([this, every] { run(every); });
}

void ModelSlot::run(Duration every) {
  std::unique_lock lock(mutex_);
  while (!ready_.wait_for(lock, every, [this] { return stopping_; })) {
    lock.unlock();
    look();
    lock.lock();
  }
}

void ModelSlot::look() {
  const ModelPtr current = model();
  const Result<ModelFile> file = find_model(source_, current->identity().engine);
  // A folder that has just been emptied, or is being written: there will be another look.
  if (!file || file->path() == current->identity().file || file->path() == refused_) return;
  Result<ModelPtr> next = load_model(*file, options_);
  Status fits =
      next ? same_signature(current->signature(), (*next)->signature()) : Status(Failure(next.error()));
  if (!fits) {
    refused_ = file->path();
    return tell({false, fmt::format("model {} is not taken, {} goes on: {}", file->identity.text(),
                                    current->identity().text(), fits.error().text())},
                current);
  }
  warm(**next);
  refused_.clear();
  tell({true,
        fmt::format("model {} takes the place of {}", file->identity.text(), current->identity().text())},
       *next);
}

void SlotView::start() {
  warm(*model_);
  slot_->watch(watch_);
}

void SlotView::look(Context& ctx) {
  if (slot_->generation() == generation_) return;
  generation_ = slot_->generation();
  model_ = slot_->model();
  const ModelSlot::Event event = slot_->last_event();
  if (ctx.instance() == 0) ctx.log(event.swapped ? LogLevel::info : LogLevel::warning, event.text);
}

void ModelSlot::tell(Event event, ModelPtr model) {
  {
    const std::lock_guard lock(mutex_);
    event_ = std::move(event);
    model_.swap(model);
  }
  generation_.fetch_add(1, std::memory_order_release);
}

}  // namespace leat
