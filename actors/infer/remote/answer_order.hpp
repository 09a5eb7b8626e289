#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

namespace leat {

/// Lets answers go in the order in which their rows came: within a key, among all, or not at all. Answers
/// wait for those before them, requests never do. A row without an answer holds nobody up once that is known.
/// Pure; one entry per row from `add` until it is let go.
class AnswerOrder {
 public:
  enum class Rule : std::uint8_t { none, by_key, all };

  explicit AnswerOrder(Rule rule) : rule_(rule) {}

  /// Rows come with rising numbers. `key`: its hash; two keys with one hash wait for each other in vain.
  void add(std::uint64_t row, std::uint64_t key);
  /// The row has its outcome, and `answered` says whether that is an answer. Appends the rows whose answers
  /// go now, in order.
  void settle(std::uint64_t row, std::uint64_t key, bool answered, std::vector<std::uint64_t>& go);
  /// Rows that have been added and are not gone; none without a rule.
  std::uint64_t rows() const { return rows_; }

 private:
  enum class State : std::uint8_t { open, answered, gone };
  struct Entry {
    std::uint64_t row;
    State state;
  };
  std::uint64_t lane_of(std::uint64_t key) const { return rule_ == Rule::by_key ? key : 0; }

  Rule rule_;
  std::unordered_map<std::uint64_t, std::deque<Entry>> lanes_;
  std::uint64_t rows_ = 0;
};

}  // namespace leat
