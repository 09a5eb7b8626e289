// What does the operator around a model cost? A forest of 100 trees, depth 6, over 28 floats (XGBoost, one
// thread): the bare library in calls of 256 rows, and Leat's `infer` in a topology with the same rows,
// batches and thread; and the same while versions of the model take each other's place. Every answer is added
// up and compared.
#include "common/contest.hpp"
#include "infer/workload.hpp"

int main(int argc, char** argv) {
  namespace infer = leat::bench::infer;
  const std::vector<leat::bench::Contender> contenders = {
      {"bare", infer::run_bare, {}}, {"leat", infer::run_leat, {}}, {"swap", infer::run_swap, {}}};
  leat::bench::Offer offer{"infer", "A forest of XGBoost over 28 floats, bare and in a topology."};
  for (const auto& contender : contenders) offer.impls.push_back(contender.name);
  offer.events = 2'000'000;
  offer.pipeline = true;
  auto parsed = leat::bench::parse_options(offer, argc, argv);
  if (!parsed.options) return parsed.exit_code;
  return leat::bench::run_contest("infer", contenders, *parsed.options);
}
