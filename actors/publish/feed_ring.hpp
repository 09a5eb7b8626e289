#pragma once

#include <cstdint>
#include <deque>
#include <leat/clock.hpp>
#include <leat/units.hpp>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace leat {

/// What a feed has published lately, so that who has lost items can have them again. Bound on memory:
/// `bytes`, which counts what an item costs beside its body, and two words per topic. The oldest items of all
/// topics leave first, so what is left of a topic has no holes. Any thread.
class FeedRing {
 public:
  struct Limits {
    Bytes bytes;
    Duration age;
  };
  explicit FeedRing(Limits limits) : limits_(limits) {}

  /// The next item of the feed: `total` counts them without holes, `seq` those of the topic.
  void add(std::string_view topic, std::uint64_t seq, std::uint64_t total, std::string_view body, Time now);
  /// A topic that has published before this ring was made: its last item so far.
  void know(std::string_view topic, std::uint64_t last);
  /// The same for all topics together.
  void know_total(std::uint64_t last);
  /// Lets go of what is too old.
  void expire(Time now);

  /// A range of one topic, in its numbers; or of all topics with this prefix, in the feed's numbers
  /// (`total`).
  struct Query {
    enum class By : std::uint8_t { topic, prefix } by = By::topic;
    std::string text;
    std::uint64_t from = 1;
    std::uint64_t to = std::numeric_limits<std::uint64_t>::max();  ///< inclusive
  };
  struct Item {
    std::string topic;
    std::shared_ptr<const std::string> body;
  };
  struct Answer {
    std::vector<Item> items;   ///< ascending
    std::uint64_t oldest = 1;  ///< first number that is still here; behind the last, when none is
    std::uint64_t last = 0;    ///< last number published
    std::uint64_t next = 0;    ///< where to ask on; 0: the range is done
  };
  /// A part of the range that is bounded in items, bytes and the time it takes.
  Answer find(const Query& query) const;

 private:
  struct Topic {
    std::uint64_t last = 0;
    std::vector<std::uint64_t> totals;  // of its items here, from `first` on
    std::size_t first = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Topics = std::unordered_map<std::string, Topic, Hash, std::equal_to<>>;

  struct Entry {
    Topics::value_type* topic;  // which stays where it is
    std::shared_ptr<const std::string> body;
    Time time;
  };

  Topics::value_type& topic(std::string_view name);
  void drop_oldest();
  Answer find_topic(const Query& query) const;
  Answer find_prefix(const Query& query) const;

  const Limits limits_;
  mutable std::mutex mutex_;
  Topics topics_;
  std::deque<Entry> entries_;  // totals next_total_ - size .. next_total_ - 1
  std::uint64_t next_total_ = 1;
  std::uint64_t bytes_ = 0;
};

}  // namespace leat
