#include "infer/remote/answer_order.hpp"

#include <algorithm>

namespace leat {

void AnswerOrder::add(std::uint64_t row, std::uint64_t key) {
  if (rule_ == Rule::none) return;
  lanes_[lane_of(key)].push_back({row, State::open});
  ++rows_;
}

void AnswerOrder::settle(std::uint64_t row, std::uint64_t key, bool answered,
                         std::vector<std::uint64_t>& go) {
  if (rule_ == Rule::none) {
    if (answered) go.push_back(row);
    return;
  }
  const auto found = lanes_.find(lane_of(key));
  std::deque<Entry>& lane = found->second;
  std::ranges::lower_bound(lane, row, {}, &Entry::row)->state = answered ? State::answered : State::gone;
  for (; !lane.empty() && lane.front().state != State::open; lane.pop_front(), --rows_)
    if (lane.front().state == State::answered) go.push_back(lane.front().row);
  if (lane.empty()) lanes_.erase(found);
}

}  // namespace leat
