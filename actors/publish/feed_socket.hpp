#pragma once

#include <leat/result.hpp>
#include <leat/units.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

// The only door from the feed to ZeroMQ. Each object owns its context, so closing it waits for nobody else.
// One thread per object.
namespace leat {

/// The publishing end: an XPUB socket, which tells what its subscribers want.
class FeedSocket {
 public:
  struct Options {
    std::string bind;              ///< "tcp://*:5556", "tcp://127.0.0.1:*", "ipc:///run/x/feed"
    std::uint64_t queue = 10'000;  ///< messages waiting per subscriber
  };
  /// address_in_use, or bad_endpoint; both name the endpoint and what to do.
  static Result<std::unique_ptr<FeedSocket>> open(const Options& options);
  virtual ~FeedSocket() = default;

  /// The address with the port the kernel chose.
  virtual const std::string& endpoint() const = 0;
  /// Takes in what subscribers have said since the last call. Answers how often they have said anything:
  /// while that number stays, so do the answers of `wanted`.
  virtual std::uint64_t read_subscriptions() = 0;
  /// Whether any subscriber asked for a prefix of this topic.
  virtual bool wanted(std::string_view topic) const = 0;
  /// Waits until there is a subscriber, or for the given time at the most.
  virtual bool wait_for_subscriber(Duration most) = 0;

  /// Never blocks. False: the queue of at least one subscriber was full; it misses this message and, until it
  /// has read half of its queue, those after it, which ZeroMQ does not report. All other subscribers get it.
  virtual bool send(std::string_view topic, std::string_view body) = 0;
  /// Ends the socket when everything is sent, or after this time.
  virtual void close(Duration linger) = 0;
};

/// The subscribing end.
class FeedSubscription {
 public:
  /// Connects in the background and again after every interruption. bad_endpoint when that can never work.
  /// At most `queue` received messages wait to be read; then the publisher's queue fills.
  static Result<std::unique_ptr<FeedSubscription>> open(const std::string& endpoint,
                                                        const std::vector<std::string>& topics,
                                                        int queue = 10'000);
  virtual ~FeedSubscription() = default;

  struct Received {
    std::string topic, body;
  };
  /// The next message; nothing when none came within the time, or when a signal came in between. A message
  /// that does not have two frames is malformed_frame; the next call goes on.
  virtual Result<std::optional<Received>> receive(Duration most) = 0;
  /// Whether there has been a connection yet.
  virtual bool was_connected() = 0;
};

/// The address in words that `connect` understands, seen from the same machine: "tcp://*:5556" is
/// "tcp://127.0.0.1:5556".
std::string connect_address(std::string_view bound);

/// What `option`, an endpoint that could not be bound, needs: address_in_use or bad_endpoint.
Failure bind_failure(const std::string& endpoint, std::string_view option, int error);

/// What is wrong with an endpoint to bind, in words; empty if nothing is.
std::string endpoint_problem(std::string_view endpoint);

}  // namespace leat
