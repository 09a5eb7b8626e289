#pragma once

#include <leat/clock.hpp>
#include <leat/result.hpp>
#include <optional>
#include <string>

// The body of a feed message, as docs/wire-format.md states it: one MessagePack map.
namespace leat {

/// What every message says of itself.
struct FeedStamp {
  std::string_view feed;    ///< the publisher, at random; the same after a recovery
  std::int64_t run = 0;     ///< this start of it; greater than those before
  std::uint64_t seq = 0;    ///< of an item in its topic, from 1; of a head: the topic's last item
  std::uint64_t total = 0;  ///< the same over all topics
  Time time{};              ///< when it was published
};

/// Appends the body of an item: the stamp and one row, a MessagePack map.
void write_feed_item(const FeedStamp& stamp, std::string_view row, std::string& out);

/// What a head says beside its stamp.
struct FeedHead {
  std::uint64_t base = 0;  ///< the topic's last item when this run began
  std::string replay;      ///< where lost items can be asked for; empty: nowhere
};
/// Appends the body of a head.
void write_feed_head(const FeedStamp& stamp, const FeedHead& head, std::string& out);

struct FeedMessage {
  std::string feed;
  std::int64_t run = 0;
  std::uint64_t seq = 0;
  std::uint64_t total = 0;
  Time time{};
  std::optional<std::string> row;  ///< MessagePack; nothing in a head
  FeedHead head;
};

/// malformed_frame for anything but a body as above; keys it does not know are passed over.
Result<FeedMessage> read_feed_message(std::string_view body);

}  // namespace leat
