#include "record/replay.hpp"

#include <fmt/format.h>

#include <charconv>
#include <thread>

#include "cli/common.hpp"

namespace leat::cli {
namespace {

// "max" is 0.
std::optional<double> parse_speed(const std::string& text) {
  if (text == "max") return 0;
  double factor = 0;
  const char* end = text.data() + text.size() - (text.ends_with('x') ? 1 : 0);
  const auto [stop, error] = std::from_chars(text.data(), end, factor);
  if (error != std::errc() || stop != end || !(factor >= 1e-3 && factor <= 1e6)) return std::nullopt;
  return factor;
}

int exit_code(const Error& error) {
  switch (error.code) {
    case Code::input_missing:
    case Code::unreadable_file:
      return kInputMissing;
    case Code::malformed_frame:
      return kBadData;
    case Code::unknown_port:
    case Code::schema_mismatch:
      return kInvalid;
    default:
      return kUndelivered;
  }
}

int report(const Error& error) {
  print_error(error.text(), fmt::format("leat explain {}", code_number(error.code)));
  return exit_code(error);
}

std::string drift_text(const PortDrift& drift) {
  std::string out =
      fmt::format("  {:<24} {} same, {} missing, {} extra{}\n", drift.port, drift.same, drift.missing,
                  drift.extra, drift.too_many ? " (they have too little in common to count on)" : "");
  if (!drift.fields.empty()) out += fmt::format("    the fields differ: {}\n", drift.fields);
  for (const std::string& line : drift.lines) out += fmt::format("    {}\n", line);
  if (drift.lines.size() < drift.missing + drift.extra && drift.missing + drift.extra != 0)
    out += fmt::format("    ... {} differences, {} shown; --differences N shows more\n",
                       drift.missing + drift.extra, drift.lines.size());
  return out;
}

std::string names_json(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + json_text(name);
  return "[" + out + "]";
}

void print_json(const ReplaySummary& summary, double seconds) {
  std::string ports;
  for (const PortDrift& drift : summary.drifts)
    ports += fmt::format(
        "{}{{\"port\":{},\"same\":{},\"missing\":{},\"extra\":{},\"fields\":{},\"differences\":{}}}",
        ports.empty() ? "" : ",", json_text(drift.port), drift.same, drift.missing, drift.extra,
        json_text(drift.fields), names_json(drift.lines));
  fmt::print(
      "{{\"fed\":{},\"entries\":{},\"rows\":{},\"recorded_s\":{:.6f},\"wall_s\":{:.6f},\"drift\":{},"
      "\"ports\":[{}],"
      "\"warnings\":{}}}\n",
      names_json(summary.fed), summary.entries, summary.rows,
      static_cast<double>(summary.recorded.count()) / 1e6, seconds, summary.drifted(), ports,
      names_json(summary.warnings));
}

void print_text(const ReplaySummary& summary, double seconds) {
  fmt::print(stderr, "replayed {} rows of {} in {:.2f} s (recorded in {:.2f} s)\n", summary.rows,
             fmt::join(summary.fed, ", "), seconds, static_cast<double>(summary.recorded.count()) / 1e6);
  for (const std::string& warning : summary.warnings) fmt::print(stderr, "warning: {}\n", warning);
  for (const PortDrift& drift : summary.drifts) fmt::print("{}", drift_text(drift));
  if (!summary.drifts.empty()) fmt::print("{}\n", summary.drifted() ? "drift" : "no drift");
}

// ACTOR=TEXT; false after a message.
bool parse_replacements(const std::vector<std::string>& words, LoadOptions& options) {
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == word.size()) {
      print_error(fmt::format("--replace: `{}` is not ACTOR=KIND or ACTOR={{kind: ..., ...}}", word));
      return false;
    }
    options.replace.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return true;
}

}  // namespace

int replay(const ReplayArguments& arguments) {
  const std::optional<double> speed = parse_speed(arguments.speed);
  if (!speed) {
    print_error(fmt::format("--speed: `{}` is not a speed; write 1x, 10x or max", arguments.speed));
    return kUsage;
  }
  LoadOptions load;
  load.plugins = arguments.plugins;
  load.defer_missing = true;
  if (!parse_replacements(arguments.replace, load)) return kUsage;
  auto recording = RecordingReader::open(arguments.recording);
  if (!recording) return report(recording.error());
  std::unique_ptr<RecordingReader> compare;
  if (!arguments.compare.empty()) {
    auto opened = RecordingReader::open(arguments.compare);
    if (!opened) return report(opened.error());
    compare = *std::move(opened);
  }
  Registry registry;
  register_standard_actors(registry);
  Diagnostics diagnostics;
  const auto topology = load_topology(topology_path(arguments.path), registry, diagnostics, load);
  print_diagnostics(diagnostics, Format::text);
  if (!topology) return cli::exit_code(diagnostics);

  ReplayOptions options;
  options.speed = *speed;
  options.ignored = arguments.ignore;
  options.lines_max = arguments.differences;
  options.sleep_until = [](Instant time) { std::this_thread::sleep_until(time); };
  const Instant begin = system_clock().steady();
  const Result<ReplaySummary> summary =
      Replay(*topology, **recording, compare.get(), std::move(options)).run();
  std::fflush(stdout);
  if (!summary) return report(summary.error());
  const std::chrono::duration<double> seconds = system_clock().steady() - begin;
  if (arguments.format == Format::json)
    print_json(*summary, seconds.count());
  else
    print_text(*summary, seconds.count());
  return summary->drifted() ? kNegative : kOk;
}

}  // namespace leat::cli
