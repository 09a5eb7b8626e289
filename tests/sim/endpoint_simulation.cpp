#include "sim/endpoint_simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "infer/remote/answer_order.hpp"
#include "infer/remote/outcomes.hpp"
#include "sim/random.hpp"

namespace leat::sim {
namespace {

using Row = Outcomes::Row;
using Attempt = Outcomes::Attempt;

constexpr Time kStart{std::chrono::seconds(1'700'000'000)};
constexpr Duration kMillisecond = std::chrono::milliseconds(1);

/// What the endpoint sends back to one attempt, and when.
struct Answer {
  Time at;
  std::uint64_t incarnation;  // of the process that asked
  Attempt attempt;
  std::optional<Fault> fault;
  std::vector<Row> about;  // the rows that it is an answer to, by their true numbers
};

struct Outcome {
  enum class Kind : std::uint8_t { answered, failed, late } kind;
  Time at;
};

/// What survives the process.
struct Saved {
  std::size_t produced = 0;
  std::vector<Row> held;
  std::map<Row, Outcome> outcomes;
  std::vector<Row> emitted;
};

class Run {
 public:
  explicit Run(const EndpointOptions& options) : random_(options.seed), mutant_(options.mutant) {
    choose_rules();
    choose_rows();
    start({});
  }

  EndpointResult run() {
    for (int steps = 0; !done() && result_.violations.empty(); ++steps) {
      if (steps > 20'000) violation("it does not come to an end");
      const Time next = next_event();
      if (next == kTimeMax) {
        violation("rows wait, and nothing will happen");
        break;
      }
      now_ = std::max(now_, next);
      happen();
    }
    for (Row row = 0; row < rows_.size() && result_.violations.empty(); ++row)
      if (!outcomes_.contains(row)) violation(fmt::format("row {} has no outcome", row));
    finish_counts();
    return std::move(result_);
  }

 private:
  struct RowPlan {
    Time comes, born;
    std::uint64_t key;
    bool poison;  // the endpoint refuses whatever has it in it
  };

  bool mutant(std::string_view name) const { return mutant_ == name; }
  Duration up_to(Duration most) {
    return Duration(static_cast<std::int64_t>(pick(random_, static_cast<std::uint64_t>(most.count()) + 1)));
  }
  void say(std::string line) {
    result_.trace.push_back(
        fmt::format("{:>8.3f} ms  {}", static_cast<double>((now_ - kStart).count()) / 1000, line));
  }
  void violation(std::string line) {
    say("violation: " + line);
    result_.violations.push_back(std::move(line));
  }

  void choose_rules();
  void choose_rows();
  void start(const Saved& saved);
  Saved save() const;
  void crash();
  bool done() const;
  Time next_event() const;
  void happen();
  void produce();
  void take_answers();
  void take(const Answer& answer);
  Attempt attempt_of(const Answer& answer) const;
  void step();
  void check_after_step();
  void ask(const Outcomes::Send& send);
  void answer_later(const Outcomes::Send& send, const std::vector<Row>& about);
  void settle(Row local, Outcome::Kind kind);
  void emit(Row row);
  void finish_counts();

  Random random_;
  const std::string mutant_;
  EndpointResult result_;
  Outcomes::Rules rules_;
  AnswerOrder::Rule order_rule_ = AnswerOrder::Rule::none;
  double losing_ = 0, doubling_ = 0, failing_ = 0, slow_ = 0, crashing_ = 0;
  std::vector<RowPlan> rows_;

  Time now_ = kStart;
  std::vector<Answer> answers_;
  std::uint64_t incarnation_ = 0;
  std::size_t produced_ = 0;
  std::map<Row, Outcome> outcomes_;
  std::vector<Row> emitted_;
  Saved saved_;

  // The process. Rows have other numbers in it, from 0 in each incarnation.
  std::optional<Outcomes> machine_;
  std::optional<AnswerOrder> order_;
  std::vector<Row> true_row_;
  std::map<Row, Time> came_;  // local rows without an outcome, or whose answer waits for its order
  std::map<Row, Time> deadline_from_;
  std::set<Row> answered_;  // local rows whose answers wait for their order
  std::set<Attempt> calls_;
  std::map<Attempt, std::vector<Row>> asked_;
  bool broken_open_ = false;
  std::set<Row> asked_ever_;  // true rows, in this incarnation
};

void Run::choose_rules() {
  rules_.in_flight = 1 + static_cast<std::uint32_t>(pick(random_, 8));
  rules_.rows_max = 1 + static_cast<std::uint32_t>(pick(random_, 4));
  rules_.delay = chance(random_, 0.5) ? Duration(0) : up_to(20 * kMillisecond);
  rules_.deadline = 100 * kMillisecond + up_to(3000 * kMillisecond);
  rules_.timeout = 20 * kMillisecond + up_to(400 * kMillisecond);
  rules_.attempts = 1 + static_cast<std::uint32_t>(pick(random_, 5));
  rules_.backoff = up_to(60 * kMillisecond);
  rules_.retried.clear();
  for (const auto fault : {Fault::timeout, Fault::connection, Fault::busy, Fault::server, Fault::answer})
    if (chance(random_, 0.7)) rules_.retried.insert(fault);
  if (chance(random_, 0.4))
    rules_.breaker = Breaker::Rules{.failures = 0.3 + 0.1 * static_cast<double>(pick(random_, 6)),
                                    .of = 2 + static_cast<std::uint32_t>(pick(random_, 8)),
                                    .pause = 10 * kMillisecond + up_to(300 * kMillisecond)};
  if (chance(random_, 0.4)) rules_.max_age = up_to(400 * kMillisecond);
  order_rule_ = static_cast<AnswerOrder::Rule>(pick(random_, 3));
  const auto rate = [&] {
    return chance(random_, 0.5) ? 0.0 : 0.05 * static_cast<double>(pick(random_, 10));
  };
  losing_ = rate();
  doubling_ = rate();
  failing_ = rate();
  slow_ = rate();
  crashing_ = chance(random_, 0.5) ? 0.0 : 0.03;
}

void Run::choose_rows() {
  const bool poison = chance(random_, 0.4);
  Time comes = kStart;
  for (std::size_t count = 5 + pick(random_, 40); count > 0; --count) {
    comes += chance(random_, 0.5) ? Duration(0) : up_to(40 * kMillisecond);
    rows_.push_back(
        {comes, comes - up_to(300 * kMillisecond), pick(random_, 3), poison && chance(random_, 0.15)});
  }
}

// What was saved is asked about again, before anything new.
void Run::start(const Saved& saved) {
  ++incarnation_;
  produced_ = saved.produced;
  outcomes_ = saved.outcomes;
  emitted_ = saved.emitted;
  saved_ = saved;
  machine_.emplace(rules_, incarnation_);
  order_.emplace(order_rule_);
  for (auto* rows : {&came_, &deadline_from_}) rows->clear();
  true_row_.clear();
  answered_.clear();
  calls_.clear();
  asked_.clear();
  asked_ever_.clear();
  broken_open_ = false;
  for (const Row row : saved.held) {
    const Row local = true_row_.size();
    true_row_.push_back(row);
    came_[local] = deadline_from_[local] = now_;
    order_->add(local, rows_[row].key);
    machine_->add(local, rows_[row].born, now_);
  }
  if (produced_ == rows_.size()) machine_->close();
  step();
}

Saved Run::save() const {
  Saved saved{produced_, {}, outcomes_, emitted_};
  for (const auto& [local, came] : came_) {
    const bool asked = std::ranges::any_of(
        asked_, [&](const auto& call) { return std::ranges::find(call.second, local) != call.second.end(); });
    if (mutant("forgets_rows_that_wait") && !asked) continue;
    if (mutant("forgets_answers_that_wait") && answered_.contains(local)) continue;
    saved.held.push_back(true_row_[local]);
  }
  return saved;
}

void Run::crash() {
  say("the process dies");
  ++result_.crashes;
  result_.retries += machine_->retries();
  result_.unwanted += machine_->unwanted();
  start(Saved(saved_));
}

bool Run::done() const {
  return produced_ == rows_.size() && came_.empty();
}

Time Run::next_event() const {
  Time next = kTimeMax;
  if (produced_ < rows_.size()) next = rows_[produced_].comes;
  for (const Answer& answer : answers_) next = std::min(next, answer.at);
  if (!mutant("sleeps_too_long")) next = std::min(next, machine_->next());
  return next;
}

void Run::happen() {
  if (chance(random_, crashing_)) return crash();
  if (chance(random_, 0.1)) {
    saved_ = save();
    say(fmt::format("checkpoint: {} rows under way", saved_.held.size()));
  }
  produce();
  take_answers();
  step();
}

void Run::produce() {
  for (; produced_ < rows_.size() && rows_[produced_].comes <= now_; ++produced_) {
    const Row local = true_row_.size();
    true_row_.push_back(produced_);
    came_[local] = deadline_from_[local] = now_;
    order_->add(local, rows_[produced_].key);
    machine_->add(local, rows_[produced_].born, now_);
  }
  if (produced_ == rows_.size()) machine_->close();
}

void Run::take_answers() {
  std::vector<Answer> due;
  std::erase_if(answers_, [&](const Answer& answer) {
    if (answer.at > now_) return false;
    due.push_back(answer);
    return true;
  });
  std::shuffle(due.begin(), due.end(), random_);
  for (const Answer& answer : due)
    if (answer.incarnation == incarnation_ || mutant("hears_answers_to_the_dead")) take(answer);
}

/// Broken on purpose: an answer is taken for one to what has been under way longest.
Attempt Run::attempt_of(const Answer& answer) const {
  if (!mutant("mixes_up_attempts") || calls_.empty()) return answer.attempt;
  return *calls_.begin();
}

void Run::take(const Answer& answer) {
  const Attempt attempt = attempt_of(answer);
  const std::uint32_t wanted = machine_->size(attempt);
  say(fmt::format("{} to {}.{}{}", answer.fault ? "failure" : "answer", attempt.request, attempt.number,
                  wanted == 0 ? ", which is done" : ""));
  calls_.erase(attempt);
  if (answer.fault) {
    const bool divides = *answer.fault == Fault::refused || *answer.fault == Fault::answer;
    const Code code = *answer.fault == Fault::refused ? Code::endpoint_refused : Code::endpoint_failed;
    return machine_->failed(attempt, {*answer.fault, divides, {}, {code, "", {}}}, now_);
  }
  const auto asked = asked_.find(attempt);
  std::vector<Outcomes::Answered> rows = machine_->answered(attempt, now_);
  if (mutant("answers_rows_again") && asked != asked_.end() && rows.empty())
    for (std::uint32_t place = 0; place < asked->second.size(); ++place)
      rows.push_back({asked->second[place], place});
  for (const auto& [local, place] : rows) {
    if (place >= answer.about.size() || answer.about[place] != true_row_[local])
      violation(fmt::format("row {} got the answer of another", true_row_[local]));
    settle(local, Outcome::Kind::answered);
  }
}

void Run::step() {
  machine_->advance(now_);
  Outcomes::Orders orders = machine_->take_orders();
  for (const Attempt attempt : orders.give_up) {
    ++result_.given_up;
    if (!mutant("gives_nothing_up")) calls_.erase(attempt);
  }
  for (const Outcomes::Send& send : orders.send) ask(send);
  for (const Outcomes::Failed& failed : orders.failed) {
    const Row row = true_row_[failed.row];
    if (failed.error.code == Code::endpoint_refused) {
      ++result_.refused_alone;
      if (!rows_[row].poison) violation(fmt::format("row {} was refused for another's sake", row));
    }
    settle(failed.row, Outcome::Kind::failed);
  }
  for (const Row local : orders.late) {
    const Row row = true_row_[local];
    if (asked_ever_.contains(row)) violation(fmt::format("row {} is late, and was asked about", row));
    if (!rules_.max_age || now_ - rows_[row].born <= *rules_.max_age)
      violation(fmt::format("row {} is late, and is not too old", row));
    settle(local, Outcome::Kind::late);
  }
  check_after_step();
}

void Run::check_after_step() {
  if (machine_->under_way() > rules_.in_flight || calls_.size() > rules_.in_flight)
    violation(fmt::format("{} calls are under way, and {} are allowed", calls_.size(), rules_.in_flight));
  if (machine_->next() <= now_) violation("it would be asked again at once, for ever");
  if (machine_->rows() > 0 && machine_->next() == kTimeMax) violation("rows wait without a deadline");
  const bool open = machine_->breaker(now_) == Breaker::State::open;
  if (open && !broken_open_) ++result_.breaker_opened;
  broken_open_ = open;
}

void Run::ask(const Outcomes::Send& send) {
  say(fmt::format("asks {}.{} about {} rows", send.attempt.request, send.attempt.number, send.rows.size()));
  if (machine_->breaker(now_) == Breaker::State::open) violation("asked through an open breaker");
  if (send.attempt.number > rules_.attempts) violation("one attempt too many");
  if (send.rows.empty() || send.rows.size() > rules_.rows_max) violation("too many rows in a request");
  std::vector<Row> about;
  for (const Row local : send.rows) {
    about.push_back(true_row_[local]);
    asked_ever_.insert(true_row_[local]);
    if (rules_.max_age && send.attempt.number == 1 && !came_.contains(local))
      violation("asked about a row that has its outcome");
  }
  calls_.insert(send.attempt);
  asked_[send.attempt] = send.rows;
  answer_later(send, about);
}

// What an endpoint, and the network before it, may do.
void Run::answer_later(const Outcomes::Send& send, const std::vector<Row>& about) {
  const bool poisoned = std::ranges::any_of(about, [&](Row row) { return rows_[row].poison; });
  const auto latency = [&] {
    return kMillisecond + up_to(chance(random_, slow_) ? 2000 * kMillisecond : 30 * kMillisecond);
  };
  Answer answer{now_ + latency(), incarnation_, send.attempt, std::nullopt, about};
  constexpr Fault kFaults[] = {Fault::connection, Fault::busy, Fault::server, Fault::answer};
  if (poisoned)
    answer.fault = Fault::refused;
  else if (chance(random_, failing_))
    answer.fault = kFaults[pick(random_, std::size(kFaults))];
  if (!chance(random_, losing_)) answers_.push_back(answer);
  if (!chance(random_, doubling_)) return;
  answer.at = now_ + latency();
  answers_.push_back(answer);
  // And one more to something that is done, with what was asked now.
  answer.attempt =
      std::next(asked_.begin(), static_cast<std::ptrdiff_t>(pick(random_, asked_.size())))->first;
  if (machine_->size(answer.attempt) == 0) answers_.push_back(answer);
}

void Run::settle(Row local, Outcome::Kind kind) {
  const Row row = true_row_[local];
  if (outcomes_.contains(row) || answered_.contains(local))
    return violation(fmt::format("row {} has two outcomes", row));
  if (now_ > deadline_from_[local] + rules_.deadline)
    violation(fmt::format("row {} has its outcome {} us after its deadline", row,
                          (now_ - deadline_from_[local] - rules_.deadline).count()));
  std::vector<Row> go;
  if (kind == Outcome::Kind::answered) {
    answered_.insert(local);
    if (mutant("keeps_no_order")) {
      go.push_back(local);
    } else {
      order_->settle(local, rows_[row].key, true, go);
    }
  } else {
    outcomes_[row] = {kind, now_};
    came_.erase(local);
    if (!mutant("keeps_no_order")) order_->settle(local, rows_[row].key, false, go);
  }
  for (const Row gone : go) emit(gone);
}

void Run::emit(Row local) {
  const Row row = true_row_[local];
  answered_.erase(local);
  came_.erase(local);
  outcomes_[row] = {Outcome::Kind::answered, now_};
  for (const Row before : emitted_) {
    const bool same = order_rule_ == AnswerOrder::Rule::all ||
                      (order_rule_ == AnswerOrder::Rule::by_key && rows_[before].key == rows_[row].key);
    if (same && before > row) violation(fmt::format("row {} went after row {}", row, before));
  }
  emitted_.push_back(row);
}

void Run::finish_counts() {
  for (const auto& [row, outcome] : outcomes_) {
    result_.answered += outcome.kind == Outcome::Kind::answered;
    result_.failed += outcome.kind == Outcome::Kind::failed;
    result_.late += outcome.kind == Outcome::Kind::late;
  }
  result_.retries += machine_->retries();
  result_.unwanted += machine_->unwanted();
}

}  // namespace

EndpointResult simulate_endpoint(const EndpointOptions& options) {
  return Run(options).run();
}

std::vector<std::string> endpoint_mutants() {
  return {
      "forgets_rows_that_wait", "forgets_answers_that_wait", "sleeps_too_long",  "hears_answers_to_the_dead",
      "mixes_up_attempts",      "answers_rows_again",        "gives_nothing_up", "keeps_no_order"};
}

}  // namespace leat::sim
