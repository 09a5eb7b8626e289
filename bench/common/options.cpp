#include "common/options.hpp"

#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <iostream>

namespace leat::bench {
namespace {

// "2e6", "500k" and "2M" for counts and rates, so that a command line reads like the sentence about it.
double parse_number(const std::string& text) {
  std::size_t used = 0;
  double value = std::stod(text, &used);
  const std::string unit = text.substr(used);
  if (unit == "k")
    value *= 1e3;
  else if (unit == "M")
    value *= 1e6;
  else if (!unit.empty())
    throw std::invalid_argument(unit);
  if (!std::isfinite(value) || value < 0) throw std::invalid_argument(text);
  return value;
}

CLI::callback_t number_into(double& target) {
  return [&target](const CLI::results_t& texts) {
    try {
      target = parse_number(texts.front());
      return true;
    } catch (const std::exception&) {
      return false;
    }
  };
}

// A whole number from `least` on.
CLI::callback_t count_into(std::uint64_t& target, std::uint64_t least) {
  return [&target, least](const CLI::results_t& texts) {
    double value = 0;
    if (!number_into(value)(texts) || value != std::floor(value) || value > 1e15) return false;
    target = static_cast<std::uint64_t>(value);
    return target >= least;
  };
}

CLI::callback_t batch_into(std::uint64_t& target) {
  return [&target](const CLI::results_t& texts) {
    if (texts.front() != "auto") return count_into(target, 1)(texts);
    target = 0;
    return true;
  };
}

void add_pipeline_flags(CLI::App& app, Options& options, CLI::Option*& edge) {
  app.add_option("--deploy", options.deploy, "Actors as threads or processes")
      ->check(CLI::IsMember({"thread", "process"}));
  edge = app.add_option("--edge", options.edge, "Transport (default: inproc, ipc between processes)")
             ->check(CLI::IsMember({"inproc", "ipc", "tcp"}));
  app.add_option("--batch", batch_into(options.batch), "Records per message, or auto")->type_name("N|auto");
  app.add_option("--layout", options.layout,
                 "staged: a thread per stage; fused: all stages on one (leat only)")
      ->check(CLI::IsMember({"staged", "fused"}));
  app.add_option("--relays", count_into(options.relays, 0), "Relays between source and sink")->type_name("N");
  app.add_option("--shards", count_into(options.shards, 1),
                 "Copies of the pipeline, divided by key (leat only)")
      ->type_name("K");
  app.add_option("--rate", number_into(options.rate), "Open loop: events per second from a schedule")
      ->type_name("R");
  app.add_option("--idle-secs", number_into(options.idle_secs), "No events at all: CPU of an idle pipeline")
      ->type_name("S");
}

// What single flags cannot check; empty when all is well.
std::string contradiction(Options& options, const CLI::Option* edge) {
  if (options.deploy == "process" && edge != nullptr && edge->count() == 0) options.edge = "ipc";
  if (options.deploy == "process" && options.edge == "inproc")
    return "--edge=inproc needs --deploy=thread: processes share no memory";
  if (options.relays > 32) return "--relays: at most 32";
  if (options.rate > 0 && options.idle_secs > 0) return "--rate and --idle-secs exclude each other";
  return {};
}

}  // namespace

Parsed parse_options(const Offer& offer, int argc, char** argv) {
  Options options;
  options.events = offer.events;
  options.secs = offer.secs;
  CLI::App app(offer.about, offer.name);
  app.set_help_flag("--help,-h", "Print this help");
  if (!offer.impls.empty()) {
    app.add_option("--impl", options.impls, "Contenders, comma separated; without it: all of them")
        ->delimiter(',')
        ->check(CLI::IsMember(offer.impls));
    app.add_option("--rounds,--repeat", count_into(options.rounds, 1),
                   "Interleaved rounds (default: 3; 1 for one contender)")
        ->type_name("N");
    app.add_option("--timeout", number_into(options.timeout_secs), "Seconds after which a run is killed")
        ->type_name("S");
    app.add_option("--out", options.out, "Append one JSON line per run to this file")->type_name("FILE");
  }
  if (offer.events > 0)
    app.add_option("--events", count_into(options.events, 1), "Events per run")->type_name("N");
  app.add_option("--secs", number_into(options.secs),
                 offer.pipeline ? "Length of a paced run" : "Length of one measure")
      ->type_name("S");
  if (!offer.impls.empty())
    app.add_option("--pin", options.pin, "shard: the whole pipeline on one core")
        ->check(CLI::IsMember({"none", "shard"}));
  app.add_flag("--json", options.json, "End with one line of JSON");
  CLI::Option* edge = nullptr;
  if (offer.pipeline) add_pipeline_flags(app, options, edge);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return {std::nullopt, app.exit(error) == 0 ? 0 : EX_USAGE};
  }
  if (const std::string problem = contradiction(options, edge); !problem.empty()) {
    std::cerr << offer.name << ": " << problem << '\n';
    return {std::nullopt, EX_USAGE};
  }
  if (options.impls.empty()) options.impls = offer.impls;
  if (options.rounds == 0) options.rounds = options.impls.size() > 1 ? 3 : 1;
  if (options.rate > 0) options.events = static_cast<std::uint64_t>(options.rate * options.secs);
  if (options.idle_secs > 0) options.events = 0;
  return {std::move(options), 0};
}

}  // namespace leat::bench
