#include "publish/feed_follower.hpp"

#include <fmt/format.h>

namespace leat {
namespace {

constexpr const char* kGone = "the publisher no longer has them";

}  // namespace

void FeedFollower::take(FeedSubscription::Received received, Instant now) {
  Result<FeedMessage> message = read_feed_message(received.body);
  if (!message) return listener_.trouble(message.error().message);
  enter(*message);
  waiting_.push_back({std::move(received), *std::move(message), std::nullopt});
  drain(now);
}

bool FeedFollower::on_time(Instant now) {
  drain(now);
  return !waiting_.empty();
}

// Another run listens elsewhere, perhaps.
void FeedFollower::enter(const FeedMessage& message) {
  if (message.feed != feed_ || message.run != run_) address_.reset();
  feed_ = message.feed;
  run_ = message.run;
  if (!message.row) address_ = message.head.replay;
}

void FeedFollower::drain(Instant now) {
  while (!waiting_.empty() && handle(waiting_.front(), now)) {
    waiting_.pop_front();
    waits_since_.reset();
  }
}

bool FeedFollower::may_wait(Instant now) {
  if (!waits_since_) waits_since_ = now;
  return waiting_.size() < options_.waiting_max && now - *waits_since_ < options_.patience;
}

bool FeedFollower::handle(Waiting& waiting, Instant now) {
  const FeedMessage& message = waiting.message;
  if (options_.from) {
    if (!address_ && may_wait(now)) return false;
    fetch_history(message.feed);
    options_.from.reset();
  }
  if (!waiting.seen) track(waiting);
  const FeedTracker::Seen& seen = *waiting.seen;
  if (seen.missed() > 0) {
    if (!address_ && may_wait(now)) return false;
    recover(message.feed, waiting.received.topic, seen.missed_from, seen.missed_to);
  }
  if (!message.row)
    listener_.head(waiting.received, message);
  else if (seen.fresh)
    show(waiting.received, message);
  else
    ++again_;
  return true;
}

void FeedFollower::track(Waiting& waiting) {
  const FeedMessage& message = waiting.message;
  waiting.seen = message.row ? tracker_.item(message.feed, waiting.received.topic, message.seq)
                             : tracker_.head(message.feed, waiting.received.topic, message.seq);
  if (waiting.seen->restarted) listener_.begun_anew(message.feed);
  if (shown_.first == message.feed && shown_.second != message.run) listener_.went_on(message.feed);
  shown_ = {message.feed, message.run};
}

void FeedFollower::show(const FeedSubscription::Received& received, const FeedMessage& message) {
  if (again_ > 0) listener_.again(std::exchange(again_, 0));
  listener_.item(received, message);
}

Status FeedFollower::ask_all(ReplayRequest request, const std::function<void(FeedReplay&)>& each) {
  for (;;) {
    LEAT_TRY_ASSIGN(FeedReplay replay, ask_(*address_, request));
    each(replay);
    const std::uint64_t next = replay.header.next;
    if (next == 0) return {};
    if (next <= request.query.from) return fail(Code::malformed_frame, "an answer leads back to itself");
    request.query.from = next;
  }
}

void FeedFollower::recover(const std::string& feed, const std::string& topic, std::uint64_t from,
                           std::uint64_t to) {
  if (!address_) return listener_.missed(topic, from, to, "no head has said whom to ask");
  if (address_->empty()) return listener_.missed(topic, from, to, "");
  std::uint64_t next = from;
  const ReplayRequest request{
      .feed = feed, .query = {.by = FeedRing::Query::By::topic, .text = topic, .from = from, .to = to}};
  const Status asked = ask_all(request, [&](FeedReplay& replay) {
    std::vector<std::pair<FeedSubscription::Received, FeedMessage>> items;
    for (FeedReplay::Message& came : replay.messages) {
      Result<FeedMessage> message = read_feed_message(came.body);
      const std::uint64_t wanted = items.empty() ? next : items.back().second.seq + 1;
      if (!message || !message->row || came.topic != topic || message->seq < wanted || message->seq > to)
        continue;
      if (!items.empty() && message->seq != wanted) continue;
      items.push_back({{std::move(came.topic), std::move(came.body)}, *std::move(message)});
    }
    if (items.empty()) return;
    const std::uint64_t first = items.front().second.seq;
    if (first > next) listener_.missed(topic, next, first - 1, kGone);
    next = items.back().second.seq + 1;
    listener_.recovered(topic, first, next - 1);
    for (const auto& [received, message] : items) show(received, message);
  });
  if (next <= to) listener_.missed(topic, next, to, asked ? kGone : asked.error().message);
}

// Prefix by prefix; what has several of them comes once.
void FeedFollower::fetch_history(const std::string& feed) {
  if (!address_ || address_->empty())
    return listener_.trouble("no history: the publisher keeps none, or no head has said whom to ask");
  std::uint64_t oldest = 0;
  const std::vector<std::string> all{""};
  for (const std::string& prefix : options_.topics.empty() ? all : options_.topics) {
    const ReplayRequest request{.feed = feed,
                                .query = {.by = FeedRing::Query::By::prefix,
                                          .text = prefix,
                                          .from = std::max<std::uint64_t>(1, *options_.from)}};
    const Status asked = ask_all(request, [&](FeedReplay& replay) {
      if (oldest == 0) oldest = replay.header.oldest;
      for (FeedReplay::Message& came : replay.messages) {
        const Result<FeedMessage> message = read_feed_message(came.body);
        if (!message || !message->row) continue;
        const FeedTracker::Seen seen = tracker_.item(message->feed, came.topic, message->seq);
        if (seen.missed() > 0) listener_.missed(came.topic, seen.missed_from, seen.missed_to, kGone);
        if (seen.fresh) show({came.topic, came.body}, *message);
      }
    });
    if (!asked) listener_.trouble("no history: " + asked.error().message);
  }
  if (*options_.from > 0 && oldest > *options_.from)
    listener_.trouble(
        fmt::format("items {} to {} of the feed are gone: {}", *options_.from, oldest - 1, kGone));
}

}  // namespace leat
