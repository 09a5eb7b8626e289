#include <fmt/format.h>

#include <charconv>

#include "cli/common.hpp"
#include "cli/reference.hpp"

namespace leat::cli {
namespace {

// "L0204", "l204" or "unknown_actor".
const CodeInfo* find_code(std::string_view topic) {
  for (const CodeInfo& info : all_codes())
    if (info.name == topic) return &info;
  if (topic.empty() || (topic.front() | 0x20) != 'l') return nullptr;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(topic.data() + 1, topic.data() + topic.size(), number);
  if (error != std::errc() || end != topic.data() + topic.size()) return nullptr;
  for (const CodeInfo& info : all_codes())
    if (static_cast<unsigned>(info.code) == number) return &info;
  return nullptr;
}

void print_code(const CodeInfo& info, Format format) {
  if (format == Format::json)
    fmt::print("{{\"code\":\"{}\",\"name\":{},\"title\":{},\"explain\":{}}}\n", code_number(info.code),
               json_text(info.name), json_text(info.title), json_text(info.explain));
  else
    fmt::print("{} {}: {}\n\n{}\n", code_number(info.code), info.name, info.title, info.explain);
}

void print_field(const FieldInfo& field, int depth) {
  const std::string left =
      fmt::format("{}{}", std::string(static_cast<std::size_t>(depth) * 2 + 2, ' '), field.name);
  fmt::print("{:<22} {}{}{}\n", left, field.type, field.required ? ", required" : "",
             field.default_text.empty() ? "" : fmt::format(", default {}", field.default_text));
  fmt::print("{:<22} {}\n", "", field.doc);
  for (const FieldInfo& inner : field.nested) print_field(inner, depth + 1);
}

void print_kind(const Kind& kind) {
  fmt::print("{}: {}\n\n", kind.info.name, kind.info.doc);
  fmt::print("options\n");
  for (const FieldSpec& field : kind.fields) print_field(field.info, 0);
  if (!kind.source) {
    fmt::print("\ninputs\n");
    for (const Port& port : kind.inputs) fmt::print("  {:<20} {}\n", port.name, port.doc);
  }
  fmt::print("\noutputs\n");
  for (const Port& port : kind.outputs) fmt::print("  {:<20} {}\n", port.name, port.doc);
  fmt::print("  {:<20} {}\n", "errors",
             "Rows that failed, with actor, code, message, place, attempt, time and record.");
  if (!kind.info.example.empty()) fmt::print("\nexample\n{}\n", indented_example(kind));
  fmt::print("\nEvery actor also takes `instances`, `fuse`, `worker`, `discard`{}; see docs/topology.md.\n",
             kind.source ? ", `event_time`" : "");
}

}  // namespace

int explain(const ExplainArguments& arguments) {
  Registry registry;
  if (!fill_registry(registry, arguments.plugins)) return kInvalid;
  if (arguments.markdown) {
    fmt::print("{}", reference_markdown(registry));
    return kOk;
  }
  if (arguments.topic.empty()) {
    print_error("name a kind or a code", "leat explain transform");
    return kUsage;
  }
  if (const CodeInfo* code = find_code(arguments.topic)) {
    print_code(*code, arguments.format);
    return kOk;
  }
  if (const Kind* kind = registry.find(arguments.topic)) {
    if (arguments.format == Format::json)
      fmt::print("{}\n", kind_json(*kind));
    else
      print_kind(*kind);
    return kOk;
  }
  std::vector<std::string> names = registry.names();
  for (const CodeInfo& info : all_codes()) names.push_back(code_number(info.code));
  const std::string hint = suggest(arguments.topic, names);
  print_error(
      fmt::format("`{}` is neither a kind nor a code{}{}", arguments.topic, hint.empty() ? "" : "; ", hint),
      "leat list");
  return kUsage;
}

}  // namespace leat::cli
