#include "infer/remote/remote.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/context.hpp>
#include <unordered_map>

#include "infer/placeholder.hpp"
#include "infer/remote/asked_rows.hpp"
#include "infer/remote/remote_plan.hpp"
#include "infer/remote/status.hpp"
#include "infer/selection/outlet.hpp"
#include "infer/selection/shadow_run.hpp"
#include "infer/text_input.hpp"

namespace leat {
namespace {

using Row = AskedRows::Row;
using Attempt = Outcomes::Attempt;

// An attempt as the number of its call; `retry.attempts` is at most 100.
constexpr std::uint64_t kAttemptsPerRequest = 256;
std::uint64_t call_of(Attempt attempt) {
  return attempt.request * kAttemptsPerRequest + attempt.number;
}
Attempt attempt_of(std::uint64_t call) {
  return {call / kAttemptsPerRequest, static_cast<std::uint32_t>(call % kAttemptsPerRequest)};
}

class Remote final : public Actor {
 public:
  explicit Remote(const InferConfig& config)
      : plan_(config.remote),
        on_null_(config.on_null),
        order_(plan_->order),
        reader_(plan_->reply),
        nobody_(std::make_shared<const Replied>(
            Replied{placeholder(plan_->reply.outputs), "remote/" + plan_->name})),
        failed_(std::make_shared<const Replied>()),
        fallback_(plan_->otherwise.view()),
        shadows_(plan_->shadows, on_null_) {}

  Status on_start(Context& ctx) override {
    // What differs between instances, so that they do not all come back at once.
    outcomes_.emplace(plan_->rules, 0x5eed + ctx.instance());
    LEAT_TRY_ASSIGN(calls_, plan_->open(plan_->endpoint, ctx.waker(kCame)));
    if (fallback_) fallback_->start();
    shadows_.start();
    for (const Batch& batch : std::exchange(saved_.rows, {})) take_rows(batch, saved_.watermark, ctx);
    return step(ctx);
  }
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    take_rows(batch, ctx.watermark(), ctx);
    return step(ctx);
  }
  Status on_timer(Timer timer, Context& ctx) override {
    if (shadows_.on_timer(timer, nobody_->by, ctx)) return {};
    for (const HttpAnswer& answer : calls_->take()) take_answer(answer, ctx);
    return step(ctx);
  }
  Status on_end(Context& ctx) override {
    outcomes_->close();
    closed_ = true;
    return step(ctx);
  }
  bool drained() const override { return rows_.size() == 0 && shadows_.done(); }
  void save(StateWriter& state) const override { rows_.save(state); }
  Status load(StateReader& state) override {
    const auto ours = [this](const KeyShare& share, const Batch& rows) { return own_rows(share, rows); };
    return load_rows(state, plan_->input, ours, saved_);
  }

 private:
  static constexpr Timer kDue{0};
  static constexpr Timer kCame{1};

  /// What one answer said, and who.
  struct Replied {
    Batch outputs;
    std::string by;
  };
  struct Answer {
    std::shared_ptr<const Replied> replied;
    std::uint32_t place = 0;
  };

  std::vector<bool> own_rows(const KeyShare& share, const Batch& rows) const;
  std::vector<std::uint32_t> reject_some(const Question& question, Context& ctx);
  std::vector<std::uint64_t> keys_of(const Batch& rows) const;
  void take_rows(const Batch& batch, Time watermark, Context& ctx);
  void take_answer(const HttpAnswer& answer, Context& ctx);
  Status step(Context& ctx);
  bool carry_out(Context& ctx);
  bool send(const Outcomes::Send& send, Context& ctx);
  void settle(Row row, bool answered);
  void emit_settled(Context& ctx);
  void emit_rows(std::span<const Row> rows, Context& ctx);
  void emit_failed(std::span<const Row> rows, Context& ctx);
  void give_up(const Batch& rows, std::vector<Evaluated::Failed> failed, Context& ctx);
  void tell(Context& ctx);

  std::shared_ptr<const RemotePlan> plan_;
  NullInput on_null_;
  std::optional<Outcomes> outcomes_;
  AnswerOrder order_;
  AskedRows rows_;
  std::unordered_map<Row, Answer> answers_;  // of rows that have one and are not gone
  std::vector<Row> going_;
  ReplyReader reader_;
  std::shared_ptr<const Replied> nobody_;   // of rows whose answer is null
  std::shared_ptr<const Replied> failed_;   // of rows that `otherwise` answers when it is their turn
  std::unordered_map<Row, Error> reasons_;  // why those failed
  std::uint64_t otherwise_rows_ = 0;
  std::optional<SlotView> fallback_;
  ShadowRun shadows_;
  bool closed_ = false;  // the input has ended
  SavedRows saved_;
  Breaker::State breaker_ = Breaker::State::closed;
  std::unique_ptr<HttpCalls> calls_;
};

std::vector<bool> Remote::own_rows(const KeyShare& share, const Batch& rows) const {
  if (plan_->key) return share.of({{plan_->key->evaluate(rows).values}}, rows.row_count());
  std::vector<bool> ours(rows.row_count());
  for (std::uint32_t row = 0; row < rows.row_count(); ++row) ours[row] = share.has(row);
  return ours;
}

/// Gives up the rows that cannot be asked about after all, and lists them (ascending).
std::vector<std::uint32_t> Remote::reject_some(const Question& question, Context& ctx) {
  std::map<std::uint32_t, Error> errors;
  for (const std::uint32_t row : unsayable_rows(question.columns))
    if (!std::ranges::binary_search(question.absent, row))
      errors.try_emplace(row, Error{Code::out_of_range, "JSON has no word for NaN and infinity", {}});
  if (plan_->key)
    for (Evaluated::Failed& failed : plan_->key->evaluate(question.rows).failed)
      errors.try_emplace(failed.row, std::move(failed.error));
  std::vector<std::uint32_t> gone;
  std::vector<Evaluated::Failed> failed;
  for (auto& [row, error] : errors) {
    failed.push_back({row, std::move(error)});
    gone.push_back(row);
  }
  give_up(question.rows, std::move(failed), ctx);
  return gone;
}

std::vector<std::uint64_t> Remote::keys_of(const Batch& rows) const {
  if (!plan_->key) return {};
  std::vector<std::uint64_t> keys(rows.row_count());
  mix_hashes(plan_->key->evaluate(rows).values, keys);
  return keys;
}

void Remote::take_rows(const Batch& batch, Time watermark, Context& ctx) {
  Question question = make_question(plan_->inputs, on_null_, batch);
  give_up(batch, std::move(question.failed), ctx);
  if (question.rows.empty()) return;
  if (const std::vector<std::uint32_t> gone = reject_some(question, ctx); !gone.empty())
    question = question.take(others(question.rows.row_count(), gone));
  std::vector<std::uint64_t> keys = keys_of(question.rows);
  const std::vector<std::uint32_t> absent = question.absent;
  const std::uint32_t count = question.rows.row_count();
  const Time born = batch.entered() == kTimeMin ? ctx.now() : batch.entered();
  const Row first = rows_.add(std::move(question), std::move(keys), watermark);
  for (Row row = first; row < first + count; ++row) {
    order_.add(row, rows_.key(row));
    if (!std::ranges::binary_search(absent, static_cast<std::uint32_t>(row - first))) {
      outcomes_->add(row, born, ctx.now());
      continue;
    }
    answers_[row] = {nobody_, 0};
    settle(row, true);
  }
}

void Remote::take_answer(const HttpAnswer& answer, Context& ctx) {
  const Attempt attempt = attempt_of(answer.call);
  const std::uint32_t asked = outcomes_->size(attempt);
  if (asked == 0) {
    outcomes_->answered(attempt, ctx.now());  // counted, for nothing
    return;
  }
  if (answer.status / 100 != 2)
    return outcomes_->failed(attempt, failure_of(answer, plan_->endpoint.target.authority()), ctx.now());
  Result<Reply> reply = reader_.read(answer.body, asked);
  if (!reply) {
    Error error = std::move(reply).error();
    error.place = plan_->endpoint.target.authority();
    return outcomes_->failed(attempt, {.fault = Fault::answer, .divides = true, .error = std::move(error)},
                             ctx.now());
  }
  if (reply->version.empty()) reply->version = answer.variant;
  const std::string version = reply->version.empty() ? "" : "@" + reply->version;
  const auto replied = std::make_shared<const Replied>(
      Replied{std::move(reply->outputs),
              fmt::format("remote/{}{}", reply->model.empty() ? plan_->name : reply->model, version)});
  for (const auto& [row, at] : outcomes_->answered(attempt, ctx.now())) {
    answers_[row] = {replied, at};
    settle(row, true);
  }
}

Status Remote::step(Context& ctx) {
  // What cannot be written fails at once, and may make room for more.
  do outcomes_->advance(ctx.now());
  while (!carry_out(ctx));
  emit_settled(ctx);
  tell(ctx);
  if (closed_ && rows_.size() == 0) shadows_.end(ctx);
  return {};
}

/// False when there is more to do, because some of it has failed.
bool Remote::carry_out(Context& ctx) {
  Outcomes::Orders orders = outcomes_->take_orders();
  for (const Attempt attempt : orders.give_up) calls_->cancel(call_of(attempt));
  bool done = true;
  for (const Outcomes::Send& next : orders.send) done &= send(next, ctx);
  for (Outcomes::Failed& failed : orders.failed) {
    if (plan_->otherwise.engine) {
      reasons_.emplace(failed.row, std::move(failed.error));
      answers_[failed.row] = {failed_, 0};
      settle(failed.row, true);
      continue;
    }
    give_up(rows_.row(failed.row), {{0, std::move(failed.error)}}, ctx);
    settle(failed.row, false);
  }
  if (orders.late.empty()) return done;
  ctx.late(orders.late.size());
  ctx.emit(InferPorts::late, rows_.rows(orders.late));
  for (const Row row : orders.late) settle(row, false);
  return done;
}

bool Remote::send(const Outcomes::Send& send, Context& ctx) {
  Result<std::string> body = write_body(plan_->body, rows_.columns(send.rows));
  if (body) {
    calls_->send(call_of(send.attempt), *std::move(body));
    return true;
  }
  outcomes_->failed(send.attempt,
                    {.fault = Fault::refused, .divides = true, .error = std::move(body).error()}, ctx.now());
  return false;
}

void Remote::settle(Row row, bool answered) {
  order_.settle(row, rows_.key(row), answered, going_);
  if (!answered) rows_.remove(row);
}

void Remote::emit_settled(Context& ctx) {
  const std::vector<Row> going = std::exchange(going_, {});
  for (std::size_t first = 0; first < going.size();) {
    const std::string& by = answers_.at(going[first]).replied->by;
    std::size_t end = first + 1;
    while (end < going.size() && end - first < ctx.batch_rows() && answers_.at(going[end]).replied->by == by)
      ++end;
    emit_rows(std::span(going).subspan(first, end - first), ctx);
    first = end;
  }
  for (const Row row : going) {
    answers_.erase(row);
    rows_.remove(row);
  }
}

/// To where `otherwise` says, or to `errors`.
void Remote::give_up(const Batch& rows, std::vector<Evaluated::Failed> failed, Context& ctx) {
  if (failed.empty()) return;
  Outlet outlet(rows, plan_->answers, plan_->otherwise, fallback_, ctx);
  outlet.unanswered(std::move(failed));
  otherwise_rows_ += outlet.send();
}

void Remote::emit_failed(std::span<const Row> rows, Context& ctx) {
  std::vector<Evaluated::Failed> failed;
  for (std::uint32_t at = 0; at < rows.size(); ++at)
    failed.push_back({at, std::move(reasons_.extract(rows[at]).mapped())});
  give_up(rows_.rows(rows), std::move(failed), ctx);
}

/// Rows that the same model has answered, or that all have failed.
void Remote::emit_rows(std::span<const Row> rows, Context& ctx) {
  if (answers_.at(rows.front()).replied == failed_) return emit_failed(rows, ctx);
  std::vector<Batch> outputs;
  Question asked{rows_.rows(rows), {}, {}, {}, {}};
  for (std::size_t at = 0; at < rows.size();) {
    const Answer& answer = answers_.at(rows[at]);
    if (rows_.absent(rows[at])) asked.absent.push_back(static_cast<std::uint32_t>(at));
    std::uint32_t count = 1;
    for (; at + count < rows.size() && answer.replied != nobody_; ++count) {
      const Answer& next = answers_.at(rows[at + count]);
      if (next.replied != answer.replied || next.place != answer.place + count) break;
    }
    outputs.push_back(answer.replied->outputs.slice(answer.place, count));
    at += count;
  }
  Prediction prediction{concat(outputs), {}};
  shadows_.offer(asked, prediction);
  Outlet outlet(asked.rows, plan_->answers, plan_->otherwise, fallback_, ctx);
  outlet.answered(asked, std::move(prediction), answers_.at(rows.front()).replied->by);
  outlet.send();
}

void Remote::tell(Context& ctx) {
  const Time next = outcomes_->next();
  if (next == kTimeMax)
    ctx.cancel_timer(kDue);
  else
    ctx.start_timer(kDue, next - ctx.now());
  ctx.hold_watermark(rows_.watermark_limit());
  const std::uint64_t round = std::uint64_t{plan_->rules.in_flight} * plan_->rules.rows_max;
  ctx.hold_input(outcomes_->waiting() >= round || rows_.size() >= plan_->queue);
  const Breaker::State state = outcomes_->breaker(ctx.now());
  ctx.measure("in_flight", outcomes_->under_way());
  ctx.measure("rows_held", rows_.size());
  ctx.measure("retries", outcomes_->retries());
  ctx.measure("unwanted_answers", outcomes_->unwanted());
  ctx.measure("breaker", static_cast<std::uint64_t>(state));
  if (plan_->otherwise.given()) ctx.measure("otherwise_rows", otherwise_rows_);
  shadows_.measure(ctx);
  if (const Breaker::State before = std::exchange(breaker_, state); before == state) return;
  constexpr const char* kStates[] = {"closed: it is asked again", "half open: one row is asked about",
                                     "open: it fails too often and is left alone"};
  ctx.log(state == Breaker::State::open ? LogLevel::warning : LogLevel::info,
          fmt::format("breaker of {} is {}", plan_->endpoint.target.authority(),
                      kStates[static_cast<int>(state)]));
}

}  // namespace

std::unique_ptr<Actor> make_remote(const InferConfig& config) {
  return std::make_unique<Remote>(config);
}

}  // namespace leat
