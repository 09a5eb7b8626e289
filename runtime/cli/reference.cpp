#include "cli/reference.hpp"

#include <fmt/format.h>

#include <sstream>

#include "cli/common.hpp"
#include "testing/test_options.hpp"
#include "topology/options.hpp"

namespace leat::cli {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

void field_rows(const FieldInfo& field, const std::string& prefix, std::string& out) {
  const std::string name = prefix + field.name;
  const std::string standard = field.required ? "**required**"
                               : field.default_text.empty()
                                   ? ""
                                   : fmt::format("`{}`", escaped(field.default_text));
  out += fmt::format("| `{}` | {} | {} | {} |\n", name, escaped(field.type), standard, escaped(field.doc));
  for (const FieldInfo& inner : field.nested) field_rows(inner, name + ".", out);
}

template <class Specs>
void table(const Specs& fields, std::string& out) {
  out += "| option | type | default | what it does |\n| --- | --- | --- | --- |\n";
  for (const FieldSpec& field : fields) field_rows(field.info, "", out);
  out += "\n";
}

void port_list(std::string_view title, const std::vector<Port>& ports, std::string& out) {
  if (ports.empty()) return;
  out += fmt::format("{}: ", title);
  for (std::size_t at = 0; at < ports.size(); ++at)
    out += fmt::format("{}`{}` ({})", at == 0 ? "" : "; ", ports[at].name, ports[at].doc);
  out += "\n\n";
}

std::string field_json(const FieldInfo& field) {
  std::string nested;
  for (const FieldInfo& inner : field.nested) nested += (nested.empty() ? "" : ",") + field_json(inner);
  return fmt::format("{{\"name\":{},\"type\":{},\"required\":{},\"default\":{},\"doc\":{},\"fields\":[{}]}}",
                     json_text(field.name), json_text(field.type), field.required,
                     json_text(field.default_text), json_text(field.doc), nested);
}

std::string ports_json(const std::vector<Port>& ports) {
  std::string out;
  for (const Port& port : ports)
    out += fmt::format("{}{{\"name\":{},\"doc\":{}}}", out.empty() ? "" : ",", json_text(port.name),
                       json_text(port.doc));
  return "[" + out + "]";
}

}  // namespace

std::string indented_example(const Kind& kind) {
  std::string out;
  std::istringstream lines{std::string(kind.info.example)};
  for (std::string line; std::getline(lines, line);)
    out += fmt::format("{}  {}", out.empty() ? "" : "\n", line);
  return out;
}

std::string kind_json(const Kind& kind) {
  std::string fields;
  for (const FieldSpec& field : kind.fields) fields += (fields.empty() ? "" : ",") + field_json(field.info);
  return fmt::format(
      "{{\"kind\":{},\"doc\":{},\"source\":{},\"origin\":{},\"example\":{},\"inputs\":{},\"outputs\":{},"
      "\"fields\":[{}]}}",
      json_text(kind.info.name), json_text(kind.info.doc), kind.source, json_text(kind.origin),
      json_text(kind.info.example), ports_json(kind.inputs), ports_json(kind.outputs), fields);
}

std::string reference_markdown(const Registry& registry) {
  std::string out = "### The file\n\n";
  table(topology_fields().list(), out);
  out +=
      "`schemas`, `actors` and `deploy` are maps of their own; `tests` is a list, or a file with one.\n\n### "
      "Every "
      "actor\n\n";
  table(actor_fields().list(), out);
  out += "### An entry of `inputs`\n\n";
  table(link_fields().list(), out);
  out += "### `deploy`\n\n";
  table(deploy_fields().list(), out);
  out += "### An entry of `tests`\n\n";
  table(test_fields().list(), out);
  out += "### An entry of `steps`\n\nOne of the first six, and what belongs to it.\n\n";
  table(step_fields().list(), out);
  out += "### An entry of `stub`\n\n";
  table(stub_fields().list(), out);
  for (const auto& [name, kind] : registry.kinds()) {
    out += fmt::format("### `{}`\n\n{}\n\n", name, kind.info.doc);
    if (!kind.fields.empty()) table(kind.fields, out);
    port_list("Inputs", kind.inputs, out);
    port_list("Outputs", kind.outputs, out);
    if (!kind.info.example.empty()) out += fmt::format("```yaml\n{}\n```\n\n", kind.info.example);
  }
  out += "### Codes\n\n| code | name | what it means |\n| --- | --- | --- |\n";
  for (const CodeInfo& info : all_codes())
    out += fmt::format("| {} | `{}` | {} |\n", code_number(info.code), info.name, escaped(info.title));
  return out;
}

}  // namespace leat::cli
