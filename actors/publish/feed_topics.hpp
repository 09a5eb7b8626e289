#pragma once

#include <leat/result.hpp>
#include <leat/state.hpp>
#include <string>
#include <unordered_map>

namespace leat {

/// One topic of a feed.
struct FeedTopic {
  std::uint64_t seq = 0;            ///< number of the last row that has one
  std::uint64_t shown = 0;          ///< of the last item that was published
  std::uint64_t base = 0;           ///< `seq` when this run began
  std::uint64_t slow = 0;           ///< messages that found a subscriber's queue full, since the last head
  std::uint64_t subscriptions = 0;  ///< when `wanted` was found out
  bool wanted = false;
};

/// Who publishes, and the numbers it has given: what must be the same after a recovery, so that subscribers
/// can tell a message that comes again. Holds a few words per topic, at most `topics_max` of them (more only
/// if they come from a checkpoint). One thread.
class FeedTopics {
 public:
  explicit FeedTopics(std::uint64_t topics_max) : topics_max_(topics_max) {}

  /// Before the first number: this run of the feed begins now. Without a load, it is a new feed.
  void start(std::int64_t now_us);
  const std::string& feed() const { return feed_; }
  std::int64_t run() const { return run_; }

  /// The topic, made when it is new; limit_reached when there are too many.
  Result<FeedTopic*> find(std::string_view name);
  /// Numbers the next row of the topic.
  void number(FeedTopic& topic) {
    ++topic.seq;
    ++total_;
  }
  std::uint64_t total() const { return total_; }  ///< of the last row that has a number

  void save(StateWriter& state) const;
  Status load(const StateReader& state);

  std::size_t count() const { return topics_.size(); }
  auto begin() { return topics_.begin(); }
  auto end() { return topics_.end(); }
  /// "news.negative 3, news.neutral 5": the topics with the most rows, whether anyone subscribed or not.
  std::string counts() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::uint64_t topics_max_;
  std::string feed_;
  std::int64_t run_ = 0;
  std::uint64_t total_ = 0;
  std::unordered_map<std::string, FeedTopic, Hash, std::equal_to<>> topics_;
};

}  // namespace leat
