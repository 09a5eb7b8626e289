// What can this machine do at all? Wake-ups, hand-overs, memory, kernel streams, libzmq with no work behind
// it.
#include <fmt/core.h>
#include <sysexits.h>

#include <exception>

#include "common/options.hpp"
#include "common/result.hpp"
#include "common/revision.hpp"
#include "common/usage.hpp"
#include "limits/limits.hpp"

namespace {

namespace limits = leat::bench::limits;

void measure_all(const leat::bench::Options& options, const limits::Report& report) {
  limits::measure_handover(report);
  limits::measure_memory(report);
  limits::measure_streams(options.secs, report);
  limits::measure_zmq(options.secs, report);
}

}  // namespace

int main(int argc, char** argv) {
  leat::bench::Offer offer{"limits", "The physical limits of this machine."};
  offer.secs = 0.4;
  const auto parsed = leat::bench::parse_options(offer, argc, argv);
  if (!parsed.options) return parsed.exit_code;
  bool verified = true;
  leat::bench::JsonObject json;
  json.add("bench", "limits");
  try {
    measure_all(*parsed.options, [&](const limits::Measure& measure) {
      fmt::print("{:<34} {:>10.4g} {:<8}{}\n", measure.name, measure.value, measure.unit,
                 measure.ok ? "" : " WRONG COUNT");
      std::fflush(stdout);
      verified = verified && measure.ok;
      leat::bench::JsonObject one;
      one.add("value", measure.value).add("unit", measure.unit);
      if (measure.events_per_s > 0) one.add("events_per_s", measure.events_per_s);
      json.add(measure.name, one.add("verified", measure.ok));
    });
  } catch (const std::exception& error) {
    fmt::print(stderr, "limits: {}\n", error.what());
    return EX_OSERR;
  }
  json.add("rev", leat::bench::kRevision)
      .add("machine", leat::bench::machine_name())
      .add("verified", verified);
  if (parsed.options->json) fmt::print("{}\n", json.text());
  return verified ? 0 : 1;
}
