#include "publish/feed_ring.hpp"

#include <algorithm>

namespace leat {
namespace {

/// What one request may cost, in the answer and in looking for it.
constexpr std::size_t kItemsMax = 1000;
constexpr std::size_t kBytesMax = 1 << 20;
constexpr std::size_t kLookedAtMax = 20'000;
/// Of an item beside its body: the entry, the shared string, its places in two tables.
constexpr std::uint64_t kItemBytes = 160;

std::uint64_t cost(const std::string& body) {
  return body.size() + kItemBytes;
}

/// Collects items until one answer has enough.
class Collector {
 public:
  explicit Collector(FeedRing::Answer& answer) : answer_(answer) {}
  /// False: there is no room for it any more.
  bool add(const std::string& topic, const std::shared_ptr<const std::string>& body) {
    const std::size_t size = topic.size() + body->size();
    if (!answer_.items.empty() && (answer_.items.size() >= kItemsMax || bytes_ + size > kBytesMax))
      return false;
    bytes_ += size;
    answer_.items.push_back({topic, body});
    return true;
  }

 private:
  FeedRing::Answer& answer_;
  std::size_t bytes_ = 0;
};

}  // namespace

FeedRing::Topics::value_type& FeedRing::topic(std::string_view name) {
  if (const auto found = topics_.find(name); found != topics_.end()) return *found;
  return *topics_.emplace(name, Topic{}).first;
}

void FeedRing::add(std::string_view name, std::uint64_t seq, std::uint64_t total, std::string_view body,
                   Time now) {
  auto kept = std::make_shared<const std::string>(body);
  const std::lock_guard lock(mutex_);
  Topics::value_type& topic = this->topic(name);
  topic.second.last = seq;
  topic.second.totals.push_back(total);
  next_total_ = total + 1;
  bytes_ += cost(*kept);
  entries_.push_back({&topic, std::move(kept), now});
  while (bytes_ > limits_.bytes.count) drop_oldest();
}

void FeedRing::know(std::string_view name, std::uint64_t last) {
  const std::lock_guard lock(mutex_);
  topic(name).second.last = last;
}

void FeedRing::know_total(std::uint64_t last) {
  const std::lock_guard lock(mutex_);
  next_total_ = last + 1;
}

void FeedRing::expire(Time now) {
  const std::lock_guard lock(mutex_);
  while (!entries_.empty() && entries_.front().time + limits_.age < now) drop_oldest();
}

void FeedRing::drop_oldest() {
  Topic& topic = entries_.front().topic->second;
  if (++topic.first * 2 >= topic.totals.size()) {
    topic.totals.erase(topic.totals.begin(), topic.totals.begin() + static_cast<std::ptrdiff_t>(topic.first));
    topic.first = 0;
  }
  bytes_ -= cost(*entries_.front().body);
  entries_.pop_front();
}

FeedRing::Answer FeedRing::find(const Query& query) const {
  const std::lock_guard lock(mutex_);
  return query.by == Query::By::topic ? find_topic(query) : find_prefix(query);
}

FeedRing::Answer FeedRing::find_topic(const Query& query) const {
  Answer answer;
  const auto found = topics_.find(query.text);
  if (found == topics_.end()) return answer;
  const Topic& topic = found->second;
  answer.last = topic.last;
  answer.oldest = topic.last - (topic.totals.size() - topic.first) + 1;
  const std::uint64_t first_total = next_total_ - entries_.size();
  Collector collector(answer);
  for (std::uint64_t seq = std::max(query.from, answer.oldest); seq <= std::min(query.to, answer.last);
       ++seq) {
    const std::uint64_t total = topic.totals[topic.first + (seq - answer.oldest)];
    if (collector.add(found->first, entries_[total - first_total].body)) continue;
    answer.next = seq;
    break;
  }
  return answer;
}

FeedRing::Answer FeedRing::find_prefix(const Query& query) const {
  Answer answer;
  answer.last = next_total_ - 1;
  answer.oldest = next_total_ - entries_.size();
  Collector collector(answer);
  std::size_t looked_at = 0;
  for (std::uint64_t total = std::max(query.from, answer.oldest); total <= std::min(query.to, answer.last);
       ++total) {
    const Entry& entry = entries_[total - answer.oldest];
    if (++looked_at <= kLookedAtMax &&
        (!entry.topic->first.starts_with(query.text) || collector.add(entry.topic->first, entry.body)))
      continue;
    answer.next = total;
    break;
  }
  return answer;
}

}  // namespace leat
