#pragma once

#include "infer/remote/remote_options.hpp"

namespace leat {

struct InferConfig;

/// A factor, written as 2x or 1.5x.
struct Times {
  double factor = 1;
};
template <>
struct FieldTraits<Times> {
  static void describe(FieldInfo& info) { info.type = "factor, as 2x"; }
  static void read(const ConfigNode& node, Times& value, ReadContext& context);
  static std::string show(const Times& value);
};

/// `otherwise: port`, or a map that says which engine answers in place of the first.
struct OtherwiseOption {
  bool port = false;
  std::shared_ptr<InferConfig> engine;

  bool given() const { return port || engine != nullptr; }
};
template <>
struct FieldTraits<OtherwiseOption> {
  static void describe(FieldInfo& info) { info.type = "port, or map"; }
  static void read(const ConfigNode& node, OtherwiseOption& value, ReadContext& context);
  static std::string show(const OtherwiseOption&) { return {}; }
  static void expressions(OtherwiseOption& value, const std::function<void(Expression&)>& visit);
};

/// One entry of `shadow`. What it leaves out is as the actor has it.
struct ShadowOption {
  Place place;
  std::string engine;
  std::string model;
  std::string path;  ///< `model`, as a path from the topology's folder
  std::optional<std::uint64_t> version;
  double tolerance = 0.01;
};
template <>
struct FieldTraits<ShadowOption> {
  static void describe(FieldInfo& info) { info.type = "map"; }
  static void read(const ConfigNode& node, ShadowOption& value, ReadContext& context);
  static std::string show(const ShadowOption& value) { return value.model; }
};

struct RollbackOptions {
  std::optional<Percent> errors;
  std::optional<Times> latency;
  Rows after{1000};
};

struct CanaryOptions {
  std::uint64_t version = 0;
  Percent share{0.05};
  Expression key;
  std::optional<RollbackOptions> rollback;
};
Fields<CanaryOptions> canary_fields();

}  // namespace leat
