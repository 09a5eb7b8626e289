#pragma once

#include <fmt/format.h>

#include <filesystem>

#include "support/onnx_models.hpp"

namespace leat::testing {

/// A versioned folder of ONNX models: version v multiplies by v. Version 1 is there.
class VersionFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    LEAT_NEEDS_ONNX();
    add(1);
  }
  void add(int version, std::int64_t outputs = 1) {
    std::filesystem::create_directories(folder_.path(fmt::format("risk/.{}.new", version)));
    write_linear(folder_, fmt::format("risk/.{}.new/model.onnx", version),
                 std::vector<float>(static_cast<std::size_t>(outputs), static_cast<float>(version)), outputs);
    folder_.rename(fmt::format("risk/.{}.new", version), fmt::format("risk/{}", version));
  }
  /// One that knows the answers to 0 and 1 only, and fails on 2 and more.
  void add_picky(int version) {
    std::filesystem::create_directories(folder_.path(fmt::format("risk/{}", version)));
    OnnxWriter writer;
    writer.input({"features", Element::float32, {-1, 1}, {}});
    writer.output({"risk", Element::float32, {-1, 1}, {}});
    const std::int64_t shape[] = {2};
    const std::vector<float> answers{0, static_cast<float>(version)};
    writer.constant("answers", shape, answers);
    OnnxWriter::Attributes to_int;
    to_int.set("to", std::int64_t{7});
    const std::string in[] = {"features"}, whole[] = {"whole"}, picked[] = {"answers", "whole"},
                      out[] = {"risk"};
    writer.node("Cast", in, whole, to_int);
    writer.node("Gather", picked, out);
    EXPECT_TRUE(writer.write(folder_.path(fmt::format("risk/{}/model.onnx", version))));
  }

  TempFolder folder_;
};

}  // namespace leat::testing
