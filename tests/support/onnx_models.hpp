#pragma once

#include <gtest/gtest.h>

#include <random>

#include "infer/onnx_session.hpp"
#include "infer/onnx_writer.hpp"
#include "support/temp_folder.hpp"

namespace leat::testing {

#define LEAT_NEEDS_ONNX() \
  if (const auto version = onnx_runtime_version(); !version) GTEST_SKIP() << version.error().text()

inline std::vector<float> seeded(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
  return values;
}

/// y = x * w: one input of `width` values, one output of `outputs` values.
inline std::string write_linear(const TempFolder& folder, const std::string& name,
                                const std::vector<float>& weights, std::int64_t outputs,
                                std::int64_t rows = -1) {
  const auto width = static_cast<std::int64_t>(weights.size()) / outputs;
  OnnxWriter writer;
  writer.input({"features", Element::float32, {rows, width}, {}});
  writer.output({outputs == 1 ? "risk" : "logits", Element::float32, {rows, outputs}, {}});
  const std::int64_t shape[] = {width, outputs};
  writer.constant("w", shape, weights);
  const std::string in[] = {"features", "w"}, out[] = {outputs == 1 ? "risk" : "logits"};
  writer.node("MatMul", in, out);
  EXPECT_TRUE(writer.write(folder.path(name)));
  return folder.path(name);
}

/// A classifier with BERT's inputs: the mean of its tokens' embeddings (padding left out), times weights.
/// `logits[c]` of a text is mean(embeddings[id] for its ids) * weights[:, c].
struct TinyBert {
  std::int64_t width = 4, classes = 3;
  std::vector<float> embeddings, weights;

  explicit TinyBert(std::size_t vocab, unsigned seed = 7)
      : embeddings(seeded(vocab * 4, seed)), weights(seeded(12, seed + 1)) {}

  void write(const std::string& file) const {
    OnnxWriter writer;
    for (const char* name : {"input_ids", "attention_mask", "token_type_ids"})
      writer.input({name, Element::int64, {-1, -1}, {}});
    writer.output({"logits", Element::float32, {-1, classes}, {}});
    const std::int64_t embedding_shape[] = {static_cast<std::int64_t>(embeddings.size()) / width, width};
    const std::int64_t weight_shape[] = {width, classes}, one_shape[] = {1}, two[] = {2}, one[] = {1};
    writer.constant("embeddings", embedding_shape, embeddings);
    writer.constant("weights", weight_shape, weights);
    writer.constant("axis_1", one_shape, std::span<const std::int64_t>(one));
    writer.constant("axis_2", one_shape, std::span<const std::int64_t>(two));
    OnnxWriter::Attributes to_float, flat;
    to_float.set("to", std::int64_t{1});
    flat.set("keepdims", std::int64_t{0});
    using Names = std::vector<std::string>;
    const auto node = [&](const char* op, const Names& in, const char* out,
                          const OnnxWriter::Attributes& how = {}) { writer.node(op, in, Names{out}, how); };
    node("Gather", {"embeddings", "input_ids"}, "tokens");  // [N,S,4]
    node("Cast", {"attention_mask"}, "mask", to_float);     // [N,S]
    node("Unsqueeze", {"mask", "axis_2"}, "mask_3");        // [N,S,1]
    node("Mul", {"tokens", "mask_3"}, "kept");
    node("ReduceSum", {"kept", "axis_1"}, "sum", flat);      // [N,4]
    node("ReduceSum", {"mask_3", "axis_1"}, "count", flat);  // [N,1]
    node("Div", {"sum", "count"}, "mean");
    node("MatMul", {"mean", "weights"}, "logits");
    EXPECT_TRUE(writer.write(file));
  }

  std::vector<float> logits(const std::vector<std::int64_t>& ids) const {
    std::vector<float> mean(4), result(3);
    for (const std::int64_t id : ids)
      for (std::size_t at = 0; at < 4; ++at)
        mean[at] += embeddings[static_cast<std::size_t>(id) * 4 + at] / static_cast<float>(ids.size());
    for (std::size_t at = 0; at < 4; ++at)
      for (std::size_t c = 0; c < 3; ++c) result[c] += mean[at] * weights[at * 3 + c];
    return result;
  }
};

}  // namespace leat::testing
