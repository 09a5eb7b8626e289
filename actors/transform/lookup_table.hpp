#pragma once

#include <unordered_map>

#include "transform/row_key.hpp"
#include "transform/row_store.hpp"

namespace leat {

/// The newest row of every key. Rows of one schema; at most `rows_max` keys.
class LookupTable {
 public:
  explicit LookupTable(std::uint64_t rows_max) : rows_max_(rows_max) {}

  /// Takes the rows of a batch one by one between `begin` and `end`.
  void begin(const Batch& batch) { open_ = store_.open(batch); }
  /// False when this is a new key and there is no room for it.
  bool put(std::string_view key, std::uint32_t row);
  void end();

  /// Null when the table has no row of that key. Valid until rows are put.
  const RowStore::At* find(std::string_view key) const {
    const auto at = rows_.find(key);
    return at == rows_.end() ? nullptr : &at->second;
  }
  const Batch& batch(RowStore::At at) const { return store_.batch(at.slot); }
  std::uint64_t size() const { return rows_.size(); }
  std::uint64_t replaced() const { return replaced_; }  ///< rows that gave way to a newer one
  template <class Visit>
  void visit(Visit&& visit) const {
    for (const auto& [key, at] : rows_) visit(key, batch(at), at.row);
  }

 private:
  std::uint64_t rows_max_;
  std::uint64_t replaced_ = 0;
  std::uint32_t open_ = 0;
  RowStore store_;
  std::unordered_map<std::string, RowStore::At, KeyHash, std::equal_to<>> rows_;
};

}  // namespace leat
