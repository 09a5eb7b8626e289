#include "engine/router.hpp"

#include <leat/key_share.hpp>

namespace leat {

Router::Router(Route route, std::vector<Expression> keys, std::vector<Outlet*> outlets)
    : route_(route), keys_(std::move(keys)), outlets_(std::move(outlets)), rows_(outlets_.size()) {}

void Router::send(Batch batch, const Failed& failed) {
  if (outlets_.size() == 1 && route_ != Route::key) return outlets_[0]->send(std::move(batch));
  switch (route_) {
    case Route::all:
      for (Outlet* outlet : outlets_) outlet->send(batch);
      return;
    case Route::key:
      return send_by_key(batch, failed);
    case Route::paired:
    case Route::spread:
      return roomiest().send(std::move(batch));
  }
}

void Router::send_by_key(const Batch& batch, const Failed& failed) {
  const auto instances = static_cast<std::uint32_t>(outlets_.size());
  std::vector<bool> gone;
  hash_keys(batch, failed, gone);
  for (auto& rows : rows_) rows.clear();
  for (std::uint32_t row = 0; row < batch.row_count(); ++row)
    if (gone.empty() || !gone[row]) rows_[KeyShare::instance_of(hashes_[row], instances)].push_back(row);
  for (std::uint32_t instance = 0; instance < instances; ++instance) {
    const auto& rows = rows_[instance];
    if (rows.size() == batch.row_count())
      outlets_[instance]->send(batch);
    else if (!rows.empty())
      outlets_[instance]->send(batch.take(rows));
  }
}

// A row fails once, whichever of its keys does first.
void Router::hash_keys(const Batch& batch, const Failed& failed, std::vector<bool>& gone) {
  hashes_.assign(batch.row_count(), 0);
  for (const Expression& key : keys_) {
    const Evaluated evaluated = key.evaluate(batch);
    if (!evaluated.failed.empty()) gone.resize(batch.row_count());
    for (const Evaluated::Failed& failure : evaluated.failed) {
      if (!gone[failure.row]) failed(batch, failure.row, failure.error);
      gone[failure.row] = true;
    }
    mix_hashes(evaluated.values, hashes_);
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

}  // namespace leat
