#pragma once

#include <deque>
#include <leat/random.hpp>
#include <leat/units.hpp>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "infer/remote/breaker.hpp"

namespace leat {

/// How an attempt failed, as `retry.on` names it.
enum class Fault : std::uint8_t {
  timeout,     ///< no answer within `timeout`
  connection,  ///< not reached, cut off, or no HTTP
  busy,        ///< 429
  server,      ///< 5xx
  refused,     ///< another status: these rows are not what it takes
  answer,      ///< 200, and the answer is not one
};

struct AttemptFailure {
  Fault fault = Fault::connection;
  /// One of several rows may be to blame: they are asked in halves when it is not tried again.
  bool divides = false;
  /// The endpoint asked for so long a pause (Retry-After).
  Duration pause{};
  Error error;
};

/// Decides what is asked of an endpoint, when, how often, and what becomes of each row: exactly one of
/// answered, failed or late. A request is some rows that are asked together:
///
///   waiting -> asked (attempts under way) -> done
///                 ^          | failed, and may be tried again
///                 +- backing off
///
/// Pure: no clock, no sockets, no threads. Every call gets the time; what is to be done stands in `orders`,
/// which the caller takes after each call. Memory: some 200 bytes per row that has no outcome.
class Outcomes {
 public:
  using Row = std::uint64_t;
  /// One attempt at one request.
  struct Attempt {
    std::uint64_t request = 0;
    std::uint32_t number = 1;  ///< from 1
    friend auto operator<=>(const Attempt&, const Attempt&) = default;
  };

  struct Rules {
    std::uint32_t in_flight = 100;                 ///< attempts under way at once
    std::uint32_t rows_max = 1;                    ///< of one request
    Duration delay{};                              ///< how long rows wait for others to be asked with
    Duration deadline = std::chrono::seconds(30);  ///< of a row, from when it came to its outcome
    Duration timeout = std::chrono::seconds(10);   ///< of an attempt
    std::optional<Duration> max_age;               ///< of a row that is still asked about
    std::uint32_t attempts = 3;
    Duration backoff =
        std::chrono::milliseconds(100);  ///< before the second; doubles, and half of it is random
    std::set<Fault> retried{Fault::timeout, Fault::connection, Fault::busy, Fault::server};
    std::optional<Breaker::Rules> breaker;
  };

  struct Send {
    Attempt attempt;
    std::vector<Row> rows;
  };
  struct Failed {
    Row row;
    Error error;
  };
  struct Orders {
    std::vector<Attempt> give_up;  ///< first: their places are taken by what is sent
    std::vector<Send> send;
    std::vector<Failed> failed;
    std::vector<Row> late;
  };

  Outcomes(Rules rules, std::uint64_t seed) : rules_(std::move(rules)), random_(seed) {
    if (rules_.breaker) breaker_.emplace(*rules_.breaker);
  }

  /// A row came; numbers rise. `born`: what its age is counted from.
  void add(Row row, Time born, Time now);
  /// How many rows were asked about, if an answer to this attempt would count; else 0.
  std::uint32_t size(Attempt attempt) const;
  /// It was answered: the rows that are answered with it, each with its place in the request; others of the
  /// request had their outcome before. An attempt that is not wanted is counted, and answers none.
  struct Answered {
    Row row;
    std::uint32_t place;
  };
  std::vector<Answered> answered(Attempt attempt, Time now);
  void failed(Attempt attempt, const AttemptFailure& failure, Time now);
  /// Does what is due. To be called after the calls above, and at `next`.
  void advance(Time now);
  /// No more rows come: none waits for others to be asked with.
  void close() { closed_ = true; }
  Orders take_orders() { return std::exchange(orders_, {}); }

  /// When `advance` has something to do, if nothing comes before; kTimeMax: never.
  Time next() const;
  std::uint64_t rows() const { return rows_.size(); }        ///< without an outcome
  std::uint64_t waiting() const { return waiting_.size(); }  ///< not asked about yet
  std::uint64_t under_way() const { return under_way_.size(); }
  std::uint64_t retries() const { return retries_; }
  std::uint64_t unwanted() const { return unwanted_; }  ///< answers that came for nothing
  Breaker::State breaker(Time now) const { return breaker_ ? breaker_->state(now) : Breaker::State::closed; }

 private:
  struct RowState {
    Time came, born;
    std::uint64_t request = 0;  // 0: waiting
  };
  struct Request {
    std::vector<Row> rows;   // as they were asked; some may have their outcome
    std::uint32_t open = 0;  // of them
    std::uint32_t attempts = 0;
    std::optional<Time> retry_at;
    Error last_error;
  };
  struct UnderWay {
    Time times_out;
    bool overdue = false;  // it has, and may still be answered
    bool decides = false;  // for the breaker
  };

  void expire(Time now);
  void time_out(Time now);
  void begin_retries(Time now);
  void send(Time now);
  std::uint64_t make_request(Time now);
  bool next_rows_due(Time now) const;
  bool make_room(Time now);
  void refuse_all(Time now);
  void send_request(std::uint64_t id, Time now);
  void settle(std::uint64_t id, const AttemptFailure& failure, Time now);
  void divide(std::uint64_t id, Time now);
  void fail_rows(std::uint64_t id, const Error& error, Time now);
  void end_request(std::uint64_t id, Time now, bool alive);
  void end_attempt(Attempt attempt, bool failed, Time now);
  void give_up_all(std::uint64_t id, Time now, bool alive);
  void give_up(Attempt attempt, Time now, bool alive);
  UnderWay forget(Attempt attempt);
  std::uint64_t add_request(std::vector<Row> rows);
  Duration backoff(std::uint32_t attempts);

  Rules rules_;
  Random random_;
  std::optional<Breaker> breaker_;
  Orders orders_;
  std::map<Row, RowState> rows_;  // in the order they came, which is that of their deadlines
  std::deque<Row> waiting_;
  std::unordered_map<std::uint64_t, Request> requests_;
  std::deque<std::uint64_t> ready_;  // to be sent as soon as there is room
  std::set<std::pair<Time, std::uint64_t>> retries_at_;
  std::map<Attempt, UnderWay> under_way_;
  std::set<std::pair<Time, Attempt>> time_outs_;
  std::set<std::pair<Time, Attempt>> overdue_;  // by when they timed out
  std::uint64_t next_request_ = 1;
  std::uint64_t retries_ = 0, unwanted_ = 0;
  Time now_{};  // of the last `advance`
  bool closed_ = false;
};

}  // namespace leat
