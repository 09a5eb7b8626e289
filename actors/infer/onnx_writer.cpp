#include "infer/onnx_writer.hpp"

#include <fmt/format.h>

#include <cstring>
#include <fstream>

namespace leat {
namespace {

// Protobuf's wire format: a number's fields are 7 bits per byte, least significant first; what has a length
// follows it.

void add_varint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<char>(value | 0x80));
  to.push_back(static_cast<char>(value));
}
void add_number(std::string& to, std::uint32_t field, std::int64_t value) {
  add_varint(to, field << 3);
  add_varint(to, static_cast<std::uint64_t>(value));
}
void add_float(std::string& to, std::uint32_t field, float value) {
  add_varint(to, field << 3 | 5);
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void add_bytes(std::string& to, std::uint32_t field, std::string_view bytes) {
  add_varint(to, field << 3 | 2);
  add_varint(to, bytes.size());
  to.append(bytes);
}

/// onnx.proto's number of an element type.
std::int64_t data_type(Element element) {
  switch (element) {
    case Element::float32:
      return 1;
    case Element::uint8:
      return 2;
    case Element::int8:
      return 3;
    case Element::uint16:
      return 4;
    case Element::int16:
      return 5;
    case Element::int32:
      return 6;
    case Element::int64:
      return 7;
    case Element::string:
      return 8;
    case Element::boolean:
      return 9;
    case Element::float64:
      return 11;
    case Element::uint32:
      return 12;
    case Element::uint64:
      return 13;
    case Element::other:
      break;
  }
  return 0;
}

std::string value_info(const TensorType& tensor) {
  std::string shape;
  for (std::size_t at = 0; at < tensor.shape.size(); ++at) {
    std::string dimension;
    if (tensor.shape[at] >= 0)
      add_number(dimension, 1, tensor.shape[at]);
    else
      add_bytes(dimension, 2, at == 0 ? std::string("N") : fmt::format("D{}", at));
    add_bytes(shape, 1, dimension);
  }
  std::string tensor_type, type, info;
  add_number(tensor_type, 1, data_type(tensor.element));
  add_bytes(tensor_type, 2, shape);
  add_bytes(type, 1, tensor_type);
  add_bytes(info, 1, tensor.name);
  add_bytes(info, 2, type);
  return info;
}

template <class Value>
std::string tensor_proto(std::string_view name, Element element, std::span<const std::int64_t> shape,
                         std::span<const Value> values) {
  std::string tensor;
  for (const std::int64_t dimension : shape) add_number(tensor, 1, dimension);
  add_number(tensor, 2, data_type(element));
  add_bytes(tensor, 8, name);
  add_bytes(tensor, 9, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  return tensor;
}

enum AttributeType { kFloat = 1, kInt = 2, kString = 3, kFloats = 6, kInts = 7, kStrings = 8 };

std::string attribute(std::string_view name, AttributeType type) {
  std::string bytes;
  add_bytes(bytes, 1, name);
  add_number(bytes, 20, type);
  return bytes;
}

}  // namespace

using Attributes = OnnxWriter::Attributes;

Attributes& Attributes::set(std::string_view name, std::int64_t value) {
  std::string one = attribute(name, kInt);
  add_number(one, 3, value);
  add_bytes(bytes_, 5, one);
  return *this;
}
Attributes& Attributes::set(std::string_view name, float value) {
  std::string one = attribute(name, kFloat);
  add_float(one, 2, value);
  add_bytes(bytes_, 5, one);
  return *this;
}
Attributes& Attributes::set(std::string_view name, std::string_view value) {
  std::string one = attribute(name, kString);
  add_bytes(one, 4, value);
  add_bytes(bytes_, 5, one);
  return *this;
}
Attributes& Attributes::set(std::string_view name, std::span<const std::int64_t> values) {
  std::string one = attribute(name, kInts);
  for (const std::int64_t value : values) add_number(one, 8, value);
  add_bytes(bytes_, 5, one);
  return *this;
}
Attributes& Attributes::set(std::string_view name, std::span<const float> values) {
  std::string one = attribute(name, kFloats);
  for (const float value : values) add_float(one, 7, value);
  add_bytes(bytes_, 5, one);
  return *this;
}
Attributes& Attributes::set(std::string_view name, std::span<const std::string> values) {
  std::string one = attribute(name, kStrings);
  for (const std::string& value : values) add_bytes(one, 9, value);
  add_bytes(bytes_, 5, one);
  return *this;
}

void OnnxWriter::input(const TensorType& tensor) {
  add_bytes(graph_, 11, value_info(tensor));
}
void OnnxWriter::output(const TensorType& tensor) {
  add_bytes(graph_, 12, value_info(tensor));
}

void OnnxWriter::constant(std::string_view name, std::span<const std::int64_t> shape,
                          std::span<const float> values) {
  add_bytes(graph_, 5, tensor_proto(name, Element::float32, shape, values));
}
void OnnxWriter::constant(std::string_view name, std::span<const std::int64_t> shape,
                          std::span<const std::int64_t> values) {
  add_bytes(graph_, 5, tensor_proto(name, Element::int64, shape, values));
}

void OnnxWriter::node(std::string_view op, std::span<const std::string> inputs,
                      std::span<const std::string> outputs, const Attributes& attributes,
                      std::string_view domain) {
  std::string bytes;
  for (const std::string& input : inputs) add_bytes(bytes, 1, input);
  for (const std::string& output : outputs) add_bytes(bytes, 2, output);
  add_bytes(bytes, 4, op);
  bytes += attributes.bytes_;
  if (!domain.empty()) add_bytes(bytes, 7, domain);
  add_bytes(graph_, 1, bytes);
}

std::string OnnxWriter::bytes() const {
  const auto opset = [](std::string_view domain, std::int64_t version) {
    std::string bytes;
    add_bytes(bytes, 1, domain);
    add_number(bytes, 2, version);
    return bytes;
  };
  std::string graph = graph_;
  add_bytes(graph, 2, "leat");
  std::string model;
  add_number(model, 1, 8);
  add_bytes(model, 2, "leat");
  add_bytes(model, 7, graph);
  add_bytes(model, 8, opset("", 13));
  add_bytes(model, 8, opset("ai.onnx.ml", 3));
  return model;
}

Status OnnxWriter::write(const std::string& file) const {
  const std::string all = bytes();
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(all.data(), static_cast<std::streamsize>(all.size()));
  out.close();
  if (!out) return fail(Code::storage_failed, "it can't be written", file);
  return {};
}

}  // namespace leat
