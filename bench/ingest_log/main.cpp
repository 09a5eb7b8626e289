// How fast does input become durable: records in an ingest log against what the disk does by itself, and rows
// by HTTP?
#include "ingest_log/workload.hpp"

int main(int argc, char** argv) {
  namespace bench = leat::bench;
  using bench::Options, bench::RunResult;
  const std::vector<bench::Contender> contenders = {
      {"disk_64k", [](const Options& o, RunResult& r) { bench::ingest_log::run_disk(64u << 10, o, r); }, {}},
      {"disk_1m", [](const Options& o, RunResult& r) { bench::ingest_log::run_disk(1u << 20, o, r); }, {}},
      {"log", bench::ingest_log::run_log, {}},
      {"http", bench::ingest_log::run_http, {}},
  };
  bench::Offer offer{"ingest_log", "Records of 256 bytes becoming durable."};
  for (const auto& contender : contenders) offer.impls.push_back(contender.name);
  offer.events = 200'000;
  auto parsed = bench::parse_options(offer, argc, argv);
  if (!parsed.options) return parsed.exit_code;
  parsed.options->input = "json";
  parsed.options->layout = "fused";
  return bench::run_contest("ingest_log", contenders, *parsed.options);
}
