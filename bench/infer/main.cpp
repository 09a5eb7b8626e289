// What does the operator around a model cost? A forest of 100 trees, depth 6, over 28 floats, by XGBoost and
// by ONNX Runtime, and a small network by the latter, one thread: the bare library in calls of 256 rows, and
// Leat's `infer` in a topology with the same rows, batches and thread, the values of a row in columns or in
// one list; and that while versions of the model
// take each other's place. Every answer is added up and compared.
#include "common/contest.hpp"
#include "infer/workload.hpp"

int main(int argc, char** argv) {
  namespace infer = leat::bench::infer;
  using leat::bench::Options, leat::bench::RunResult, infer::Workload, infer::RowForm;
  const auto bare = [](Workload of) {
    return [of](const Options& options, RunResult& result) { infer::run_bare(of, options, result); };
  };
  const auto leat = [](Workload of, RowForm form = RowForm::columns) {
    return [=](const Options& options, RunResult& result) { infer::run_leat(of, form, options, result); };
  };
  const std::vector<leat::bench::Contender> contenders = {
      {"bare", bare(Workload::forest), {}},
      {"leat", leat(Workload::forest), {}},
      {"swap", infer::run_swap, {}},
      {"onnx_bare", bare(Workload::onnx_forest), {}},
      {"onnx_leat", leat(Workload::onnx_forest), {}},
      {"mlp_bare", bare(Workload::onnx_mlp), {}},
      {"mlp_leat", leat(Workload::onnx_mlp), {}},
      {"mlp_list", leat(Workload::onnx_mlp, RowForm::list), {}}};
  leat::bench::Offer offer{"infer", "Models over 28 floats, bare and in a topology."};
  for (const auto& contender : contenders) offer.impls.push_back(contender.name);
  offer.events = 2'000'000;
  offer.pipeline = true;
  auto parsed = leat::bench::parse_options(offer, argc, argv);
  if (!parsed.options) return parsed.exit_code;
  return leat::bench::run_contest("infer", contenders, *parsed.options);
}
