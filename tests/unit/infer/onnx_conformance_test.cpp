#include <gmock/gmock.h>
#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <leat/batch_builder.hpp>

#include "support/onnx_models.hpp"

// Debian's libonnx-testdata: a model per operator, with inputs and the outputs that are due.

namespace leat {
namespace {

namespace fs = std::filesystem;

const fs::path kTests = "/usr/share/libonnx-testdata/data/node";

Element element(std::int32_t type) {
  switch (type) {
    case onnx::TensorProto::FLOAT:
      return Element::float32;
    case onnx::TensorProto::DOUBLE:
      return Element::float64;
    case onnx::TensorProto::INT8:
      return Element::int8;
    case onnx::TensorProto::INT16:
      return Element::int16;
    case onnx::TensorProto::INT32:
      return Element::int32;
    case onnx::TensorProto::INT64:
      return Element::int64;
    case onnx::TensorProto::UINT8:
      return Element::uint8;
    case onnx::TensorProto::UINT16:
      return Element::uint16;
    case onnx::TensorProto::UINT32:
      return Element::uint32;
    case onnx::TensorProto::UINT64:
      return Element::uint64;
    case onnx::TensorProto::BOOL:
      return Element::boolean;
    default:
      return Element::other;
  }
}

std::optional<Tensor> read(const fs::path& file) {
  onnx::TensorProto proto;
  std::ifstream in(file, std::ios::binary);
  if (!in || !proto.ParseFromIstream(&in)) return std::nullopt;
  // A file that holds something else than a tensor may be read as one with any dimensions.
  std::int64_t values = 1;
  for (const std::int64_t dimension : proto.dims())
    if (dimension < 0 || __builtin_mul_overflow(values, dimension, &values)) return std::nullopt;
  if (static_cast<std::uint64_t>(values) > proto.raw_data().size()) return std::nullopt;
  Tensor tensor{element(proto.data_type()), {proto.dims().begin(), proto.dims().end()}, {}, {}};
  const std::size_t bytes = tensor.element == Element::other
                                ? 0
                                : static_cast<std::size_t>(tensor.size()) * element_size(tensor.element);
  if (tensor.element == Element::other || proto.raw_data().size() != bytes) return std::nullopt;
  tensor.values = Memory::allocate(std::max<std::size_t>(bytes, 1));
  std::memcpy(tensor.values.data(), proto.raw_data().data(), bytes);
  return tensor;
}

std::optional<std::vector<Tensor>> read_all(const fs::path& folder, const std::string& what,
                                            std::size_t count) {
  std::vector<Tensor> tensors;
  for (std::size_t at = 0; at < count; ++at) {
    std::optional<Tensor> tensor = read(folder / (what + "_" + std::to_string(at) + ".pb"));
    if (!tensor) return std::nullopt;
    tensors.push_back(*std::move(tensor));
  }
  return tensors;
}

template <class T>
bool near(const Tensor& a, const Tensor& b) {
  const auto* left = reinterpret_cast<const T*>(a.values.data());
  const auto* right = reinterpret_cast<const T*>(b.values.data());
  for (std::int64_t at = 0; at < a.size(); ++at) {
    if (std::isnan(left[at]) && std::isnan(right[at])) continue;
    if (left[at] == right[at]) continue;
    if (!(std::abs(left[at] - right[at]) <= 1e-3 * std::abs(right[at]) + 1e-4)) return false;
  }
  return true;
}

bool same(const Tensor& a, const Tensor& b) {
  if (a.element != b.element || a.shape != b.shape) return false;
  if (a.element == Element::float32) return near<float>(a, b);
  if (a.element == Element::float64) return near<double>(a, b);
  return std::memcmp(a.values.data(), b.values.data(),
                     static_cast<std::size_t>(a.size()) * element_size(a.element)) == 0;
}

/// The tensor as columns and back: what a mapping would do with these values.
bool survives_columns(const Tensor& tensor) {
  const auto rows = static_cast<std::uint32_t>(tensor.shape[0]);
  const auto width = static_cast<std::uint32_t>(tensor.size() / rows);
  TensorType flat{"x", tensor.element, {static_cast<std::int64_t>(rows), width}, {}};
  const std::optional<Type> type = column_type({"x", tensor.element, {-1}, {}});
  const Tensor whole{tensor.element, {rows * width}, tensor.values, {}};
  const Result<Column> all = to_column(whole, *type, rows * width, "x");
  if (!all) return false;
  std::vector<Column> columns;
  for (std::uint32_t at = 0; at < width; ++at) {
    std::vector<std::uint32_t> picked;
    for (std::uint32_t row = 0; row < rows; ++row) picked.push_back(row * width + at);
    columns.push_back(all->take(picked));
  }
  const Result<Tensor> back = to_tensor(flat, columns, rows);
  return back && std::memcmp(back->values.data(), tensor.values.data(),
                             static_cast<std::size_t>(tensor.size()) * element_size(tensor.element)) == 0;
}

/// Random by nature, or of operators whose definition has changed since this data was made. None of it is
/// about how values come in and out.
bool known_to_differ(std::string_view name) {
  for (const std::string_view part :
       {"bernoulli", "dropout", "BFLOAT16", "dft", "align_corners", "maxunpool"})
    if (name.find(part) != std::string_view::npos) return true;
  return false;
}

TEST(OnnxConformance, every_operator_test_that_loads_gives_what_is_due) {
  LEAT_NEEDS_ONNX();
  if (!fs::exists(kTests)) GTEST_SKIP() << "Debian's libonnx-testdata is not installed";
  int ran = 0, converted = 0;
  for (const auto& entry : fs::directory_iterator(kTests)) {
    const std::string name = entry.path().filename().string();
    if (known_to_differ(name)) continue;
    const auto session = open_onnx((entry.path() / "model.onnx").string(), 1);
    if (!session) continue;  // an operator or type that this library does not have
    const fs::path data = entry.path() / "test_data_set_0";
    const auto inputs = read_all(data, "input", (*session)->inputs().size());
    const auto due = read_all(data, "output", (*session)->outputs().size());
    if (!inputs || !due) continue;  // texts, sequences, half floats
    std::vector<std::size_t> wanted(due->size());
    for (std::size_t at = 0; at < wanted.size(); ++at) wanted[at] = at;
    const auto outputs = (*session)->run(*inputs, wanted);
    if (!outputs) continue;
    ++ran;
    for (std::size_t at = 0; at < wanted.size(); ++at)
      EXPECT_TRUE(same((*outputs)[at], (*due)[at])) << name << " output " << at;
    for (const Tensor& input : *inputs)
      // 2^53: beyond it a double, which is what a column holds, has no place for every integer.
      if (!input.shape.empty() && input.size() > 0 && input.size() <= 4096 &&
          input.element != Element::uint64) {
        ++converted;
        EXPECT_TRUE(survives_columns(input)) << name;
      }
  }
  EXPECT_GE(ran, 500);
  EXPECT_GE(converted, 700);
  RecordProperty("ran", ran);
}

TEST(OnnxConformance, models_we_write_are_models_to_others) {
  const testing::TempFolder folder;
  testing::TinyBert(9).write(folder.path("bert.onnx"));
  onnx::ModelProto model;
  std::ifstream in(folder.path("bert.onnx"), std::ios::binary);
  ASSERT_TRUE(model.ParseFromIstream(&in));
  EXPECT_EQ(model.ir_version(), 8);
  ASSERT_EQ(model.graph().node_size(), 8);
  EXPECT_EQ(model.graph().node(1).attribute(0).i(), 1);
  EXPECT_EQ(model.graph().initializer(0).dims(0), 9);
  EXPECT_EQ(model.graph().input(0).type().tensor_type().shape().dim_size(), 2);
}

}  // namespace
}  // namespace leat
