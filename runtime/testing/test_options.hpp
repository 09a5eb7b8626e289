#pragma once

#include <leat/fields.hpp>

namespace leat {

// What `tests:` of a topology may say, declared once: the reader, `leat schema` and the reference page read
// the same lists. docs/testing-topologies.md explains it.

/// A part of the file that is read later, when the schema it must fit is known.
struct RawNode {
  ConfigNode node;
  bool given() const { return node.place.known(); }
};

struct FailOptions {
  std::string code = "model_failed";
  std::string message = "failed by a stub";
  Expression where;
};

struct StubOptions {
  RawNode reply;
  std::string port;
  Duration delay{};
  std::optional<FailOptions> fail;
};
const Fields<StubOptions>& stub_fields();

/// One entry of `steps:`. Exactly one of the first six keys stands in it.
struct StepOptions {
  std::string feed, emit, expect;
  Duration advance{};
  RawNode watermark, end;
  RawNode rows, partial, count;
  bool unordered = false;
  double within = 0;
};
const Fields<StepOptions>& step_fields();
/// The keys that make a step, each with those that may stand beside it.
struct StepVerb {
  std::string_view name;
  std::vector<std::string_view> beside;
};
const std::vector<StepVerb>& step_verbs();

struct TestOptions {
  std::string name;
  std::string start = "2026-01-01T00:00:00Z";
  RawNode stub;
  std::vector<std::string> run;
  RawNode steps;
};
const Fields<TestOptions>& test_fields();

template <>
struct FieldTraits<RawNode> {
  static void describe(FieldInfo&) {}
  static void read(const ConfigNode& node, RawNode& value, ReadContext&) { value.node = node; }
  static std::string show(const RawNode&) { return {}; }
};

}  // namespace leat
