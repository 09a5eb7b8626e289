#include "publish/feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/context.hpp>
#include <random>
#include <unordered_map>

#include "publish/feed_socket.hpp"
#include "publish/feed_wire.hpp"

namespace leat {
namespace {

struct PublishFeedConfig {
  std::string bind;
  Expression topic;
  Rows queue{10'000};
  std::uint64_t topics = 10'000;
  Duration heads = std::chrono::seconds(1);
  Duration linger = std::chrono::seconds(1);
  Duration await_subscriber{0};
};

/// Publishes one message per row on a ZeroMQ XPUB socket, in the format of docs/wire-format.md. Rows whose
/// topic nobody has subscribed to are counted (`no_subscriber`) and not encoded. Holds a few words per topic,
/// at most `topics` of them, and in ZeroMQ's queues at most `queue` messages per subscriber.
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

  explicit PublishFeed(Config config) : config_(std::move(config)) {}

  Status on_start(Context& ctx) override;
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override;
  Status on_timer(Timer, Context& ctx) override;
  Status on_end(Context& ctx) override;

 private:
  struct Topic {
    std::uint64_t seq = 0;
    std::uint64_t slow = 0;           // messages that found a subscriber's queue full, since the last head
    std::uint64_t subscriptions = 0;  // when `wanted` was found out
    bool wanted = false;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  static constexpr Timer kHeads{0};

  Result<Topic*> find_topic(std::string_view name);
  void publish(std::string_view name, Topic& topic, const Batch& batch, std::uint32_t row, Context& ctx);
  bool is_wanted(std::string_view name, Topic& topic) const;
  void send_heads(Context& ctx);
  std::string counts() const;

  Config config_;
  std::unique_ptr<FeedSocket> socket_;
  std::string feed_;
  std::uint64_t total_ = 0;
  std::uint64_t subscriptions_ = 0;
  std::unordered_map<std::string, Topic, Hash, std::equal_to<>> topics_;
  std::string body_;
};

std::string random_id() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

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
  if (!config.bind.empty())
    if (std::string problem = endpoint_problem(config.bind); !problem.empty())
      describe.problem(Code::bad_endpoint, describe.place_of("bind"),
                       fmt::format("`{}`: {}", config.bind, problem));
  if (config.heads < std::chrono::milliseconds(10))
    describe.problem(Code::bad_value, describe.place_of("heads"), "`heads` must be 10ms or more");
  if (config.queue.count == 0)
    describe.problem(Code::bad_value, describe.place_of("queue"), "`queue` must be 1 or more");
}

Status PublishFeed::on_start(Context& ctx) {
  LEAT_TRY_ASSIGN(socket_, FeedSocket::open({.bind = config_.bind, .queue = config_.queue.count}));
  feed_ = random_id();
  ctx.log(LogLevel::info, fmt::format("feed {} on {}; follow it with: leat subscribe {}", feed_,
                                      socket_->endpoint(), connect_address(socket_->endpoint())));
  if (config_.await_subscriber > Duration(0)) socket_->wait_for_subscriber(config_.await_subscriber);
  ctx.start_timer(kHeads, config_.heads);
  return {};
}

Result<PublishFeed::Topic*> PublishFeed::find_topic(std::string_view name) {
  if (const auto found = topics_.find(name); found != topics_.end()) return &found->second;
  if (topics_.size() >= config_.topics)
    return fail(Code::limit_reached,
                fmt::format("`{}` would be topic number {}; raise `topics`", name, topics_.size() + 1));
  return &topics_.emplace(name, Topic{}).first->second;
}

bool PublishFeed::is_wanted(std::string_view name, Topic& topic) const {
  if (topic.subscriptions != subscriptions_) {
    topic.wanted = socket_->wanted(name);
    topic.subscriptions = subscriptions_;
  }
  return topic.wanted;
}

void PublishFeed::publish(std::string_view name, Topic& topic, const Batch& batch, std::uint32_t row,
                          Context& ctx) {
  ++topic.seq;
  ++total_;
  if (!is_wanted(name, topic)) return ctx.drop(1, "no_subscriber");
  body_.clear();
  write_feed_item({feed_, topic.seq, total_, ctx.now()}, batch, row, body_);
  if (socket_->send(name, body_)) return;
  ++topic.slow;
  ctx.drop(1, "slow_subscriber");
}

Status PublishFeed::on_batch(const Port&, const Batch& batch, Context& ctx) {
  subscriptions_ = socket_->read_subscriptions();
  Evaluated names = config_.topic.evaluate(batch);
  std::size_t failed = 0;
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    if (failed < names.failed.size() && names.failed[failed].row == row) {
      ctx.reject(batch, row, std::move(names.failed[failed++].error));
      continue;
    }
    if (names.values.is_null(row)) {
      ctx.reject(batch, row,
                 Error{Code::missing_value, fmt::format("the topic `{}` is null", config_.topic.text()), {}});
      continue;
    }
    const std::string_view name = names.values.text(row);
    if (Result<Topic*> topic = find_topic(name))
      publish(name, **topic, batch, row, ctx);
    else
      ctx.reject(batch, row, std::move(topic).error());
  }
  return {};
}

void PublishFeed::send_heads(Context& ctx) {
  subscriptions_ = socket_->read_subscriptions();
  for (auto& [name, topic] : topics_) {
    if (topic.slow > 0)
      ctx.log(LogLevel::warning,
              fmt::format("a subscriber of `{}` is too slow: its queue was full {} times", name, topic.slow));
    topic.slow = 0;
    if (!is_wanted(name, topic)) continue;
    body_.clear();
    write_feed_head({feed_, topic.seq, total_, ctx.now()}, body_);
    socket_->send(name, body_);
  }
}

Status PublishFeed::on_timer(Timer, Context& ctx) {
  send_heads(ctx);
  ctx.start_timer(kHeads, config_.heads);
  return {};
}

/// "news.negative 3, news.neutral 5": the topics with the most rows, whether anyone subscribed or not.
std::string PublishFeed::counts() const {
  constexpr std::size_t kShown = 10;
  std::vector<std::pair<std::uint64_t, std::string_view>> topics;
  for (const auto& [name, topic] : topics_) topics.emplace_back(topic.seq, name);
  std::ranges::sort(topics, [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::string text;
  for (std::size_t at = 0; at < std::min(topics.size(), kShown); ++at)
    text += fmt::format("{}{} {}", at == 0 ? "" : ", ", topics[at].second, topics[at].first);
  if (topics.size() > kShown) text += fmt::format(" and {} more", topics.size() - kShown);
  return text;
}

Status PublishFeed::on_end(Context& ctx) {
  if (total_ > 0) ctx.log(LogLevel::info, fmt::format("{} rows by topic: {}", total_, counts()));
  send_heads(ctx);
  socket_->close(config_.linger);
  return {};
}

}  // namespace

void register_publish_feed(Registry& registry) {
  registry.add<PublishFeed>();
}

}  // namespace leat
