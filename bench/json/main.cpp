// How fast do JSON lines become fields and columns? 262-byte lines, all seven fields, every one checked.
#include "common/contest.hpp"
#include "json/lines.hpp"

int main(int argc, char** argv) {
  namespace json = leat::bench::json;
  const std::vector<leat::bench::Contender> contenders = {
      {"loop", json::run_loop, {}},
      {"columns", json::run_columns, {}},
      {"leat", json::run_leat, {}},
  };
  leat::bench::Offer offer{"json", "JSON lines of 262 bytes, all seven fields."};
  for (const auto& contender : contenders) offer.impls.push_back(contender.name);
  offer.events = 2'000'000;
  auto parsed = leat::bench::parse_options(offer, argc, argv);
  if (!parsed.options) return parsed.exit_code;
  parsed.options->input = "json";
  parsed.options->layout = "fused";
  return leat::bench::run_contest("json", contenders, *parsed.options);
}
