#pragma once

#include <functional>
#include <leat/key_share.hpp>
#include <list>
#include <memory>
#include <unordered_map>

#include "anomaly/recent_scores.hpp"
#include "anomaly/scorer.hpp"

namespace leat {

/// What is known of one key.
struct History {
  std::string key;         ///< a MessagePack map of the key's columns
  std::uint64_t rows = 0;  ///< learnt
  std::unique_ptr<Scorer> scorer;
  RecentScores recent;
};

/// The histories of all keys of one instance, at most so many. One thread.
class Histories {
 public:
  struct Limits {
    std::uint64_t keys_max = 1;
    /// Full: the key that had no row for longest makes room. Otherwise there is none.
    bool forget = false;
    std::uint32_t scores_max = 1;  ///< that a key remembers
  };
  using MakeScorer = std::function<std::unique_ptr<Scorer>(std::uint64_t hash)>;
  Histories(Limits limits, MakeScorer make) : limits_(limits), make_(std::move(make)) {}

  /// Null: there is no room for another key. Valid until the next call.
  History* find_or_add(std::string_view key, std::uint64_t hash);
  std::size_t size() const { return by_age_.size(); }

  void save(StateOut& out) const;
  /// Adds what was saved; with a share, what is its own. Stays above the limit if that is more.
  void load(StateIn& in, const KeyShare* share, const SchemaPtr& key);
  std::size_t byte_size() const;

 private:
  History& add(std::string_view key, std::uint64_t hash);

  Limits limits_;
  MakeScorer make_;
  std::list<History> by_age_;  // with `forget` in the order of their last rows, the latest at the end
  std::unordered_map<std::string_view, std::list<History>::iterator> by_key_;  // views into `by_age_`
};

}  // namespace leat
