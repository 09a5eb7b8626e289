#include "batch/schema_share.hpp"

namespace leat::detail {
namespace {

// Shares of the schemas that a thread has used last, with what it has counted but not yet handed out. Bound:
// kSlots schemas are kept alive for as long as the thread lives.
class Stock {
 public:
  Stock() = default;
  Stock(const Stock&) = delete;
  Stock& operator=(const Stock&) = delete;
  ~Stock() {
    for (Slot& slot : slots_) drop(slot);
  }

  const SchemaShare* take(const SchemaPtr& schema) {
    Slot& slot = slots_[(reinterpret_cast<std::uintptr_t>(schema.get()) >> 5) % kSlots];
    if (slot.share == nullptr || slot.share->schema != schema) {
      drop(slot);
      slot = {new SchemaShare{schema, kAtOnce}, kAtOnce};
    } else if (slot.left == 1) {  // the last one is kept: it holds the share
      slot.share->users.fetch_add(kAtOnce, std::memory_order_relaxed);
      slot.left += kAtOnce;
    }
    --slot.left;
    return slot.share;
  }

 private:
  static constexpr std::size_t kSlots = 16;
  static constexpr std::uint32_t kAtOnce = 1024;
  struct Slot {
    SchemaShare* share = nullptr;
    std::uint32_t left = 0;
  };

  static void drop(Slot& slot) {
    if (slot.share != nullptr &&
        slot.share->users.fetch_sub(slot.left, std::memory_order_acq_rel) == slot.left)
      delete slot.share;
    slot = {};
  }

  std::array<Slot, kSlots> slots_;
};

}  // namespace

const SchemaShare* SchemaShare::take(const SchemaPtr& schema) {
  thread_local Stock stock;
  return stock.take(schema);
}

void SchemaShare::release() const {
  auto& count = const_cast<SchemaShare*>(this)->users;
  if (count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

}  // namespace leat::detail
