#include "infer/remote/outcomes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace leat {

void Outcomes::add(Row row, Time born, Time now) {
  // Deadlines rise with the rows, whatever the clock does.
  if (!rows_.empty()) now = std::max(now, rows_.rbegin()->second.came);
  rows_.emplace_hint(rows_.end(), row, RowState{now, born});
  waiting_.push_back(row);
}

std::uint32_t Outcomes::size(Attempt attempt) const {
  if (!under_way_.contains(attempt)) return 0;
  return static_cast<std::uint32_t>(requests_.at(attempt.request).rows.size());
}

std::vector<Outcomes::Answered> Outcomes::answered(Attempt attempt, Time now) {
  std::vector<Answered> rows;
  if (size(attempt) == 0) {
    ++unwanted_;
    return rows;
  }
  const Request& request = requests_.at(attempt.request);
  for (std::uint32_t place = 0; place < request.rows.size(); ++place)
    if (rows_.erase(request.rows[place]) != 0) rows.push_back({request.rows[place], place});
  end_attempt(attempt, false, now);
  end_request(attempt.request, now, true);
  return rows;
}

void Outcomes::failed(Attempt attempt, const AttemptFailure& failure, Time now) {
  const auto found = under_way_.find(attempt);
  if (found == under_way_.end()) {
    ++unwanted_;
    return;
  }
  const bool overdue = found->second.overdue;
  // What it refuses, it has looked at: it is well.
  end_attempt(attempt, failure.fault != Fault::refused, now);
  if (!overdue) settle(attempt.request, failure, now);
}

void Outcomes::advance(Time now) {
  now_ = now;
  expire(now);
  time_out(now);
  begin_retries(now);
  send(now);
}

void Outcomes::expire(Time now) {
  while (!rows_.empty() && rows_.begin()->second.came + rules_.deadline <= now) {
    const auto [row, state] = *rows_.begin();
    rows_.erase(rows_.begin());
    std::string message = fmt::format("no answer within {}", to_text(rules_.deadline));
    if (state.request == 0) {
      waiting_.pop_front();  // what waits is in the same order
      message += ", and not asked about by then";
      orders_.failed.push_back({row, {Code::deadline_missed, std::move(message), {}}});
      continue;
    }
    Request& request = requests_.at(state.request);
    if (!request.last_error.message.empty()) message += ": " + request.last_error.message;
    orders_.failed.push_back({row, {Code::deadline_missed, std::move(message), request.last_error.place}});
    if (--request.open == 0) end_request(state.request, now, false);
  }
}

void Outcomes::time_out(Time now) {
  while (!time_outs_.empty() && time_outs_.begin()->first <= now) {
    const auto [at, attempt] = *time_outs_.begin();
    time_outs_.erase(time_outs_.begin());
    UnderWay& under_way = under_way_.at(attempt);
    under_way.overdue = true;
    overdue_.insert({at, attempt});
    if (breaker_) breaker_->record(true, std::exchange(under_way.decides, false), now);
    settle(
        attempt.request,
        {.fault = Fault::timeout,
         .error = {Code::endpoint_failed,
                   fmt::format("attempt {} had no answer within {}", attempt.number, to_text(rules_.timeout)),
                   {}}},
        now);
  }
}

void Outcomes::begin_retries(Time now) {
  while (!retries_at_.empty() && retries_at_.begin()->first <= now) {
    const std::uint64_t id = retries_at_.begin()->second;
    retries_at_.erase(retries_at_.begin());
    requests_.at(id).retry_at.reset();
    ready_.push_back(id);
  }
}

// What was asked before goes first, so that nothing is starved by what is new.
void Outcomes::send(Time now) {
  while (true) {
    while (!ready_.empty() && !requests_.contains(ready_.front())) ready_.pop_front();
    if (ready_.empty() && !next_rows_due(now)) return;
    if (breaker_ && !breaker_->lets_through(now)) return refuse_all(now);
    if (!make_room(now)) return;
    std::uint64_t id = 0;
    if (ready_.empty()) {
      id = make_request(now);
      if (id == 0) continue;  // all of them were too old
    } else {
      id = ready_.front();
      ready_.pop_front();
    }
    send_request(id, now);
  }
}

bool Outcomes::next_rows_due(Time now) const {
  if (waiting_.empty()) return false;
  return closed_ || waiting_.size() >= rules_.rows_max ||
         rows_.at(waiting_.front()).came + rules_.delay <= now;
}

std::uint64_t Outcomes::make_request(Time now) {
  std::vector<Row> rows;
  while (!waiting_.empty() && rows.size() < rules_.rows_max) {
    const Row row = waiting_.front();
    waiting_.pop_front();
    const auto state = rows_.find(row);
    if (!rules_.max_age || state->second.born + *rules_.max_age >= now) {
      rows.push_back(row);
      continue;
    }
    rows_.erase(state);
    orders_.late.push_back(row);
  }
  return rows.empty() ? 0 : add_request(std::move(rows));
}

std::uint64_t Outcomes::add_request(std::vector<Row> rows) {
  const std::uint64_t id = next_request_++;
  for (const Row row : rows) rows_.at(row).request = id;
  Request& request = requests_[id];
  request.open = static_cast<std::uint32_t>(rows.size());
  request.rows = std::move(rows);
  return id;
}

// An attempt that is over its time may still be answered, as long as nobody needs its place.
bool Outcomes::make_room(Time now) {
  if (under_way_.size() < rules_.in_flight) return true;
  if (overdue_.empty()) return false;
  give_up(overdue_.begin()->second, now, false);
  return true;
}

void Outcomes::send_request(std::uint64_t id, Time now) {
  Request& request = requests_.at(id);
  if (request.open != request.rows.size()) {
    // An answer to what was asked before would have other places.
    give_up_all(id, now, false);
    std::erase_if(request.rows, [&](Row row) { return !rows_.contains(row); });
  }
  retries_ += request.attempts != 0;
  const Attempt attempt{id, ++request.attempts};
  const Time times_out = now + rules_.timeout;
  under_way_[attempt] = {times_out, false, breaker_ && breaker_->begin(now)};
  time_outs_.insert({times_out, attempt});
  orders_.send.push_back({attempt, request.rows});
}

void Outcomes::refuse_all(Time now) {
  const Error error{
      Code::breaker_open,
      fmt::format("the endpoint fails too often and is left alone for {}", to_text(rules_.breaker->pause)),
      {}};
  for (const std::uint64_t id : std::exchange(ready_, {}))
    if (const auto found = requests_.find(id); found != requests_.end())
      fail_rows(id, found->second.last_error.message.empty() ? error : found->second.last_error, now);
  for (const Row row : std::exchange(waiting_, {})) {
    rows_.erase(row);
    orders_.failed.push_back({row, error});
  }
}

/// An attempt has failed, and none of the request's is in time any more.
void Outcomes::settle(std::uint64_t id, const AttemptFailure& failure, Time now) {
  Request& request = requests_.at(id);
  request.last_error = failure.error;
  if (request.attempts < rules_.attempts && rules_.retried.contains(failure.fault)) {
    const Time at = now + std::max(backoff(request.attempts), failure.pause);
    const auto last = std::ranges::find_if(request.rows.rbegin(), request.rows.rend(),
                                           [&](Row row) { return rows_.contains(row); });
    if (at < rows_.at(*last).came + rules_.deadline) {
      request.retry_at = at;
      retries_at_.insert({at, id});
      return;
    }
  }
  if (failure.divides && request.rows.size() > 1) return divide(id, now);
  fail_rows(id, failure.error, now);
}

// A row whose company has gone meanwhile is asked about alone: it may have been the other's fault.
void Outcomes::divide(std::uint64_t id, Time now) {
  std::vector<Row> rows = std::move(requests_.at(id).rows);
  std::erase_if(rows, [&](Row row) { return !rows_.contains(row); });
  end_request(id, now, false);
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>((rows.size() + 1) / 2);
  const std::uint64_t first = add_request({rows.begin(), middle});
  if (middle != rows.end()) ready_.push_front(add_request({middle, rows.end()}));
  ready_.push_front(first);
}

void Outcomes::fail_rows(std::uint64_t id, const Error& error, Time now) {
  for (const Row row : requests_.at(id).rows)
    if (rows_.erase(row) != 0) orders_.failed.push_back({row, error});
  end_request(id, now, false);  // last: the error may be the request's own
}

/// `alive`: because it was answered.
void Outcomes::end_request(std::uint64_t id, Time now, bool alive) {
  give_up_all(id, now, alive);
  const auto request = requests_.find(id);
  if (request->second.retry_at) retries_at_.erase({*request->second.retry_at, id});
  requests_.erase(request);
}

void Outcomes::give_up_all(std::uint64_t id, Time now, bool alive) {
  for (auto found = under_way_.lower_bound({id, 0});
       found != under_way_.end() && found->first.request == id;) {
    const Attempt attempt = (found++)->first;
    give_up(attempt, now, alive);
  }
}

void Outcomes::give_up(Attempt attempt, Time now, bool alive) {
  const UnderWay under_way = forget(attempt);
  if (under_way.decides) breaker_->record(!alive, true, now);
  orders_.give_up.push_back(attempt);
}

void Outcomes::end_attempt(Attempt attempt, bool failed, Time now) {
  const UnderWay under_way = forget(attempt);
  if (breaker_ && !under_way.overdue) breaker_->record(failed, under_way.decides, now);
}

Outcomes::UnderWay Outcomes::forget(Attempt attempt) {
  const auto found = under_way_.find(attempt);
  const UnderWay under_way = found->second;
  (under_way.overdue ? overdue_ : time_outs_).erase({under_way.times_out, attempt});
  under_way_.erase(found);
  return under_way;
}

Duration Outcomes::backoff(std::uint32_t attempts) {
  constexpr std::uint32_t kDoublingsMax = 16;
  const auto whole = static_cast<std::uint64_t>(rules_.backoff.count())
                     << std::min(attempts - 1, kDoublingsMax);
  return Duration(static_cast<std::int64_t>(whole / 2 + random_.next() % (whole / 2 + 1)));
}

Time Outcomes::next() const {
  Time next = kTimeMax;
  if (!rows_.empty()) next = rows_.begin()->second.came + rules_.deadline;
  if (!time_outs_.empty()) next = std::min(next, time_outs_.begin()->first);
  if (!retries_at_.empty()) next = std::min(next, retries_at_.begin()->first);
  // Rows that are due already wait for room, and that comes with an event.
  if (!waiting_.empty() && !next_rows_due(now_))
    next = std::min(next, rows_.at(waiting_.front()).came + rules_.delay);
  return next;
}

}  // namespace leat
