#include "engine/timers.hpp"

#include <algorithm>

namespace leat {

void Timers::start(std::size_t owner, Timer timer, Instant deadline) {
  cancel(owner, timer);
  active_.push_back({owner, timer, ++generation_});
  heap_.push_back({deadline, generation_, owner, timer});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void Timers::cancel(std::size_t owner, Timer timer) {
  std::erase_if(active_, [&](const Active& entry) { return entry.owner == owner && entry.timer == timer; });
}

bool Timers::is_active(const Entry& entry) const {
  return std::ranges::any_of(active_,
                             [&](const Active& active) { return active.generation == entry.generation; });
}

void Timers::drop_inactive() {
  while (!heap_.empty() && !is_active(heap_.front())) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    heap_.pop_back();
  }
}

std::optional<Timers::Fired> Timers::pop_due(Instant now) {
  drop_inactive();
  if (heap_.empty() || heap_.front().deadline > now) return std::nullopt;
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const Entry entry = heap_.back();
  heap_.pop_back();
  cancel(entry.owner, entry.timer);
  return Fired{entry.owner, entry.timer};
}

std::optional<Instant> Timers::next_deadline() {
  drop_inactive();
  if (heap_.empty()) return std::nullopt;
  return heap_.front().deadline;
}

}  // namespace leat
