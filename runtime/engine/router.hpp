#pragma once

#include "engine/plan.hpp"

namespace leat {

/// Where one output port's batches go over one link: to a consumer instance on the same worker by a call, or
/// to a sender.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void send(Batch batch) = 0;
  /// Rows it could take now: `spread` gives to the instance with most.
  virtual std::uint64_t room() const = 0;
};

/// Spreads the batches of one link from one producer instance over the consumer's instances. Worker thread
/// only.
class Router {
 public:
  /// `outlets` by consumer instance for key and all; for spread any number. They outlive the router.
  Router(Route route, std::vector<Expression> keys, std::vector<Outlet*> outlets);

  /// Rows whose key can't be computed are passed to `failed` and go nowhere.
  using Failed = std::function<void(const Batch&, std::uint32_t row, Error)>;
  void send(Batch batch, const Failed& failed);

 private:
  void send_by_key(const Batch& batch, const Failed& failed);
  void hash_keys(const Batch& batch, const Failed& failed, std::vector<bool>& gone);
  Outlet& roomiest();

  Route route_;
  std::vector<Expression> keys_;
  std::vector<Outlet*> outlets_;
  std::vector<std::vector<std::uint32_t>> rows_;  // by instance; these are kept for their memory
  std::vector<std::uint64_t> hashes_;
  std::size_t last_ = 0;
};

}  // namespace leat
