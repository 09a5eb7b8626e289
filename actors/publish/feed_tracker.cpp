#include "publish/feed_tracker.hpp"

namespace leat {

FeedTracker::Seen FeedTracker::advance(std::string_view feed, std::string_view topic,
                                       std::uint64_t next_before, std::uint64_t next_after) {
  Seen seen;
  if (feed != feed_) {
    seen.restarted = saw_start_ = !feed_.empty();
    feed_ = feed;
    next_.clear();
  }
  auto at = next_.find(topic);
  if (at == next_.end()) at = next_.emplace(topic, saw_start_ ? 1 : next_before).first;
  std::uint64_t& next = at->second;
  seen.fresh = next_before >= next;
  if (next_before > next) {
    seen.missed_from = next;
    seen.missed_to = next_before - 1;
  }
  if (next_after > next) next = next_after;
  return seen;
}

FeedTracker::Seen FeedTracker::item(std::string_view feed, std::string_view topic, std::uint64_t seq) {
  return advance(feed, topic, seq, seq + 1);
}

FeedTracker::Seen FeedTracker::head(std::string_view feed, std::string_view topic, std::uint64_t seq) {
  return advance(feed, topic, seq + 1, seq + 1);
}

}  // namespace leat
