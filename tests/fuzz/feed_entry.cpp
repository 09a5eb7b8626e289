#include "fuzz/entries.hpp"
#include "publish/feed_replay_wire.hpp"
#include "publish/feed_wire.hpp"

namespace leat::fuzz {
namespace {

// What was understood is understood again, alike, when it is written as this program writes it.

void try_message(std::string_view input) {
  const Result<FeedMessage> message = read_feed_message(input);
  if (!message) {
    LEAT_ASSERT(message.error().code == Code::malformed_frame && !message.error().message.empty());
    return;
  }
  const FeedStamp stamp{message->feed, message->run, message->seq, message->total, message->time};
  std::string again;
  if (message->row)
    write_feed_item(stamp, *message->row, again);
  else
    write_feed_head(stamp, message->head, again);
  const Result<FeedMessage> second = read_feed_message(again);
  LEAT_ASSERT(second && second->feed == message->feed && second->run == message->run &&
              second->seq == message->seq && second->total == message->total &&
              second->time == message->time && second->row == message->row);
  LEAT_ASSERT(message->row ||
              (second->head.base == message->head.base && second->head.replay == message->head.replay));
}

void try_request(std::string_view input) {
  const Result<ReplayRequest> request = read_replay_request(input);
  if (!request) {
    LEAT_ASSERT(request.error().code == Code::malformed_frame && !request.error().message.empty());
    return;
  }
  const Result<ReplayRequest> second = read_replay_request(write_replay_request(*request));
  LEAT_ASSERT(second && second->id == request->id && second->feed == request->feed);
  LEAT_ASSERT(second->query.by == request->query.by && second->query.text == request->query.text &&
              second->query.from == request->query.from && second->query.to == request->query.to);
  // Whatever the range, the answer comes to an end.
  static const auto ring = [] {
    auto made = std::make_unique<FeedRing>(FeedRing::Limits{{1 << 20}, std::chrono::hours(1)});
    for (std::uint64_t item = 1; item <= 40; ++item)
      made->add(item % 2 == 0 ? "even" : "odd", (item + 1) / 2, item, "body", Time());
    return made;
  }();
  FeedRing::Query query = second->query;
  for (int answers = 0; query.from != 0; ++answers) {
    LEAT_ASSERT(answers <= 40);
    const FeedRing::Answer answer = ring->find(query);
    LEAT_ASSERT(answer.items.size() <= 40 && (answer.next == 0 || answer.next > query.from));
    query.from = answer.next;
  }
}

void try_header(std::string_view input) {
  const Result<ReplayHeader> header = read_replay_header(input);
  if (!header) return;
  const Result<ReplayHeader> second = read_replay_header(write_replay_header(*header));
  LEAT_ASSERT(second && second->id == header->id && second->feed == header->feed &&
              second->oldest == header->oldest && second->last == header->last &&
              second->next == header->next && second->error == header->error);
}

}  // namespace

void try_feed(std::string_view input) {
  try_message(input);
  try_request(input);
  try_header(input);
}

}  // namespace leat::fuzz
