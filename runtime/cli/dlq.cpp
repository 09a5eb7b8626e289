#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <leat/clock.hpp>
#include <leat/codec.hpp>
#include <leat/units.hpp>
#include <limits>

#include "cli/common.hpp"
#include "cli/redrive.hpp"
#include "persist/dead_letter_store.hpp"

namespace leat::cli {
namespace {

int fail_with(const Error& error) {
  print_error(error.text());
  return error.code == Code::input_missing ? kInputMissing : kUnreachable;
}

/// "2026-01-02T03:04:05Z", or how long ago: "1h".
std::optional<Time> read_time(const char* option, const std::string& text) {
  if (const Result<Duration> ago = parse_duration(text)) return system_clock().now() - *ago;
  if (const Result<Time> time = parse_time(text)) return *time;
  print_error(fmt::format("{}: `{}` is neither a time (2026-01-31T12:00:00Z) nor how long ago it was (1h)",
                          option, text));
  return std::nullopt;
}

/// Null after a mistake that was told.
std::optional<LetterFilter> read_filter(const DlqArguments& arguments) {
  LetterFilter filter{.ids = arguments.ids};
  if (!arguments.actor.empty()) filter.actor = arguments.actor;
  if (!arguments.code.empty()) filter.code = arguments.code;
  if (!arguments.state.empty()) filter.state = letter_state(arguments.state);
  if (!arguments.since.empty() && !(filter.since = read_time("--since", arguments.since)))
    return std::nullopt;
  if (!arguments.before.empty() && !(filter.before = read_time("--before", arguments.before)))
    return std::nullopt;
  return filter;
}

bool selects(const LetterFilter& filter) {
  return !filter.ids.empty() || filter.actor || filter.code || filter.since || filter.before || filter.state;
}

std::string letters(std::uint64_t count) {
  return fmt::format("{} letter{}", count, count == 1 ? "" : "s");
}

std::string optional_json(const std::optional<std::string>& text) {
  return text ? json_text(*text) : "null";
}

std::string record_json(const DeadLetter& letter) {
  const Result<std::string> record = msgpack_to_json(letter.record);
  return record ? *record : json_text("(damaged: " + record.error().message + ")");
}

void print_json(const DeadLetter& letter) {
  fmt::print(
      "{{\"id\":{},\"actor\":{},\"code\":{},\"message\":{},\"place\":{},\"attempt\":{},\"time\":{},\"state\":"
      "{},"
      "\"key\":{},\"note\":{},\"record\":{}}}\n",
      letter.id, json_text(letter.actor), json_text(letter.code), json_text(letter.message),
      optional_json(letter.place), letter.attempt, json_text(to_text(letter.time)),
      json_text(to_text(letter.state)), optional_json(letter.key), optional_json(letter.note),
      record_json(letter));
}

void print_whole(const DeadLetter& letter) {
  fmt::print("letter {}  {}  attempt {}\n  actor    {}\n  time     {}\n  error    {} ({})\n", letter.id,
             to_text(letter.state), letter.attempt, letter.actor, to_text(letter.time), letter.message,
             letter.code);
  if (letter.place) fmt::print("  place    {}\n", *letter.place);
  if (letter.key) fmt::print("  id       {}\n", *letter.key);
  if (letter.note) fmt::print("  note     {}\n", *letter.note);
  fmt::print("  record   {}\n", record_json(letter));
}

int print_groups(const std::vector<LetterGroup>& groups, Format format) {
  if (format == Format::text && !groups.empty())
    fmt::print("{:<20} {:<20} {:>9} {:>7} {:>9}  newest\n", "actor", "code", "waiting", "asked", "redriven");
  for (const LetterGroup& group : groups)
    if (format == Format::json)
      fmt::print(
          "{{\"actor\":{},\"code\":{},\"waiting\":{},\"asked\":{},\"redriven\":{},\"oldest\":{},\"newest\":{}"
          "}}\n",
          json_text(group.actor), json_text(group.code), group.waiting, group.asked, group.redriven,
          json_text(to_text(group.oldest)), json_text(to_text(group.newest)));
    else
      fmt::print("{:<20} {:<20} {:>9} {:>7} {:>9}  {}\n", group.actor, group.code, group.waiting, group.asked,
                 group.redriven, to_text(group.newest));
  if (groups.empty() && format == Format::text) fmt::print(stderr, "no dead letters\n");
  return kOk;
}

/// Whether whoever sits there types the number; without a terminal, nobody does.
bool confirms(std::uint64_t count) {
  if (::isatty(STDIN_FILENO) == 0) return false;
  fmt::print(stderr, "This forgets {} for ever. Type {} to go on: ", letters(count), count);
  char line[32] = {};
  return std::fgets(line, sizeof line, stdin) != nullptr && fmt::format("{}\n", count) == line;
}

/// What a change will affect; null when that is nothing, or not said.
std::optional<LetterFilter> selected(const DlqArguments& arguments, int& exit) {
  exit = kUsage;
  std::optional<LetterFilter> filter = read_filter(arguments);
  if (!filter) return std::nullopt;
  if (selects(*filter) == arguments.all) {
    print_error(arguments.all
                    ? "--all and a choice of letters exclude each other"
                    : "say which letters: ids, --actor, --code, --since, --before, --state, or --all",
                fmt::format("leat dlq ls {}", arguments.store));
    return std::nullopt;
  }
  return filter;
}

/// Letters to an `ingest.zmq`, some at a time. They count as redriven before they are sent, or one that fails
/// again at once would be taken for what was sent.
class Sender {
 public:
  Sender(DeadLetterStore& store, RedriveLink& link) : store_(store), link_(link) {}

  /// Some letters; those that are not taken wait on, with a note.
  Status send(const std::vector<std::int64_t>& ids) {
    std::vector<DeadLetter> letters;
    LEAT_TRY(
        store_.visit({.ids = ids}, ids.size(), [&](const DeadLetter& letter) { letters.push_back(letter); }));
    LEAT_TRY_ASSIGN(const bool taken, pass(letters));
    // Which one it was: one after the other.
    for (std::size_t at = 0; !taken && letters.size() > 1 && at < letters.size(); ++at)
      LEAT_TRY(pass(std::vector{letters[at]}));
    return {};
  }
  std::uint64_t sent() const { return sent_; }
  std::uint64_t refused() const { return refused_; }

 private:
  Result<bool> pass(const std::vector<DeadLetter>& letters) {
    std::vector<std::string> rows;
    std::vector<std::int64_t> ids;
    for (const DeadLetter& letter : letters) {
      rows.push_back(letter.record);
      ids.push_back(letter.id);
    }
    if (rows.empty()) return true;
    LEAT_TRY(store_.set_redriven(ids, system_clock().now()));
    const Result<RedriveAnswer> answer = link_.send(rows);
    if (answer && answer->taken) {
      sent_ += rows.size();
      return true;
    }
    const std::string why = answer ? answer->message : answer.error().message;
    for (const std::int64_t id : ids) LEAT_TRY(store_.put_back(id, "was not taken: " + why));
    if (!answer) return Failure(answer.error());
    if (letters.size() == 1) {
      ++refused_;
      fmt::print(stderr, "letter {} waits on: {}\n", ids.front(), why);
    }
    return false;
  }

  DeadLetterStore& store_;
  RedriveLink& link_;
  std::uint64_t sent_ = 0, refused_ = 0;
};

int send_letters(DeadLetterStore& store, LetterFilter filter, const DlqArguments& arguments) {
  constexpr std::size_t kAtOnce = 100;
  if (filter.ids.empty() && !filter.state) filter.state = LetterState::waiting;
  std::vector<std::int64_t> ids;
  const Status found = store.visit(filter, std::numeric_limits<std::int64_t>::max(),
                                   [&](const DeadLetter& letter) { ids.push_back(letter.id); });
  if (!found) return fail_with(found.error());
  auto link = RedriveLink::open(arguments.to);
  if (!link) {
    print_error(link.error().text());
    return kUsage;
  }
  Sender sender(store, **link);
  Status status;
  for (auto at = ids.begin(); status && at != ids.end();) {
    const auto end = at + std::min<std::ptrdiff_t>(kAtOnce, ids.end() - at);
    status = sender.send({at, end});
    at = end;
  }
  if (arguments.format == Format::json)
    fmt::print("{{\"sent\":{},\"refused\":{}}}\n", sender.sent(), sender.refused());
  else
    fmt::print("{} sent to {}{}\n", letters(sender.sent()), arguments.to,
               sender.refused() > 0 ? fmt::format(", {} refused", sender.refused()) : "");
  if (!status) return fail_with(status.error());
  return sender.sent() > 0 && sender.refused() == 0 ? kOk : kNegative;
}

}  // namespace

int dlq_ls(const DlqArguments& arguments) {
  const std::optional<LetterFilter> filter = read_filter(arguments);
  if (!filter) return kUsage;
  auto store = DeadLetterStore::open(arguments.store, DeadLetterStore::Access::read);
  if (!store) return fail_with(store.error());
  if (!arguments.letters) {
    const auto groups = store->groups(*filter);
    return groups ? print_groups(*groups, arguments.format) : fail_with(groups.error());
  }
  const Status read = store->visit(*filter, arguments.limit, [&](const DeadLetter& letter) {
    if (arguments.format == Format::json)
      print_json(letter);
    else
      fmt::print("{:>8}  {}  {:<8} {:>2}  {}  {}  {}\n", letter.id, to_text(letter.time),
                 to_text(letter.state), letter.attempt, letter.actor, letter.code, letter.message);
  });
  return read ? kOk : fail_with(read.error());
}

int dlq_show(const DlqArguments& arguments) {
  auto store = DeadLetterStore::open(arguments.store, DeadLetterStore::Access::read);
  if (!store) return fail_with(store.error());
  std::vector<std::int64_t> missing = arguments.ids;
  const Status read =
      store->visit({.ids = arguments.ids}, arguments.ids.size(), [&](const DeadLetter& letter) {
        std::erase(missing, letter.id);
        arguments.format == Format::json ? print_json(letter) : print_whole(letter);
      });
  if (!read) return fail_with(read.error());
  for (const std::int64_t id : missing) print_error(fmt::format("there is no letter {}", id));
  return missing.empty() ? kOk : kNegative;
}

int dlq_redrive(const DlqArguments& arguments) {
  int exit = kOk;
  const std::optional<LetterFilter> filter = selected(arguments, exit);
  if (!filter) return exit;
  auto store = DeadLetterStore::open(arguments.store, DeadLetterStore::Access::write);
  if (!store) return fail_with(store.error());
  if (!arguments.to.empty()) return send_letters(*store, *filter, arguments);
  const auto takers = store->takers();
  if (!takers) return fail_with(takers.error());
  const auto groups = store->groups(*filter);
  if (!groups) return fail_with(groups.error());
  for (const LetterGroup& group : *groups)
    if (std::ranges::find(*takers, group.actor) == takers->end()) {
      print_error(
          fmt::format("letters of `{}` can't go back: `redrive:` of the persist.deadletter names {}",
                      group.actor,
                      takers->empty() ? "no actor" : fmt::format("only {}", fmt::join(*takers, ", "))),
          fmt::format("leat dlq redrive {} --actor NAME", arguments.store));
      return kNegative;
    }
  const auto asked = store->ask(*filter);
  if (!asked) return fail_with(asked.error());
  if (arguments.format == Format::json)
    fmt::print("{{\"asked\":{}}}\n", *asked);
  else
    fmt::print("{} will go back when the topology runs\n", letters(*asked));
  return *asked > 0 ? kOk : kNegative;
}

int dlq_purge(const DlqArguments& arguments) {
  int exit = kOk;
  std::optional<LetterFilter> filter = selected(arguments, exit);
  if (!filter) return exit;
  auto store = DeadLetterStore::open(arguments.store, DeadLetterStore::Access::write);
  if (!store) return fail_with(store.error());
  // What comes after the question was not asked about.
  const auto last = store->last_id();
  if (!last) return fail_with(last.error());
  filter->last_id = *last;
  const auto count = store->count(*filter);
  if (!count) return fail_with(count.error());
  if (*count > 0 && !arguments.yes && !confirms(*count)) {
    print_error(fmt::format("{} kept; --yes purges without a question", letters(*count)));
    return kNegative;
  }
  const auto purged = store->purge(*filter);
  if (!purged) return fail_with(purged.error());
  if (arguments.format == Format::json)
    fmt::print("{{\"purged\":{}}}\n", *purged);
  else
    fmt::print("{} purged\n", letters(*purged));
  return *purged > 0 ? kOk : kNegative;
}

}  // namespace leat::cli
