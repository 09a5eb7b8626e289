#include "engine/router.hpp"

#include <bit>

#include "base/hash.hpp"
#include "engine/key_groups.hpp"

namespace leat {

Router::Router(Route route, Expression key, std::vector<Outlet*> outlets)
    : route_(route), key_(std::move(key)), outlets_(std::move(outlets)), rows_(outlets_.size()) {}

void Router::send(const Batch& batch, const Failed& failed) {
  if (outlets_.size() == 1 && route_ != Route::key) return outlets_[0]->send(batch);
  switch (route_) {
    case Route::all:
      for (Outlet* outlet : outlets_) outlet->send(batch);
      return;
    case Route::key:
      return send_by_key(batch, failed);
    case Route::spread:
      return roomiest().send(batch);
  }
}

void Router::send_by_key(const Batch& batch, const Failed& failed) {
  const Evaluated keys = key_.evaluate(batch);
  const auto instances = static_cast<std::uint32_t>(outlets_.size());
  if (instances == 1 && keys.failed.empty()) return outlets_[0]->send(batch);
  for (auto& rows : rows_) rows.clear();
  auto next_failed = keys.failed.begin();
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    if (next_failed != keys.failed.end() && next_failed->row == row) {
      failed(batch, row, next_failed->error);
      ++next_failed;
      continue;
    }
    rows_[instance_of_group(key_group(hash_of_row(keys.values, row)), instances)].push_back(row);
  }
  for (std::uint32_t instance = 0; instance < instances; ++instance) {
    const auto& rows = rows_[instance];
    if (rows.size() == batch.row_count())
      outlets_[instance]->send(batch);
    else if (!rows.empty())
      outlets_[instance]->send(batch.take(rows));
  }
}

// Most credit first; among equals the next in turn, so that idle instances share the work.
Outlet& Router::roomiest() {
  std::size_t best = (last_ + 1) % outlets_.size();
  for (std::size_t step = 2; step <= outlets_.size(); ++step) {
    const std::size_t at = (last_ + step) % outlets_.size();
    if (outlets_[at]->room() > outlets_[best]->room()) best = at;
  }
  last_ = best;
  return *outlets_[best];
}

std::uint64_t hash_of_row(const Column& column, std::uint32_t row) {
  if (column.is_null(row)) return hash_of(std::uint64_t{0x6c656174});
  switch (column.type()) {
    case Type::boolean:
      return hash_of(static_cast<std::uint64_t>(column.boolean(row)));
    case Type::int64:
    case Type::timestamp:
      return hash_of(static_cast<std::uint64_t>(column.int64(row)));
    case Type::float64: {
      const double value = column.float64(row);
      return hash_of(std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value));  // -0.0 equals 0.0
    }
    case Type::string:
    case Type::bytes:
    case Type::any:
      return hash_of(column.text(row));
    case Type::float32_list: {
      const auto values = column.floats(row);
      return hash_of(std::string_view(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
    }
  }
  return 0;
}

}  // namespace leat
