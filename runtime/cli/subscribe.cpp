#include <fmt/format.h>
#include <signal.h>

#include <leat/codec.hpp>
#include <leat/units.hpp>

#include "cli/common.hpp"
#include "publish/feed_socket.hpp"
#include "publish/feed_tracker.hpp"
#include "publish/feed_wire.hpp"

namespace leat::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// A handler may touch nothing else.
volatile sig_atomic_t last_signal = 0;

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = [](int signal) { last_signal = signal; };
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

struct Limits {
  std::uint64_t count = 0;
  std::optional<Duration> duration;
  Duration wait{};
};

std::optional<Duration> read_duration(const char* option, const std::string& text) {
  const Result<Duration> parsed = parse_duration(text);
  if (parsed) return *parsed;
  print_error(fmt::format("{}: {}", option, parsed.error().message));
  return std::nullopt;
}

/// Prints items to stdout, and to stderr what is missing between them.
class Printer {
 public:
  explicit Printer(bool raw) : raw_(raw) {}
  std::uint64_t items() const { return items_; }

  void show(const FeedSubscription::Received& received) {
    const Result<FeedMessage> message = read_feed_message(received.body);
    if (!message) return skip(message.error());
    const bool item = message->row.has_value();
    const FeedTracker::Seen seen = item ? tracker_.item(message->feed, received.topic, message->seq)
                                        : tracker_.head(message->feed, received.topic, message->seq);
    report(seen, received.topic, message->feed);
    if (raw_) print_raw(received);
    if (!item || !seen.fresh) return;
    ++items_;
    if (raw_) return;
    if (const Result<std::string> row = msgpack_to_json(*message->row))
      fmt::print("{}\n", *row);
    else
      skip(row.error());
  }
  static void skip(const Error& error) { fmt::print(stderr, "skipped: {}\n", error.message); }

 private:
  static void report(const FeedTracker::Seen& seen, const std::string& topic, const std::string& feed) {
    if (seen.restarted) fmt::print(stderr, "restart: the publisher was started anew as feed {}\n", feed);
    if (seen.missed() > 0)
      fmt::print(stderr, "gap: {} missed {} ({}..{})\n", topic, seen.missed(), seen.missed_from,
                 seen.missed_to);
  }
  static void print_raw(const FeedSubscription::Received& received) {
    if (const Result<std::string> body = msgpack_to_json(received.body))
      fmt::print("{{\"topic\":{},{}\n", json_text(received.topic), std::string_view(*body).substr(1));
  }

  bool raw_;
  FeedTracker tracker_;
  std::uint64_t items_ = 0;
};

int unreachable(const std::string& endpoint) {
  print_error(
      fmt::format("nothing answers at {}", endpoint),
      "start the topology whose publish.feed binds it, or name its endpoint; --wait gives it more time");
  return kUnreachable;
}

int follow(const std::string& endpoint, FeedSubscription& feed, const Limits& limits, Printer& printer) {
  // Short enough that a signal between two looks at `last_signal` is not felt.
  constexpr Duration kSlice = std::chrono::milliseconds(100);
  const auto begin = Clock::now();
  bool told = false;
  while (last_signal == 0) {
    const auto elapsed = std::chrono::duration_cast<Duration>(Clock::now() - begin);
    const bool connected = feed.was_connected();
    if (limits.duration && elapsed >= *limits.duration) return connected ? kOk : unreachable(endpoint);
    if (!connected && elapsed >= limits.wait) return unreachable(endpoint);
    if (!connected && !told && elapsed >= std::chrono::seconds(1)) {
      fmt::print(stderr, "waiting for {} ...\n", endpoint);
      told = true;
    }
    auto received = feed.receive(Duration(0));
    if (received && !*received) {  // nothing waits: show what there is before waiting
      std::fflush(stdout);
      received = feed.receive(limits.duration ? std::min(kSlice, *limits.duration - elapsed) : kSlice);
    }
    if (!received)
      Printer::skip(received.error());
    else if (*received)
      printer.show(**received);
    if (limits.count != 0 && printer.items() >= limits.count) return kOk;
  }
  return 128 + last_signal;
}

}  // namespace

int subscribe(const SubscribeArguments& arguments) {
  Limits limits{.count = arguments.count, .duration = std::nullopt, .wait = {}};
  const auto wait = read_duration("--wait", arguments.wait);
  if (!wait) return kUsage;
  limits.wait = *wait;
  if (!arguments.duration.empty()) {
    limits.duration = read_duration("--for", arguments.duration);
    if (!limits.duration) return kUsage;
  }
  const std::string endpoint = connect_address(arguments.endpoint);
  auto feed = FeedSubscription::open(endpoint, arguments.topics);
  if (!feed) {
    print_error(feed.error().text());
    return kUsage;
  }
  catch_signals();
  Printer printer(arguments.raw);
  const int exit = follow(endpoint, **feed, limits, printer);
  std::fflush(stdout);
  return exit;
}

}  // namespace leat::cli
