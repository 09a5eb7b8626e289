#include <fmt/format.h>
#include <signal.h>

#include <charconv>
#include <leat/codec.hpp>
#include <leat/units.hpp>

#include "cli/common.hpp"
#include "publish/feed_follower.hpp"

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
class Printer final : public FeedFollower::Listener {
 public:
  Printer(bool raw, std::uint64_t most) : raw_(raw), most_(most) {}
  std::uint64_t items() const { return items_; }

  void item(const FeedSubscription::Received& received, const FeedMessage& message) override {
    if (most_ != 0 && items_ == most_) return;  // fetched together with the last one
    ++items_;
    if (raw_) return print_raw(received);
    if (const Result<std::string> row = msgpack_to_json(*message.row))
      fmt::print("{}\n", *row);
    else
      trouble(row.error().message);
  }
  void head(const FeedSubscription::Received& received, const FeedMessage&) override {
    if (raw_) print_raw(received);
  }
  void recovered(const std::string& topic, std::uint64_t from, std::uint64_t to) override {
    say("recovered: {} missed {} ({}..{}) and has them now", topic, to - from + 1, from, to);
  }
  void missed(const std::string& topic, std::uint64_t from, std::uint64_t to,
              const std::string& why) override {
    say("gap: {} missed {} ({}..{}){}{}", topic, to - from + 1, from, to, why.empty() ? "" : ": ", why);
  }
  void begun_anew(const std::string& feed) override {
    say("restart: the publisher was started anew as feed {}", feed);
  }
  void went_on(const std::string& feed) override {
    say("recovery: feed {} goes on from its last checkpoint", feed);
  }
  void again(std::uint64_t items) override {
    say("again: {} item{} came a second time and {} passed over", items, items == 1 ? "" : "s",
        items == 1 ? "was" : "were");
  }
  void trouble(const std::string& text) override { say("skipped: {}", text); }

 private:
  // In their order, should both go to one place.
  template <class... Arguments>
  static void say(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    std::fflush(stdout);
    fmt::print(stderr, "{}\n", fmt::format(text, std::forward<Arguments>(arguments)...));
  }
  static void print_raw(const FeedSubscription::Received& received) {
    if (const Result<std::string> body = msgpack_to_json(received.body))
      fmt::print("{{\"topic\":{},{}\n", json_text(received.topic), std::string_view(*body).substr(1));
  }

  bool raw_;
  std::uint64_t most_;  // 0: no end
  std::uint64_t items_ = 0;
};

/// Asks the side channel that a head names, seen from here.
class Asker {
 public:
  explicit Asker(std::string feed_endpoint) : feed_endpoint_(std::move(feed_endpoint)) {}

  Result<FeedReplay> ask(const std::string& address, const ReplayRequest& request) {
    constexpr Duration kMost = std::chrono::seconds(2);
    if (!client_ || address != address_) {
      LEAT_TRY_ASSIGN(client_, FeedReplayClient::open(replay_endpoint(address, feed_endpoint_)));
      address_ = address;
    }
    return client_->ask(request, kMost);
  }

 private:
  std::string feed_endpoint_, address_;
  std::unique_ptr<FeedReplayClient> client_;
};

/// "oldest", or the number of an item of the feed.
bool read_from(const std::string& text, std::optional<std::uint64_t>& from) {
  if (text.empty()) return true;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool good =
      text == "oldest" || (error == std::errc() && end == text.data() + text.size() && number > 0);
  if (good) from = number;
  if (!good)
    print_error(
        fmt::format("--from: `{}` is neither `oldest` nor the number of an item (`total`), from 1", text));
  return good;
}

int unreachable(const std::string& endpoint) {
  print_error(
      fmt::format("nothing answers at {}", endpoint),
      "start the topology whose publish.feed binds it, or name its endpoint; --wait gives it more time");
  return kUnreachable;
}

int follow(const std::string& endpoint, FeedSubscription& feed, const Limits& limits, FeedFollower& follower,
           Printer& printer) {
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
      printer.trouble(received.error().message);
    else if (*received)
      follower.take(**std::move(received), Clock::now());
    else
      follower.on_time(Clock::now());
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
  FeedFollower::Options options{.topics = arguments.topics};
  if (!read_from(arguments.from, options.from)) return kUsage;
  const std::string endpoint = connect_address(arguments.endpoint);
  auto feed = FeedSubscription::open(endpoint, arguments.topics);
  if (!feed) {
    print_error(feed.error().text());
    return kUsage;
  }
  catch_signals();
  Printer printer(arguments.raw, arguments.count);
  Asker asker(endpoint);
  FeedFollower follower(
      std::move(options),
      [&](const std::string& address, const ReplayRequest& request) { return asker.ask(address, request); },
      printer);
  const int exit = follow(endpoint, **feed, limits, follower, printer);
  std::fflush(stdout);
  return exit;
}

}  // namespace leat::cli
