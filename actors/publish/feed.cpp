#include "publish/feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/codec.hpp>
#include <leat/context.hpp>
#include <leat/state.hpp>
#include <thread>

#include "publish/feed_hold.hpp"
#include "publish/feed_replay.hpp"
#include "publish/feed_ring.hpp"
#include "publish/feed_socket.hpp"
#include "publish/feed_topics.hpp"
#include "publish/feed_wire.hpp"

namespace leat {
namespace {

enum class Commit : std::uint8_t { now, checkpoint };

struct ReplayConfig {
  Bytes size{16u << 20};
  Duration age = std::chrono::minutes(10);
  std::string bind;
};

struct PublishFeedConfig {
  std::string bind;
  Expression topic;
  Commit commit = Commit::now;
  Bytes hold{64u << 20};
  std::optional<ReplayConfig> replay;
  Rows queue{10'000};
  std::uint64_t topics = 10'000;
  Duration heads = std::chrono::seconds(1);
  Duration linger = std::chrono::seconds(1);
  Duration await_subscriber{0};
};

/// Publishes one message per row on a ZeroMQ XPUB socket, in the format of docs/wire-format.md. Rows whose
/// topic nobody has subscribed to are counted (`no_subscriber`) and not sent. Who publishes and the numbers
/// given are its state, so that what comes again after a failure can be told from what is new. Holds a few
/// words per topic, at most `topics` of them, in ZeroMQ's queues at most `queue` messages per subscriber,
/// what was published last (`replay.size`), and with `commit: checkpoint` at most `hold` bytes of rows.
class PublishFeed final : public Actor {
 public:
  using Config = PublishFeedConfig;
  static constexpr KindInfo kind{
      "publish.feed", "Publishes rows on a ZeroMQ feed that any language can subscribe to.",
      "bind: \"tcp://127.0.0.1:5556\"\ntopic: '\"news\"'\n", false, Delivery::at_least_once};
  static constexpr Port in{0, "in", "Rows to publish."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports();
  static Fields<Config> fields();
  static void describe(Config& config, Describe& describe);

  explicit PublishFeed(Config config) : config_(std::move(config)), topics_(config_.topics) {}
  ~PublishFeed() override {
    if (socket_) socket_->close(config_.linger);
  }

  Status on_start(Context& ctx) override;
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override;
  Status on_timer(Timer timer, Context& ctx) override;
  Status on_end(Context& ctx) override;
  Status on_barrier(Context&) override;
  Status on_commit(Context& ctx) override;
  void save(StateWriter& state) const override;
  Status load(StateReader& state) override;

 private:
  static constexpr Timer kHeads{0}, kRelease{1}, kGreet{2};
  static constexpr Duration kReconnect = std::chrono::milliseconds(250);
  static constexpr Duration kGreetEvery = std::chrono::milliseconds(100);

  Status open_replay();
  Status take_row(std::string_view name, const Batch& batch, std::uint32_t row, Context& ctx);
  void show(std::string_view name, FeedTopic& topic, std::uint64_t seq, std::uint64_t total,
            std::string_view row, Context& ctx);
  bool is_wanted(std::string_view name, FeedTopic& topic) const;
  bool release_some(Context& ctx);
  void release(Context& ctx);
  void send_heads(Context& ctx);
  void greet(Context& ctx);
  void serve_late_requests();
  void finish(Context& ctx);

  Config config_;
  bool holds_ = false;  // rows wait for their checkpoint
  bool ended_ = false, covered_end_ = false;
  std::unique_ptr<FeedSocket> socket_;
  std::uint64_t subscriptions_ = 0;
  std::uint64_t greeted_ = 0;  // `subscriptions_` when heads were sent last
  std::shared_ptr<FeedRing> ring_;
  std::unique_ptr<FeedReplayServer> replay_;
  FeedTopics topics_;
  FeedHold hold_;
  std::uint64_t shown_ = 0;  // `total` of the last item published
  std::string row_, body_;
};

Fields<PublishFeedConfig> PublishFeed::fields() {
  using C = PublishFeedConfig;
  return {
      required(
          "bind", &C::bind,
          "Where subscribers connect: tcp://ADDRESS:PORT (`*` as the address: every network; as the port: a "
          "free one, which is logged) or ipc://PATH.")
          .example("tcp://127.0.0.1:5556"),
      required("topic", &C::topic, "Topic of a row; subscribers ask for topics by prefix.")
          .returns(Type::string)
          .example("'\"news.\" + label'"),
      choice("commit", &C::commit, {{"now", Commit::now}, {"checkpoint", Commit::checkpoint}},
             "When a row is published: as soon as it comes (after a failure, rows since the last checkpoint "
             "come again), or when the checkpoint that covers it counts (never again as another row)."),
      optional("hold", &C::hold,
               "Under `commit: checkpoint`: most bytes of rows between two checkpoints. More ends the run."),
      group("replay", &C::replay,
            {optional("size", &ReplayConfig::size,
                      "Most memory for what was published last; 0B keeps nothing."),
             optional("age", &ReplayConfig::age, "How long an item is kept at the most."),
             optional("bind", &ReplayConfig::bind,
                      "Where subscribers ask for what they have missed, as heads tell them; else a free port "
                      "of the addresses in `bind`, or its path and `.replay`.")},
            "What subscribers that have missed items can have again; 16MiB and 10m without a word. `size: "
            "0B` turns it off."),
      optional("queue", &C::queue, "Most messages that wait for one slow subscriber before it misses some."),
      optional("topics", &C::topics, "Most topics; a row of a further one goes to `errors`."),
      optional(
          "heads", &C::heads,
          "How often the last number of every topic is sent, so that the loss of a last message is noticed."),
      optional("linger", &C::linger, "How long the end waits for subscribers to take what is queued."),
      optional("await_subscriber", &C::await_subscriber,
               "How long the start waits for a first subscriber; for inputs that end soon.")};
}

void PublishFeed::describe(Config& config, Describe& describe) {
  const auto refuse = [&](Code code, const char* option, std::string message) {
    describe.problem(code, describe.place_of(option), std::move(message));
  };
  if (!config.bind.empty())
    if (std::string problem = endpoint_problem(config.bind); !problem.empty())
      refuse(Code::bad_endpoint, "bind", fmt::format("`{}`: {}", config.bind, problem));
  if (!config.replay) config.replay.emplace();
  if (!config.replay->bind.empty())
    if (std::string problem = endpoint_problem(config.replay->bind); !problem.empty())
      refuse(Code::bad_endpoint, "replay.bind", fmt::format("`{}`: {}", config.replay->bind, problem));
  if (config.heads < std::chrono::milliseconds(10))
    refuse(Code::bad_value, "heads", "`heads` must be 10ms or more");
  if (config.queue.count == 0) refuse(Code::bad_value, "queue", "`queue` must be 1 or more");
  if (config.commit == Commit::checkpoint && describe.delivery() == Delivery::best_effort)
    refuse(
        Code::bad_value, "commit",
        "`delivery: best_effort` makes no checkpoints to wait for; choose `exactly_once`, or `commit: now`");
}

Status PublishFeed::on_start(Context& ctx) {
  // Under best_effort, where `leat test` runs everything, no checkpoint would ever let the rows go.
  holds_ = config_.commit == Commit::checkpoint && ctx.delivery() != Delivery::best_effort;
  LEAT_TRY_ASSIGN(socket_, FeedSocket::open({.bind = config_.bind, .queue = config_.queue.count}));
  topics_.start(ctx.now().time_since_epoch().count());
  LEAT_TRY(open_replay());
  ctx.log(LogLevel::info,
          fmt::format("feed {} on {}{}{}; follow it with: leat subscribe {}", topics_.feed(),
                      socket_->endpoint(), replay_ ? ", replays at " + replay_->endpoint() : "",
                      topics_.total() > 0 ? fmt::format(", going on behind item {}", topics_.total()) : "",
                      connect_address(socket_->endpoint())));
  // What a dead process held goes out when its subscribers had time to connect again.
  const bool held = hold_.bytes() > 0;
  const Duration await = held && ended_ ? std::max(config_.await_subscriber, config_.linger)
                                        : (ended_ ? Duration(0) : config_.await_subscriber);
  if (await > Duration(0)) socket_->wait_for_subscriber(await);
  ctx.start_timer(kHeads, config_.heads);
  if (replay_) ctx.start_timer(kGreet, kGreetEvery);
  if (held) ctx.start_timer(kRelease, kReconnect);
  return {};
}

Status PublishFeed::open_replay() {
  const ReplayConfig& config = *config_.replay;
  if (config.size.count == 0) return {};
  ring_ = std::make_shared<FeedRing>(FeedRing::Limits{config.size, config.age});
  for (const auto& [name, topic] : topics_) ring_->know(name, topic.shown);
  ring_->know_total(shown_);
  LEAT_TRY_ASSIGN(replay_, FeedReplayServer::open(
                               {.bind = config.bind.empty() ? replay_bind(socket_->endpoint()) : config.bind,
                                .feed = topics_.feed(),
                                .run = topics_.run(),
                                .ring = ring_}));
  return {};
}

bool PublishFeed::is_wanted(std::string_view name, FeedTopic& topic) const {
  if (topic.subscriptions != subscriptions_) {
    topic.wanted = socket_->wanted(name);
    topic.subscriptions = subscriptions_;
  }
  return topic.wanted;
}

void PublishFeed::show(std::string_view name, FeedTopic& topic, std::uint64_t seq, std::uint64_t total,
                       std::string_view row, Context& ctx) {
  topic.shown = seq;
  shown_ = total;
  const bool wanted = is_wanted(name, topic);
  if (!wanted) ctx.drop(1, "no_subscriber");
  if (!wanted && !ring_) return;
  body_.clear();
  write_feed_item({topics_.feed(), topics_.run(), seq, total, ctx.now()}, row, body_);
  if (ring_) ring_->add(name, seq, total, body_, ctx.now());
  if (!wanted) return;
  if (socket_->send(name, body_)) return;
  ++topic.slow;
  ctx.drop(1, "slow_subscriber");
}

Status PublishFeed::take_row(std::string_view name, const Batch& batch, std::uint32_t row, Context& ctx) {
  Result<FeedTopic*> found = topics_.find(name);
  if (!found) {
    ctx.reject(batch, row, std::move(found).error());
    return {};
  }
  FeedTopic& topic = **found;
  topics_.number(topic);
  row_.clear();
  if (holds_ || ring_ || is_wanted(name, topic)) write_msgpack(batch, row, row_);
  if (!holds_) {
    show(name, topic, topic.seq, topics_.total(), row_, ctx);
    return {};
  }
  hold_.add(name, topic.seq, topics_.total(), row_);
  if (hold_.bytes() <= config_.hold.count) return {};
  return fail(Code::limit_reached,
              fmt::format("more than {} of rows came between two checkpoints; raise `hold`, make "
                          "`checkpoint.every` shorter, or slow the rows down with a `throttle`",
                          to_text(config_.hold)));
}

Status PublishFeed::on_batch(const Port&, const Batch& batch, Context& ctx) {
  if (!holds_)  // what a run that held rows has left
    while (release_some(ctx)) {
    }
  subscriptions_ = socket_->read_subscriptions();
  Evaluated names = config_.topic.evaluate(batch);
  std::size_t failed = 0;
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    if (failed < names.failed.size() && names.failed[failed].row == row)
      ctx.reject(batch, row, std::move(names.failed[failed++].error));
    else if (names.values.is_null(row))
      ctx.reject(batch, row,
                 Error{Code::missing_value, fmt::format("the topic `{}` is null", config_.topic.text()), {}});
    else
      LEAT_TRY(take_row(names.values.text(row), batch, row, ctx));
  }
  return {};
}

// A part of what waits at a time, or the rows of a whole checkpoint would overrun every subscriber's queue.
// False: nothing is left.
bool PublishFeed::release_some(Context& ctx) {
  subscriptions_ = socket_->read_subscriptions();
  for (std::uint64_t left = std::max<std::uint64_t>(1, config_.queue.count / 4); left > 0; --left) {
    const std::optional<FeedHold::Item> item = hold_.take();
    if (!item) return false;
    if (const Result<FeedTopic*> topic = topics_.find(item->topic))
      show(item->topic, **topic, item->seq, item->total, item->row, ctx);
  }
  return true;
}

void PublishFeed::release(Context& ctx) {
  constexpr Duration kPause = std::chrono::milliseconds(5);
  if (release_some(ctx)) ctx.start_timer(kRelease, kPause);
}

void PublishFeed::send_heads(Context& ctx) {
  greeted_ = subscriptions_ = socket_->read_subscriptions();
  if (ring_) ring_->expire(ctx.now());
  const std::string replay = replay_ ? replay_address(replay_->endpoint()) : std::string();
  for (auto& [name, topic] : topics_) {
    if (topic.slow > 0)
      ctx.log(LogLevel::warning,
              fmt::format("a subscriber of `{}` is too slow: its queue was full {} times", name, topic.slow));
    topic.slow = 0;
    if (!is_wanted(name, topic)) continue;
    body_.clear();
    write_feed_head({topics_.feed(), topics_.run(), topic.shown, shown_, ctx.now()},
                    {.base = topic.base, .replay = replay}, body_);
    socket_->send(name, body_);
  }
}

// Who has just subscribed learns at once where each topic stands and where to ask; unless there are so many
// topics that subscribing again and again would keep the feed busy.
void PublishFeed::greet(Context& ctx) {
  constexpr std::size_t kTopicsMax = 1000;
  if (topics_.count() <= kTopicsMax && socket_->read_subscriptions() != greeted_) send_heads(ctx);
  ctx.start_timer(kGreet, kGreetEvery);
}

Status PublishFeed::on_timer(Timer timer, Context& ctx) {
  if (timer == kRelease) {
    release(ctx);
    return {};
  }
  if (timer == kGreet) {
    greet(ctx);
    return {};
  }
  send_heads(ctx);
  ctx.start_timer(kHeads, config_.heads);
  return {};
}

Status PublishFeed::on_barrier(Context&) {
  hold_.cover();
  covered_end_ = ended_;
  return {};
}

Status PublishFeed::on_commit(Context& ctx) {
  hold_.release();
  if (!holds_) return {};
  if (covered_end_)
    finish(ctx);
  else
    release(ctx);
  return {};
}

Status PublishFeed::on_end(Context& ctx) {
  ended_ = true;
  if (!holds_) finish(ctx);
  return {};
}

// Nothing will come any more: timers have ended, so what is left goes out here.
void PublishFeed::finish(Context& ctx) {
  while (release_some(ctx)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  if (topics_.total() > 0)
    ctx.log(LogLevel::info, fmt::format("{} rows by topic: {}", topics_.total(), topics_.counts()));
  send_heads(ctx);
  socket_->close(config_.linger);
  if (replay_) serve_late_requests();
}

// The heads that have just gone out may tell subscribers that something is missing. Those that have asked
// before get the time to ask again; nobody else makes an end wait.
void PublishFeed::serve_late_requests() {
  constexpr Duration kQuiet = std::chrono::milliseconds(1000), kStep = std::chrono::milliseconds(20);
  std::uint64_t requests = replay_->requests();
  if (requests == 0) return;
  Duration waited{0}, quiet{0};
  while (waited < config_.linger && quiet < kQuiet) {
    std::this_thread::sleep_for(kStep);
    waited += kStep;
    quiet = replay_->requests() == std::exchange(requests, replay_->requests()) ? quiet + kStep : Duration(0);
  }
}

void PublishFeed::save(StateWriter& state) const {
  topics_.save(state);
  state.write("ended", std::int64_t{ended_ ? 1 : 0});
  state.write_bytes("held", std::string(hold_.rest()));
}

Status PublishFeed::load(StateReader& state) {
  if (state.bytes("feed") == nullptr) return {};  // feeds had no state once
  LEAT_TRY(topics_.load(state));
  std::int64_t ended = 0;
  LEAT_TRY(state.read("ended", ended));
  ended_ = ended != 0;
  const std::string* const held = state.bytes("held");
  if (held == nullptr) return fail(Code::corrupt_state, "the saved state has no `held`");
  shown_ = topics_.total();
  std::uint64_t held_items = 0;
  LEAT_TRY(hold_.load(*held, [&](const FeedHold::Item& item) {
    if (const Result<FeedTopic*> topic = topics_.find(item.topic)) --(*topic)->shown;
    ++held_items;
  }));
  shown_ -= std::min(shown_, held_items);
  return {};
}

}  // namespace

void register_publish_feed(Registry& registry) {
  registry.add<PublishFeed>();
}

}  // namespace leat
