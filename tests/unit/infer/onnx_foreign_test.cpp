#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "support/onnx_models.hpp"

// Models that others made, from npm packages: scripts/bootstrap --dev fetches them.

namespace leat {
namespace {

struct Foreign {
  const char* file;
  std::vector<std::string> inputs;                // as TensorType::text has them
  std::vector<std::vector<std::int64_t>> shapes;  // to run it with
};

class OnnxForeign : public ::testing::TestWithParam<Foreign> {};

TEST_P(OnnxForeign, loads_says_what_it_wants_and_runs) {
  LEAT_NEEDS_ONNX();
  const Foreign& foreign = GetParam();
  const std::filesystem::path file =
      std::filesystem::path(std::getenv("LEAT_SOURCE_DIR")) / "third_party" / "test-models" / foreign.file;
  if (!std::filesystem::exists(file))
    GTEST_SKIP() << file << " is not there; scripts/bootstrap --dev fetches it";
  const auto session = open_onnx(file.string(), 1);
  ASSERT_TRUE(session) << session.error().text();
  std::vector<std::string> inputs;
  std::vector<Tensor> zeros;
  for (const TensorType& input : (*session)->inputs()) {
    inputs.push_back(input.name + " " + input.text());
    Tensor tensor{input.element, foreign.shapes[zeros.size()], {}, {}};
    tensor.values = Memory::allocate(static_cast<std::size_t>(tensor.size()) * element_size(input.element));
    std::memset(tensor.values.data(), 0,
                static_cast<std::size_t>(tensor.size()) * element_size(input.element));
    if (input.name == "sr") *reinterpret_cast<std::int64_t*>(tensor.values.data()) = 16000;
    zeros.push_back(std::move(tensor));
  }
  EXPECT_EQ(inputs, foreign.inputs);
  std::vector<std::size_t> all((*session)->outputs().size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const auto outputs = (*session)->run(zeros, all);
  ASSERT_TRUE(outputs) << outputs.error().text();
  for (const Tensor& output : *outputs)
    for (std::int64_t at = 0; at < output.size(); ++at)
      ASSERT_TRUE(std::isfinite(reinterpret_cast<const float*>(output.values.data())[at]));
}

INSTANTIATE_TEST_SUITE_P(
    Models, OnnxForeign,
    ::testing::Values(Foreign{"silero_vad_v5.onnx",
                              {"input float32[?,?]", "state float32[2,?,128]", "sr int64[]"},
                              {{1, 512}, {2, 1, 128}, {}}},
                      Foreign{
                          "ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x float32[?,3,?,?]"}, {{1, 3, 48, 192}}},
                      Foreign{"ch_PP-OCRv4_det_infer.onnx", {"x float32[?,3,?,?]"}, {{1, 3, 64, 64}}}),
    [](const auto& foreign) {
      std::string name = foreign.param.file;
      std::ranges::replace_if(
          name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
      return name;
    });

}  // namespace
}  // namespace leat
