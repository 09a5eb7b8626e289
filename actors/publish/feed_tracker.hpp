#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace leat {

/// Notices what a subscriber of a feed has missed, by the sequence numbers of each topic. Pure state, no
/// clock, no socket. Holds one number per topic seen. One thread.
class FeedTracker {
 public:
  struct Seen {
    bool fresh = true;                             ///< false: an item seen before
    bool restarted = false;                        ///< the publisher was started anew since the last message
    std::uint64_t missed_from = 0, missed_to = 0;  ///< inclusive; no gap when `missed()` is 0
    std::uint64_t missed() const { return missed_from == 0 ? 0 : missed_to - missed_from + 1; }
  };

  /// An item of a topic. Its first item is where a subscriber joins, unless it has been here since before the
  /// publisher's start: then the topic begins with 1.
  Seen item(std::string_view feed, std::string_view topic, std::uint64_t seq);
  /// A head: the topic's last item so far has this number.
  Seen head(std::string_view feed, std::string_view topic, std::uint64_t seq);

 private:
  Seen advance(std::string_view feed, std::string_view topic, std::uint64_t next_before,
               std::uint64_t next_after);

  std::string feed_;
  bool saw_start_ = false;  // of this feed: every topic is known from 1
  std::map<std::string, std::uint64_t, std::less<>> next_;
};

}  // namespace leat
