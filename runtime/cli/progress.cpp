#include "cli/progress.hpp"

#include <fmt/format.h>

#include "cli/common.hpp"

namespace leat::cli {
namespace {

std::string short_number(double value) {
  if (value >= 1e6) return fmt::format("{:.1f}M", value / 1e6);
  if (value >= 1e4) return fmt::format("{:.0f}k", value / 1e3);
  return fmt::format("{:.0f}", value);
}

std::uint64_t rows_of(const ActorSummary& actor) {
  return std::max(actor.in, actor.out);
}

std::string dropped_text(const ActorSummary& actor) {
  std::string text;
  for (const auto& [reason, rows] : actor.dropped)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", rows, reason);
  return text.empty() ? "0" : text;
}

}  // namespace

void Progress::show(const RunSummary& now) {
  if (!enabled_) return;
  clear();
  std::string text;
  for (const ActorSummary& actor : now.actors) {
    const std::uint64_t rows = rows_of(actor);
    const double seconds = std::max(1e-3, now.wall_s - last_s_);
    text += fmt::format("  {:<16} {:>8} rows  {:>8}/s{}\n", actor.name, rows,
                        short_number(static_cast<double>(rows - last_[actor.name]) / seconds),
                        actor.errors != 0 ? fmt::format("  {} errors", actor.errors) : "");
    last_[actor.name] = rows;
  }
  last_s_ = now.wall_s;
  lines_ = now.actors.size();
  fmt::print(stderr, "{}", text);
}

void Progress::clear() {
  if (lines_ != 0) fmt::print(stderr, "\x1b[{}A\x1b[J", lines_);
  lines_ = 0;
}

std::string summary_text(const RunSummary& summary) {
  constexpr std::string_view kOutcomes[] = {"finished", "drained", "failed", "stopped"};
  std::string text = fmt::format("{} {} after {:.2f} s\n", summary.topology,
                                 kOutcomes[static_cast<int>(summary.outcome)], summary.wall_s);
  text += fmt::format("  {:<16} {:>10} {:>10} {:>10} {:>8} {:>12}  {}\n", "actor", "in", "out", "errors",
                      "late", "p99 latency", "dropped");
  for (const ActorSummary& actor : summary.actors)
    text +=
        fmt::format("  {:<16} {:>10} {:>10} {:>10} {:>8} {:>12}  {}\n", actor.name, actor.in, actor.out,
                    actor.errors, actor.late, to_text(Duration(actor.latency_p99_us)), dropped_text(actor));
  if (summary.undelivered != 0)
    text += fmt::format("  {} rows were under way and may be lost\n", summary.undelivered);
  return text;
}

std::string summary_json(const RunSummary& summary) {
  constexpr std::string_view kOutcomes[] = {"finished", "drained", "failed", "aborted"};
  std::string actors;
  for (const ActorSummary& actor : summary.actors) {
    std::string reasons;
    std::uint64_t dropped = 0;
    for (const auto& [reason, rows] : actor.dropped) {
      reasons += fmt::format("{}{}:{}", reasons.empty() ? "" : ",", json_text(reason), rows);
      dropped += rows;
    }
    actors += fmt::format(
        "{}{}:{{\"in\":{},\"out\":{},\"dropped\":{},\"late\":{},\"errors\":{},\"dropped_by\":{{{}}},"
        "\"latency_p50_us\":{},\"latency_p99_us\":{},"
        "\"busy_s\":{:.6f},\"blocked_s\":{:.6f}}}",
        actors.empty() ? "" : ",", json_text(actor.name), actor.in, actor.out, dropped, actor.late,
        actor.errors, reasons, actor.latency_p50_us, actor.latency_p99_us, actor.busy_s, actor.blocked_s);
  }
  const std::string error =
      summary.error
          ? fmt::format("{{\"code\":\"{}\",\"message\":{},\"place\":{}}}", code_number(summary.error->code),
                        json_text(summary.error->message), json_text(summary.error->place))
          : "null";
  return fmt::format(
      "{{\"topology\":{},\"outcome\":\"{}\",\"wall_s\":{:.6f},\"undelivered\":{},\"error\":{},\"actors\":{{{}"
      "}}}}",
      json_text(summary.topology), kOutcomes[static_cast<int>(summary.outcome)], summary.wall_s,
      summary.undelivered, error, actors);
}

}  // namespace leat::cli
