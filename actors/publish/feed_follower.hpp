#pragma once

#include <deque>
#include <functional>
#include <optional>

#include "publish/feed_replay.hpp"
#include "publish/feed_socket.hpp"
#include "publish/feed_tracker.hpp"
#include "publish/feed_wire.hpp"

namespace leat {

/// What a subscriber makes of a feed: every item once and in the order of its topic. What is missing is asked
/// for on the side channel that heads name; what comes again is passed over. Until a head has named it,
/// messages behind a gap wait in here, `waiting_max` of them and `patience` long. One thread; time is passed
/// in.
class FeedFollower {
 public:
  /// What a subscriber is told. Calls come in the order in which things happened.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void item(const FeedSubscription::Received& received, const FeedMessage& message) = 0;
    virtual void head(const FeedSubscription::Received&, const FeedMessage&) {}
    /// These items of a topic were lost and have come by the side channel; they follow.
    virtual void recovered(const std::string& topic, std::uint64_t from, std::uint64_t to) = 0;
    /// These are lost; `why` is empty when nobody could be asked.
    virtual void missed(const std::string& topic, std::uint64_t from, std::uint64_t to,
                        const std::string& why) = 0;
    virtual void begun_anew(const std::string& feed) = 0;
    virtual void went_on(const std::string& feed) = 0;
    virtual void again(std::uint64_t items) = 0;  ///< so many had come before, and were passed over
    virtual void trouble(const std::string& text) = 0;
  };

  struct Options {
    std::vector<std::string> topics;  ///< as subscribed; empty: all
    /// History before the first message: from this number of the feed (`total`), 0 for all there is.
    std::optional<std::uint64_t> from;
    Duration patience = std::chrono::seconds(3);
    std::size_t waiting_max = 10'000;
  };
  /// How a side channel is asked; `address` is what a head says.
  using Ask = std::function<Result<FeedReplay>(const std::string& address, const ReplayRequest& request)>;

  FeedFollower(Options options, Ask ask, Listener& listener)
      : options_(std::move(options)), ask_(std::move(ask)), listener_(listener) {}

  void take(FeedSubscription::Received received, Instant now);
  /// Whether anything still waits for patience to end; then call again now and then.
  bool on_time(Instant now);

 private:
  struct Waiting {
    FeedSubscription::Received received;
    FeedMessage message;
    std::optional<FeedTracker::Seen> seen;  // when it was its turn
  };

  void enter(const FeedMessage& message);
  void drain(Instant now);
  bool may_wait(Instant now);
  bool handle(Waiting& waiting, Instant now);
  void track(Waiting& waiting);
  void show(const FeedSubscription::Received& received, const FeedMessage& message);
  void recover(const std::string& feed, const std::string& topic, std::uint64_t from, std::uint64_t to);
  void fetch_history(const std::string& feed);
  Status ask_all(ReplayRequest request, const std::function<void(FeedReplay&)>& each);

  Options options_;
  Ask ask_;
  Listener& listener_;
  FeedTracker tracker_;
  std::string feed_;                            // of the message that came last
  std::int64_t run_ = 0;                        // the same
  std::pair<std::string, std::int64_t> shown_;  // feed and run of the message that was shown last
  std::optional<std::string> address_;          // empty: this run has none; nothing: not known yet
  std::deque<Waiting> waiting_;
  std::optional<Instant> waits_since_;
  std::uint64_t again_ = 0;
};

}  // namespace leat
