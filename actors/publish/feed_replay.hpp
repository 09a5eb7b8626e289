#pragma once

#include <leat/result.hpp>
#include <memory>

#include "publish/feed_replay_wire.hpp"

// The side channel of a feed, on which subscribers ask for what they have missed.
namespace leat {

/// Answers requests on a ROUTER socket, from a thread of its own. Bound on memory: the ring, of which answers
/// are views, and a queue of a few answers per client; when clients together leave too much unread, further
/// requests are answered with an error. A client that does not read loses its own answers, nobody else's.
class FeedReplayServer {
 public:
  struct Options {
    std::string bind;
    std::string feed;
    std::int64_t run = 0;
    std::shared_ptr<const FeedRing> ring;
  };
  /// address_in_use, or bad_endpoint.
  static Result<std::unique_ptr<FeedReplayServer>> open(Options options);
  /// Ends the thread; answers under way are dropped.
  virtual ~FeedReplayServer() = default;

  /// The address with the port the kernel chose.
  virtual const std::string& endpoint() const = 0;
  /// How many requests have come.
  virtual std::uint64_t requests() const = 0;
};

/// An answer: the header, and messages as the feed has sent them.
struct FeedReplay {
  struct Message {
    std::string topic, body;
  };
  ReplayHeader header;
  std::vector<Message> messages;
};

/// Asks for what was missed.
class FeedReplayClient {
 public:
  /// Connects in the background. bad_endpoint when that can never work.
  static Result<std::unique_ptr<FeedReplayClient>> open(const std::string& endpoint);
  virtual ~FeedReplayClient() = default;
  /// The answer to this request; its `id` is set here. unreachable when none came in time or a signal came in
  /// between; an answer that says an error is that error.
  virtual Result<FeedReplay> ask(ReplayRequest request, Duration most) = 0;
};

/// Where the side channel of a feed bound there listens when nobody says so: a free port of the same
/// addresses, or a path beside it.
std::string replay_bind(std::string_view bind);
/// The address that the feed tells its subscribers: "*" for "where you found me".
std::string replay_address(std::string_view bound);
/// What that means for a subscriber that has connected to `feed_endpoint`.
std::string replay_endpoint(std::string_view address, std::string_view feed_endpoint);

}  // namespace leat
