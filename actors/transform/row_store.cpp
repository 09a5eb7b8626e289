#include "transform/row_store.hpp"

namespace leat {

std::uint32_t RowStore::open(Batch batch) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  held_ += batch.row_count();
  slots_[slot] = {std::move(batch), 0, true};
  return slot;
}

void RowStore::close(std::uint32_t slot) {
  slots_[slot].open = false;
  if (slots_[slot].kept == 0) free(slot);
}

void RowStore::drop(At at) {
  Slot& slot = slots_[at.slot];
  LEAT_ASSERT(slot.kept > 0);
  --kept_;
  if (--slot.kept == 0 && !slot.open) free(at.slot);
}

void RowStore::free(std::uint32_t slot) {
  held_ -= slots_[slot].batch.row_count();
  slots_[slot].batch = {};
  free_.push_back(slot);
}

}  // namespace leat
