// stop, audit and snapshot: verbs that ask a topology that runs.
#include <fmt/format.h>
#include <unistd.h>

#include <thread>

#include "cli/common.hpp"
#include "control/admin.hpp"
#include "state/checkpoint_folder.hpp"

namespace leat::cli {
namespace {

constexpr std::chrono::milliseconds kLookEvery{100};

std::optional<Topology> load_quietly(const RunningArguments& arguments, Registry& registry, int& exit) {
  Diagnostics diagnostics;
  auto topology = load(arguments, registry, diagnostics, exit);
  if (!topology) print_diagnostics(diagnostics, Format::text);
  return topology;
}

int print_failure(const Error& error) {
  print_error(error.text());
  return error.code == Code::unreachable     ? kUnreachable
         : error.code == Code::input_missing ? kInputMissing
                                             : kNegative;
}

std::string json_of(const AdminReport& report) {
  std::string actors, links, differences;
  for (const ActorAccount& actor : report.ledger.actors)
    actors += fmt::format("{}{}:{{\"in\":{},\"out\":{},\"dropped\":{},\"late\":{},\"errors\":{}}}",
                          actors.empty() ? "" : ",", json_text(actor.name), actor.in, actor.out,
                          actor.dropped, actor.late, actor.errors);
  for (const LinkAccount& link : report.ledger.links)
    links += fmt::format(
        "{}{}:{{\"routed\":{},\"called\":{},\"sent\":{},\"waiting\":{},\"dropped\":{},\"received\":{},"
        "\"queued\":{},"
        "\"lost\":{},\"confirmed\":{}}}",
        links.empty() ? "" : ",", json_text(link.name), link.routed, link.called, link.sent, link.waiting,
        link.dropped, link.received, link.queued, link.lost, link.confirmed);
  for (const std::string& difference : report.differences)
    differences += (differences.empty() ? "" : ",") + json_text(difference);
  return fmt::format(
      "{{\"topology\":{},\"host\":{},\"actors\":{{{}}},\"links\":{{{}}},\"under_way\":{},\"differences\":[{}]"
      "}}",
      json_text(report.topology), json_text(report.host), actors, links, report.under_way, differences);
}

std::uint64_t in_transit(const LinkAccount& link) {
  const std::uint64_t arrived = link.to_here ? link.received : link.confirmed;
  return link.from_here && link.sent > arrived ? link.sent - arrived : 0;
}

void print_ledger(const AdminReport& report) {
  fmt::print("{:<24} {:>12} {:>12} {:>10} {:>8} {:>8}\n", "actor", "in", "out", "dropped", "late", "errors");
  for (const ActorAccount& actor : report.ledger.actors)
    fmt::print("{:<24} {:>12} {:>12} {:>10} {:>8} {:>8}\n", actor.name,
               actor.source ? std::string("-") : std::to_string(actor.in), actor.out, actor.dropped,
               actor.late, actor.errors);
  fmt::print("\n{:<36} {:>12} {:>10} {:>10} {:>10} {:>8} {:>6}\n", "link", "rows", "waiting", "under way",
             "queued", "dropped", "lost");
  for (const LinkAccount& link : report.ledger.links)
    fmt::print("{:<36} {:>12} {:>10} {:>10} {:>10} {:>8} {:>6}\n", link.name,
               link.from_here ? link.routed : link.received, link.waiting, in_transit(link), link.queued,
               link.dropped, link.lost);
}

void print_left(const AdminReport& report) {
  for (const LinkAccount& link : report.ledger.links)
    if (const std::uint64_t left = link.waiting + in_transit(link) + link.queued; left > 0)
      fmt::print("{:<36} {} rows\n", link.name, left);
}

// Until the process is gone or the time is over; the last it said.
AdminReport follow(const AdminClient& client, AdminReport report, Duration within) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const Instant end = std::chrono::steady_clock::now() + within;
  while (client.running() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(kLookEvery);
    if (auto now = client.audit(std::chrono::seconds(1))) report = *std::move(now);
    if (terminal) fmt::print(stderr, "\r\x1b[Kstopping: {} rows under way", report.under_way);
  }
  if (terminal) fmt::print(stderr, "\r\x1b[K");
  return report;
}

int list_snapshots(const std::string& path, Format format) {
  const auto kept = list_kept(path);
  if (!kept) return print_failure(kept.error());
  for (const KeptSnapshot& snapshot : *kept)
    if (format == Format::json)
      fmt::print("{{\"name\":{},\"checkpoint\":{},\"bytes\":{},\"made\":{}}}\n", json_text(snapshot.name),
                 snapshot.checkpoint, snapshot.bytes, json_text(to_text(snapshot.made)));
    else
      fmt::print("{:<24} checkpoint {:>8}  {:>12} bytes  {}\n", snapshot.name, snapshot.checkpoint,
                 snapshot.bytes, to_text(snapshot.made));
  if (kept->empty() && format == Format::text)
    fmt::print(stderr, "no snapshots under {}; make one with `leat snapshot TOPOLOGY NAME` while it runs\n",
               path);
  return kOk;
}

}  // namespace

int stop(const RunningArguments& arguments) {
  const Result<Duration> within = parse_duration(arguments.within);
  if (!within) {
    print_error("--within: " + within.error().message);
    return kUsage;
  }
  Registry registry;
  int exit = kOk;
  const auto topology = load_quietly(arguments, registry, exit);
  if (!topology) return exit;
  const AdminClient client(*topology, arguments.host);
  auto first = client.stop();
  if (!first) return print_failure(first.error());
  AdminReport last = follow(client, *std::move(first), *within);
  const bool stopped = !client.running();
  if (stopped) {
    last.under_way = 0;
  } else if (auto aborted = client.abort()) {
    last = *std::move(aborted);
  }
  if (arguments.format == Format::json) {
    fmt::print("{{\"stopped\":{},\"last\":{}}}\n", stopped, json_of(last));
  } else if (stopped) {
    fmt::print(stderr, "stopped: nothing is left\n");
  } else {
    print_left(last);
    fmt::print(stderr, "not drained within {}: stopped at once; {}\n", arguments.within,
               topology->delivery == Delivery::best_effort
                   ? "what is named above was not delivered"
                   : "the next `leat run` goes on from the last checkpoint");
  }
  return stopped ? kOk : kUndelivered;
}

int audit(const RunningArguments& arguments) {
  Registry registry;
  int exit = kOk;
  const auto topology = load_quietly(arguments, registry, exit);
  if (!topology) return exit;
  const auto report = AdminClient(*topology, arguments.host).audit();
  if (!report) return print_failure(report.error());
  if (arguments.format == Format::json) {
    fmt::print("{}\n", json_of(*report));
  } else {
    print_ledger(*report);
    for (const std::string& difference : report->differences)
      fmt::print("\ndoes not add up: {}\n", difference);
    fmt::print(stderr, "{}\n",
               report->differences.empty()
                   ? fmt::format("every row is accounted for; {} are under way", report->under_way)
                   : "rows are missing; please report it with this output");
  }
  return report->differences.empty() ? kOk : kNegative;
}

int snapshot(const RunningArguments& arguments) {
  Registry registry;
  int exit = kOk;
  const auto topology = load_quietly(arguments, registry, exit);
  if (!topology) return exit;
  if (topology->delivery == Delivery::best_effort) {
    print_error(fmt::format("`{}` says `delivery: best_effort`: it makes no checkpoints", topology->name),
                "say `delivery: exactly_once` there, and run it again");
    return kUsage;
  }
  const std::string& path = topology->checkpoint.path;
  if (arguments.list) return list_snapshots(path, arguments.format);
  if (!is_snapshot_name(arguments.name)) {
    print_error(
        fmt::format("`{}` is no name for a snapshot: letters, digits, _, - and ., beginning with a letter",
                    arguments.name),
        fmt::format("leat snapshot {} before-upgrade", topology->file));
    return kUsage;
  }
  if (arguments.remove) {
    if (const Status deleted = delete_kept(path, arguments.name); !deleted)
      return print_failure(deleted.error());
    fmt::print(stderr, "deleted {}\n", arguments.name);
    return kOk;
  }
  const auto report = AdminClient(*topology, arguments.host).snapshot(arguments.name);
  if (!report) return print_failure(report.error());
  if (arguments.format == Format::json)
    fmt::print("{{\"name\":{},\"checkpoint\":{}}}\n", json_text(arguments.name), report->checkpoint);
  else
    fmt::print(stderr, "kept checkpoint {} as {}; go on from it with `leat run {} --from {}`\n",
               report->checkpoint, arguments.name, topology->file, arguments.name);
  return kOk;
}

}  // namespace leat::cli
