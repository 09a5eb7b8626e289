#include "publish/feed_topics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <vector>

namespace leat {
namespace {

std::string random_id() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

}  // namespace

// Two runs from one checkpoint differ by the clock; and none is before the one that was saved, should the
// clock have gone back.
void FeedTopics::start(std::int64_t now_us) {
  if (feed_.empty()) feed_ = random_id();
  run_ = std::max(run_ + 1, now_us);
  for (auto& [name, topic] : topics_) topic.base = topic.seq;
}

Result<FeedTopic*> FeedTopics::find(std::string_view name) {
  if (const auto found = topics_.find(name); found != topics_.end()) return &found->second;
  if (topics_.size() >= topics_max_)
    return fail(Code::limit_reached,
                fmt::format("`{}` would be topic number {}; raise `topics`", name, topics_.size() + 1));
  return &topics_.emplace(name, FeedTopic{}).first->second;
}

void FeedTopics::save(StateWriter& state) const {
  std::map<std::string, std::int64_t> numbers;
  for (const auto& [name, topic] : topics_) numbers.emplace(name, static_cast<std::int64_t>(topic.seq));
  state.write("feed", std::string_view(feed_));
  state.write("run", run_);
  state.write("total", static_cast<std::int64_t>(total_));
  state.write("topics", numbers);
}

Status FeedTopics::load(const StateReader& state) {
  std::map<std::string, std::int64_t> numbers;
  std::int64_t total = 0;
  LEAT_TRY(state.read("feed", feed_));
  LEAT_TRY(state.read("run", run_));
  LEAT_TRY(state.read("total", total));
  LEAT_TRY(state.read("topics", numbers));
  total_ = static_cast<std::uint64_t>(total);
  for (const auto& [name, seq] : numbers) {
    FeedTopic& topic = topics_[name];
    topic.seq = topic.shown = static_cast<std::uint64_t>(seq);
  }
  return {};
}

std::string FeedTopics::counts() const {
  constexpr std::size_t kShown = 10;
  std::vector<std::pair<std::uint64_t, std::string_view>> topics;
  for (const auto& [name, topic] : topics_) topics.emplace_back(topic.seq, name);
  std::ranges::sort(topics, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::string text;
  for (std::size_t at = 0; at < std::min(topics.size(), kShown); ++at)
    text += fmt::format("{}{} {}", at == 0 ? "" : ", ", topics[at].second, topics[at].first);
  if (topics.size() > kShown) text += fmt::format(" and {} more", topics.size() - kShown);
  return text;
}

}  // namespace leat
