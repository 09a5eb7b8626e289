#include <set>

#include "fuzz/entries.hpp"
#include "infer/remote/outcomes.hpp"
#include "infer/remote/reply_reader.hpp"

namespace leat::fuzz {
namespace {

using namespace std::chrono_literals;

/// Bytes as numbers; zeros when they are used up.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}
  bool empty() const { return left_.empty(); }
  std::uint32_t below(std::uint32_t bound) {
    if (left_.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return byte % bound;
  }

 private:
  std::string_view left_;
};

Outcomes::Rules read_rules(Bytes& bytes) {
  Outcomes::Rules rules{.in_flight = 1 + bytes.below(4),
                        .rows_max = 1 + bytes.below(4),
                        .delay = bytes.below(4) * 1ms,
                        .deadline = (1 + bytes.below(100)) * 1ms,
                        .timeout = (1 + bytes.below(50)) * 1ms,
                        .attempts = 1 + bytes.below(4),
                        .backoff = bytes.below(10) * 1ms};
  if (bytes.below(2) == 1) rules.max_age = bytes.below(30) * 1ms;
  if (bytes.below(2) == 1)
    rules.breaker = Breaker::Rules{.failures = 0.1 * (1 + bytes.below(10)),
                                   .of = 1 + bytes.below(5),
                                   .pause = (1 + bytes.below(20)) * 1ms};
  return rules;
}

class Asked {
 public:
  explicit Asked(Bytes bytes) : bytes_(bytes), rules_(read_rules(bytes_)), outcomes_(rules_, 1) {}

  void run() {
    while (!bytes_.empty()) {
      event();
      act();
    }
    outcomes_.close();
    act();
    // Left alone, every row has its outcome by its deadline.
    now_ += rules_.deadline;
    act();
    LEAT_ASSERT(open_.empty() && outcomes_.rows() == 0 && outcomes_.waiting() == 0);
  }

 private:
  void event() {
    switch (bytes_.below(4)) {
      case 0:
        now_ += bytes_.below(20) * 1ms;
        return;
      case 1:
        open_.insert(next_row_);
        return outcomes_.add(next_row_++, now_ - bytes_.below(40) * 1ms, now_);
      case 2:
        for (const auto& [row, place] : outcomes_.answered(attempt(), now_)) settle(row);
        return;
      default:
        return outcomes_.failed(attempt(),
                                {.fault = static_cast<Fault>(bytes_.below(6)),
                                 .divides = bytes_.below(2) == 1,
                                 .pause = bytes_.below(10) * 1ms,
                                 .error = {Code::endpoint_failed, "it failed", {}}},
                                now_);
    }
  }
  /// One that was asked, is done, or never was.
  Outcomes::Attempt attempt() { return {1 + bytes_.below(60), 1 + bytes_.below(4)}; }
  void act() {
    outcomes_.advance(now_);
    const Outcomes::Orders orders = outcomes_.take_orders();
    for (const auto& send : orders.send) {
      LEAT_ASSERT(!send.rows.empty() && send.rows.size() <= rules_.rows_max);
      LEAT_ASSERT(send.attempt.number <= rules_.attempts);
      for (const auto row : send.rows) LEAT_ASSERT(open_.contains(row));
    }
    for (const auto& failed : orders.failed) settle(failed.row);
    for (const auto row : orders.late) settle(row);
    LEAT_ASSERT(outcomes_.under_way() <= rules_.in_flight);
    LEAT_ASSERT(outcomes_.next() > now_);
    LEAT_ASSERT(outcomes_.rows() == open_.size());
  }
  void settle(Outcomes::Row row) { LEAT_ASSERT(open_.erase(row) == 1); }

  Bytes bytes_;
  Outcomes::Rules rules_;
  Outcomes outcomes_;
  Time now_{1000s};
  Outcomes::Row next_row_ = 0;
  std::set<Outcomes::Row> open_;
};

}  // namespace

void try_outcomes(std::string_view input) {
  Asked(Bytes(input)).run();
}

void try_reply(std::string_view input) {
  static const SchemaPtr schema = Schema::make({{"i", Type::int64, true},
                                                {"f", Type::float64},
                                                {"b", Type::boolean, true},
                                                {"s", Type::string, true},
                                                {"v", Type::float32_list},
                                                {"a", Type::any, true}});
  if (input.empty()) return;
  const auto rows = 1 + static_cast<std::uint32_t>(static_cast<std::uint8_t>(input.front()) % 4);
  const std::string body(input.substr(1));
  for (const Protocol protocol : {Protocol::kserve_v2, Protocol::invocations, Protocol::body}) {
    ReplyReader reader({protocol, schema, {"/i", "/f", "/b", "/s", "/v", "/a"}});
    const std::uint32_t wanted = protocol == Protocol::body ? 1 : rows;
    const Result<Reply> reply = reader.read(body, wanted);
    if (reply)
      LEAT_ASSERT(reply->outputs.row_count() == wanted);
    else
      LEAT_ASSERT(reply.error().code == Code::endpoint_failed && !reply.error().message.empty());
  }
}

}  // namespace leat::fuzz
