#include "transform/lookup_table.hpp"

namespace leat {

bool LookupTable::put(std::string_view key, std::uint32_t row) {
  const auto at = rows_.find(key);
  if (at == rows_.end()) {
    if (rows_.size() >= rows_max_) return false;
    rows_.emplace(key, store_.keep(open_, row));
    return true;
  }
  store_.drop(at->second);
  at->second = store_.keep(open_, row);
  ++replaced_;
  return true;
}

void LookupTable::end() {
  store_.close(open_);
  if (!store_.wasteful()) return;
  store_.compact([&](auto&& move) {
    for (auto& [key, at] : rows_) move(at);
  });
}

}  // namespace leat
