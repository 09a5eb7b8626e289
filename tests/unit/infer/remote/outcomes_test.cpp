#include "infer/remote/outcomes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace leat {
namespace {

using namespace std::chrono_literals;
using Attempt = Outcomes::Attempt;
using Rows = std::vector<std::uint64_t>;

constexpr Time kStart{1000s};

AttemptFailure failure(Fault fault, bool divides = false) {
  return {fault, divides, {}, {Code::endpoint_failed, "it said so", {}}};
}

/// The machine with a clock, and what it ordered so far.
struct Asked {
  explicit Asked(Outcomes::Rules rules) : outcomes(std::move(rules), 7) {}

  void rows(std::initializer_list<std::uint64_t> list, Duration age = 0s) {
    for (const std::uint64_t row : list) outcomes.add(row, now - age, now);
    act();
  }
  void answer(Attempt attempt) {
    for (const auto& [row, place] : outcomes.answered(attempt, now)) answered.push_back(row);
    act();
  }
  void fail(Attempt attempt, AttemptFailure why) {
    outcomes.failed(attempt, std::move(why), now);
    act();
  }
  void pass(Duration time) {
    now += time;
    act();
  }
  /// To when it wants to be asked again.
  void pass_to_next() {
    ASSERT_NE(outcomes.next(), kTimeMax);
    ASSERT_GT(outcomes.next(), now);
    now = outcomes.next();
    act();
  }
  void act() {
    outcomes.advance(now);
    EXPECT_GT(outcomes.next(), now);
    Outcomes::Orders orders = outcomes.take_orders();
    for (auto& send : orders.send) sent.push_back(std::move(send));
    given_up.insert(given_up.end(), orders.give_up.begin(), orders.give_up.end());
    for (auto& row : orders.failed) failed.push_back(std::move(row));
    late.insert(late.end(), orders.late.begin(), orders.late.end());
  }
  Rows failed_rows() const {
    Rows rows;
    for (const auto& row : failed) rows.push_back(row.row);
    return rows;
  }
  /// The attempts sent since the last look.
  std::vector<Attempt> new_attempts() {
    std::vector<Attempt> attempts;
    for (; seen < sent.size(); ++seen) attempts.push_back(sent[seen].attempt);
    return attempts;
  }
  Attempt new_attempt() {
    const auto attempts = new_attempts();
    EXPECT_EQ(attempts.size(), 1u);
    return attempts.empty() ? Attempt{} : attempts[0];
  }

  Outcomes outcomes;
  Time now = kStart;
  std::vector<Outcomes::Send> sent;
  std::vector<Attempt> given_up;
  Rows answered, late;
  std::vector<Outcomes::Failed> failed;
  std::size_t seen = 0;
};

Outcomes::Rules rules() {
  return {.in_flight = 3, .deadline = 10s, .timeout = 1s, .attempts = 3, .backoff = 100ms};
}

TEST(Outcomes, each_row_is_asked_about_and_answered) {
  Asked asked(rules());
  asked.rows({1, 2});
  ASSERT_EQ(asked.sent.size(), 2u);
  EXPECT_EQ(asked.sent[1].rows, Rows{2});
  asked.answer(asked.sent[1].attempt);
  asked.answer(asked.sent[0].attempt);
  EXPECT_EQ(asked.answered, (Rows{2, 1}));
  EXPECT_EQ(asked.outcomes.rows(), 0u);
  EXPECT_EQ(asked.outcomes.next(), kTimeMax);
}

TEST(Outcomes, no_more_than_in_flight_are_asked_at_once) {
  Asked asked(rules());
  asked.rows({1, 2, 3, 4, 5});
  EXPECT_EQ(asked.sent.size(), 3u);
  EXPECT_EQ(asked.outcomes.waiting(), 2u);
  asked.answer(asked.sent[1].attempt);
  EXPECT_EQ(asked.sent.size(), 4u);
  EXPECT_EQ(asked.sent.back().rows, Rows{4});
}

TEST(Outcomes, rows_are_asked_together_when_they_are_many_or_have_waited) {
  Outcomes::Rules shared = rules();
  shared.rows_max = 3;
  shared.delay = 10ms;
  Asked asked(shared);
  asked.rows({1, 2, 3, 4});
  ASSERT_EQ(asked.sent.size(), 1u);
  EXPECT_EQ(asked.sent[0].rows, (Rows{1, 2, 3}));
  EXPECT_EQ(asked.outcomes.next(), kStart + 10ms);
  asked.pass(10ms);
  ASSERT_EQ(asked.sent.size(), 2u);
  EXPECT_EQ(asked.sent[1].rows, Rows{4});
}

TEST(Outcomes, rows_that_wait_for_room_share_a_request_without_a_delay) {
  Outcomes::Rules shared = rules();
  shared.rows_max = 3;
  shared.in_flight = 1;
  Asked asked(shared);
  asked.rows({1});
  asked.rows({2});
  asked.rows({3});
  ASSERT_EQ(asked.sent.size(), 1u);
  asked.answer(asked.sent[0].attempt);
  ASSERT_EQ(asked.sent.size(), 2u);
  EXPECT_EQ(asked.sent[1].rows, (Rows{2, 3}));
}

TEST(Outcomes, nothing_waits_for_company_after_the_end) {
  Outcomes::Rules shared = rules();
  shared.rows_max = 3;
  shared.delay = 5s;
  Asked asked(shared);
  asked.rows({1, 2});
  EXPECT_TRUE(asked.sent.empty());
  asked.outcomes.close();
  asked.act();
  EXPECT_EQ(asked.sent.size(), 1u);
}

TEST(Outcomes, failed_attempt_is_repeated_after_a_pause_that_grows) {
  Asked asked(rules());
  asked.rows({1});
  const Attempt first = asked.new_attempt();
  asked.fail(first, failure(Fault::server));
  EXPECT_TRUE(asked.new_attempts().empty());
  const Duration pause = asked.outcomes.next() - asked.now;
  EXPECT_GE(pause, 50ms);
  EXPECT_LE(pause, 100ms);
  asked.pass_to_next();
  const Attempt second = asked.new_attempt();
  EXPECT_EQ(second, (Attempt{first.request, 2}));
  asked.fail(second, failure(Fault::connection));
  const Duration longer = asked.outcomes.next() - asked.now;
  EXPECT_GE(longer, 100ms);
  EXPECT_LE(longer, 200ms);
  asked.pass_to_next();
  asked.answer(asked.new_attempt());
  EXPECT_EQ(asked.answered, Rows{1});
  EXPECT_EQ(asked.outcomes.retries(), 2u);
}

TEST(Outcomes, row_fails_with_the_last_failure_when_attempts_are_used_up) {
  Asked asked(rules());
  asked.rows({1});
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (attempt > 0) asked.pass_to_next();
    asked.fail(asked.new_attempt(), failure(Fault::server));
  }
  ASSERT_EQ(asked.failed_rows(), Rows{1});
  EXPECT_EQ(asked.failed[0].error.message, "it said so");
  EXPECT_EQ(asked.outcomes.next(), kTimeMax);
}

TEST(Outcomes, only_named_faults_are_repeated) {
  for (const auto fault :
       {Fault::timeout, Fault::connection, Fault::busy, Fault::server, Fault::refused, Fault::answer}) {
    Outcomes::Rules some = rules();
    some.retried = {Fault::busy, Fault::answer};
    Asked asked(some);
    asked.rows({1});
    asked.fail(asked.new_attempt(), failure(fault));
    EXPECT_EQ(asked.failed.empty(), fault == Fault::busy || fault == Fault::answer)
        << static_cast<int>(fault);
  }
}

TEST(Outcomes, pause_that_the_endpoint_asks_for_is_kept) {
  Asked asked(rules());
  asked.rows({1});
  AttemptFailure busy = failure(Fault::busy);
  busy.pause = 2s;
  asked.fail(asked.new_attempt(), busy);
  EXPECT_EQ(asked.outcomes.next(), kStart + 2s);
  // One that is longer than the deadline is not waited for.
  asked.pass_to_next();
  busy.pause = 60s;
  asked.fail(asked.new_attempt(), busy);
  EXPECT_EQ(asked.failed_rows(), Rows{1});
}

TEST(Outcomes, late_answer_to_an_earlier_attempt_counts) {
  Asked asked(rules());
  asked.rows({1});
  const Attempt first = asked.new_attempt();
  asked.pass(1s);  // timed out
  asked.pass_to_next();
  const Attempt second = asked.new_attempt();
  EXPECT_TRUE(asked.given_up.empty());
  asked.answer(first);
  EXPECT_EQ(asked.answered, Rows{1});
  EXPECT_EQ(asked.given_up, std::vector{second});
  asked.answer(second);
  EXPECT_EQ(asked.answered, Rows{1});
  EXPECT_EQ(asked.outcomes.unwanted(), 1u);
}

TEST(Outcomes, late_answer_counts_while_its_request_backs_off) {
  Asked asked(rules());
  asked.rows({1});
  const Attempt first = asked.new_attempt();
  asked.pass(1s);
  asked.answer(first);
  EXPECT_EQ(asked.answered, Rows{1});
  EXPECT_EQ(asked.outcomes.next(), kTimeMax);
}

TEST(Outcomes, attempt_over_its_time_gives_its_place_to_who_needs_it) {
  Outcomes::Rules one = rules();
  one.in_flight = 1;
  Asked asked(one);
  asked.rows({1, 2});
  const Attempt first = asked.new_attempt();
  asked.pass(1s);
  EXPECT_EQ(asked.given_up, std::vector{first});
  EXPECT_EQ(asked.sent.back().rows, Rows{2});
  EXPECT_EQ(asked.outcomes.under_way(), 1u);
  asked.answer(first);
  EXPECT_TRUE(asked.answered.empty());
}

TEST(Outcomes, deadline_covers_waiting_attempts_and_pauses) {
  Outcomes::Rules one = rules();
  one.in_flight = 1;
  one.timeout = 20s;
  Asked asked(one);
  asked.rows({1});
  const Attempt first = asked.new_attempt();
  asked.pass(4s);
  asked.rows({2});
  asked.pass(6s);
  EXPECT_EQ(asked.failed_rows(), Rows{1});
  EXPECT_EQ(asked.failed[0].error.code, Code::deadline_missed);
  EXPECT_EQ(asked.given_up, std::vector{first});
  const Attempt second = asked.sent.back().attempt;
  EXPECT_EQ(asked.sent.back().rows, Rows{2});
  asked.rows({3});
  asked.pass(4s);
  EXPECT_EQ(asked.failed_rows(), (Rows{1, 2}));
  asked.answer(second);
  EXPECT_TRUE(asked.answered.empty());
}

TEST(Outcomes, row_that_was_never_asked_about_has_a_deadline_too) {
  Outcomes::Rules one = rules();
  one.in_flight = 1;
  one.timeout = 20s;
  Asked asked(one);
  asked.rows({1});
  asked.pass(1ms);
  asked.rows({2, 3});
  asked.pass(10s);
  EXPECT_EQ(asked.failed_rows(), (Rows{1, 2, 3}));
  EXPECT_EQ(asked.outcomes.waiting(), 0u);
}

TEST(Outcomes, retry_that_would_miss_the_deadline_is_not_waited_for) {
  Outcomes::Rules tight = rules();
  tight.deadline = 1050ms;
  tight.backoff = 200ms;
  Asked asked(tight);
  asked.rows({1});
  asked.pass(1s);
  ASSERT_EQ(asked.failed_rows(), Rows{1});
  EXPECT_EQ(asked.failed[0].error.code, Code::endpoint_failed);
}

TEST(Outcomes, row_too_old_to_be_of_use_is_late_and_not_asked_about) {
  Outcomes::Rules fresh = rules();
  fresh.max_age = 30s;
  fresh.rows_max = 2;
  Asked asked(fresh);
  asked.rows({1}, 30s);
  EXPECT_EQ(asked.sent.size(), 1u);
  asked.rows({2}, 31s);
  EXPECT_EQ(asked.late, Rows{2});
  EXPECT_EQ(asked.sent.size(), 1u);
  EXPECT_EQ(asked.outcomes.rows(), 1u);
}

TEST(Outcomes, refused_batch_is_halved_until_the_row_that_is_to_blame_stands_alone) {
  Outcomes::Rules shared = rules();
  shared.rows_max = 5;
  shared.in_flight = 10;
  Asked asked(shared);
  asked.rows({1, 2, 3, 4, 5});
  for (std::size_t at = 0; at < asked.sent.size(); ++at) {
    const Outcomes::Send send = asked.sent[at];
    if (std::ranges::find(send.rows, 4u) != send.rows.end())
      asked.fail(send.attempt, failure(Fault::refused, true));
    else
      asked.answer(send.attempt);
  }
  EXPECT_EQ(asked.failed_rows(), Rows{4});
  std::ranges::sort(asked.answered);
  EXPECT_EQ(asked.answered, (Rows{1, 2, 3, 5}));
  EXPECT_EQ(asked.outcomes.next(), kTimeMax);
}

TEST(Outcomes, row_left_over_of_a_refused_batch_is_asked_about_alone) {
  Outcomes::Rules shared = rules();
  shared.rows_max = 2;
  shared.delay = 9s;
  shared.timeout = 5s;
  Asked asked(shared);
  asked.rows({1});
  asked.pass(8900ms);
  asked.rows({2});
  asked.pass(1100ms);
  asked.fail(asked.new_attempt(), failure(Fault::refused, true));
  EXPECT_EQ(asked.failed_rows(), Rows{1});  // its deadline
  asked.answer(asked.new_attempt());
  EXPECT_EQ(asked.answered, Rows{2});
}

TEST(Outcomes, batch_is_not_halved_when_its_rows_are_not_to_blame) {
  Outcomes::Rules shared = rules();
  shared.rows_max = 2;
  shared.attempts = 1;
  Asked asked(shared);
  asked.rows({1, 2});
  asked.fail(asked.new_attempt(), failure(Fault::connection));
  EXPECT_EQ(asked.failed_rows(), (Rows{1, 2}));
  EXPECT_EQ(asked.sent.size(), 1u);
}

TEST(Outcomes, repeated_request_leaves_out_the_rows_that_have_their_outcome) {
  Outcomes::Rules shared = rules();
  shared.rows_max = 2;
  shared.delay = 9s;
  shared.timeout = 1500ms;
  shared.backoff = 1ms;
  Asked asked(shared);
  asked.rows({1});
  asked.pass(8900ms);
  asked.rows({2});
  const Attempt first = asked.new_attempt();
  asked.pass(1100ms);
  EXPECT_EQ(asked.failed_rows(), Rows{1});
  asked.pass(400ms);
  asked.pass_to_next();
  const Attempt second = asked.new_attempt();
  EXPECT_EQ(asked.sent.back().rows, Rows{2});
  // What the first attempt brings now would stand at other places.
  EXPECT_EQ(asked.given_up, std::vector{first});
  asked.answer(second);
  EXPECT_EQ(asked.answered, Rows{2});
}

TEST(Outcomes, answer_names_the_places_of_the_rows_that_have_none_yet) {
  Outcomes::Rules shared = rules();
  shared.rows_max = 2;
  shared.delay = 9s;
  Asked asked(shared);
  asked.rows({1});
  asked.pass(8900ms);
  asked.rows({2});
  asked.pass(1100ms);
  const auto answered = asked.outcomes.answered(asked.new_attempt(), asked.now);
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].row, 2u);
  EXPECT_EQ(answered[0].place, 1u);
}

Outcomes::Rules broken_off() {
  Outcomes::Rules fragile = rules();
  fragile.attempts = 1;
  fragile.breaker = Breaker::Rules{.failures = 0.5, .of = 2, .pause = 5s};
  return fragile;
}

TEST(Outcomes, open_breaker_refuses_at_once) {
  Asked asked(broken_off());
  asked.rows({1, 2, 3, 4});
  const auto attempts = asked.new_attempts();
  asked.fail(attempts[0], failure(Fault::server));
  asked.fail(attempts[1], failure(Fault::server));
  // 4 was sent when 1 had failed; its place among the others stays.
  asked.rows({5});
  EXPECT_EQ(asked.failed_rows(), (Rows{1, 2, 5}));
  EXPECT_EQ(asked.failed.back().error.code, Code::breaker_open);
  asked.answer(attempts[2]);
  EXPECT_EQ(asked.answered, Rows{3});
}

TEST(Outcomes, half_open_breaker_lets_one_request_through) {
  Asked asked(broken_off());
  asked.rows({1, 2});
  for (const Attempt attempt : asked.new_attempts()) asked.fail(attempt, failure(Fault::server));
  asked.pass(5s);
  asked.rows({3, 4});
  const Attempt trial = asked.new_attempt();
  EXPECT_EQ(asked.failed_rows(), (Rows{1, 2, 4}));
  asked.answer(trial);
  asked.rows({5, 6});
  EXPECT_EQ(asked.new_attempts().size(), 2u);
}

TEST(Outcomes, refusals_of_the_rows_do_not_open_the_breaker) {
  Asked asked(broken_off());
  for (std::uint64_t row = 1; row < 10; ++row) {
    asked.rows({row});
    asked.fail(asked.new_attempt(), failure(Fault::refused));
  }
  EXPECT_EQ(asked.outcomes.breaker(asked.now), Breaker::State::closed);
}

TEST(Outcomes, trial_that_is_never_answered_opens_the_breaker_again) {
  Outcomes::Rules slow = broken_off();
  slow.timeout = 60s;
  Asked asked(slow);
  asked.rows({1, 2});
  for (const Attempt attempt : asked.new_attempts()) asked.fail(attempt, failure(Fault::server));
  asked.pass(5s);
  asked.rows({3});
  asked.pass(10s);  // its deadline
  EXPECT_EQ(asked.failed_rows(), (Rows{1, 2, 3}));
  EXPECT_EQ(asked.outcomes.breaker(asked.now), Breaker::State::open);
  EXPECT_EQ(asked.outcomes.breaker(asked.now + 5s), Breaker::State::half_open);
}

TEST(Outcomes, clock_that_goes_back_leaves_deadlines_in_order) {
  Asked asked(rules());
  asked.rows({1});
  asked.now -= 5s;
  asked.rows({2});
  asked.now = kStart + 10s;
  asked.act();
  EXPECT_EQ(asked.failed_rows(), (Rows{1, 2}));
}

}  // namespace
}  // namespace leat
