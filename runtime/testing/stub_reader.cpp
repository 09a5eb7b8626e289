#include "testing/stub_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "testing/rows.hpp"
#include "testing/test_options.hpp"

namespace leat {
namespace {

// A part of "actor.port", and where the port begins; the whole when there is no dot.
std::pair<std::string, std::string> split(const std::string& text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos) return {text, {}};
  return {text.substr(0, dot), text.substr(dot + 1)};
}

std::optional<Code> find_code(const std::string& name) {
  for (const CodeInfo& info : all_codes())
    if (info.name == name) return info.code;
  return std::nullopt;
}

class StubReader {
 public:
  StubReader(const Topology& topology, std::size_t actor, TestContext& context)
      : topology_(topology),
        spec_(topology.actors[actor]),
        input_(input_schema(topology, actor, 0)),
        context_(context),
        diagnostics_(context.diagnostics()) {}

  std::optional<StubPlan> read(const ConfigNode::Entry& entry) {
    const std::size_t before = diagnostics_.error_count();
    if (spec_.kind->source) {
      diagnostics_.error(Code::bad_value, entry.key_place,
                         fmt::format("`{}` is a source and has nothing to answer", spec_.name), "",
                         "replace it with a step `- emit: " + spec_.name + "`");
      return std::nullopt;
    }
    StubOptions options;
    if (entry.value.kind != ConfigNode::Kind::null)
      read_fields(entry.value, stub_fields().list(), &options, context_);
    plan_.delay = options.delay;
    if (diagnostics_.error_count() == before) {
      find_port(entry.value, options.port);
      read_reply(options.reply, entry.key_place);
      if (options.fail) read_fail(entry.value, *options.fail);
    }
    if (diagnostics_.error_count() != before) return std::nullopt;
    return std::move(plan_);
  }

 private:
  void find_port(const ConfigNode& node, const std::string& name) {
    if (name.empty()) {
      if (spec_.outputs.size() > 1) plan_.schema = spec_.outputs.front().schema;
      return;
    }
    std::vector<std::string> names;
    for (std::size_t port = 0; port + 1 < spec_.outputs.size(); ++port) {
      names.push_back(spec_.outputs[port].name);
      if (names.back() != name) continue;
      plan_.port = static_cast<std::uint8_t>(port);
      plan_.schema = spec_.outputs[port].schema;
      return;
    }
    diagnostics_.error(Code::unknown_port, node.find("port")->place,
                       fmt::format("`{}` has no port `{}` for replies", spec_.name, name),
                       suggest(name, names), fmt::format("ports: {}", fmt::join(names, ", ")));
  }

  void read_reply(const RawNode& reply, const Place& place) {
    if (plan_.schema == nullptr) {
      if (reply.given())
        diagnostics_.error(Code::bad_value, reply.node.place,
                           fmt::format("`{}` is a sink and sends no replies", spec_.name));
      return;
    }
    if (reply.given() && reply.node.kind == ConfigNode::Kind::list) {
      plan_.canned = read_rows(reply.node, plan_.schema, false, diagnostics_).batch;
      return;
    }
    if (reply.given() && reply.node.kind != ConfigNode::Kind::map)
      return detail::wrong_type(reply.node, "a map from field to expression, or a list of rows", context_);
    check_names(reply.node);
    std::string missing;
    for (const Field& field : plan_.schema->fields())
      if (!add_column(field, reply.node.find(field.name)))
        missing += (missing.empty() ? "" : ", ") + field.name;
    if (!missing.empty())
      diagnostics_.error(Code::missing_value, reply.given() ? reply.node.place : place,
                         fmt::format("the reply lacks {}, which the rows that come do not have", missing), "",
                         "`reply: { FIELD: EXPRESSION }` computes them");
  }

  void check_names(const ConfigNode& node) {
    std::vector<std::string> names;
    for (const Field& field : plan_.schema->fields()) names.push_back(field.name);
    for (const ConfigNode::Entry& entry : node.entries)
      if (std::ranges::find(names, entry.key) == names.end())
        diagnostics_.error(Code::unknown_field, entry.key_place,
                           fmt::format("no field named `{}`", entry.key), suggest(entry.key, names),
                           "fields: " + plan_.schema->text());
  }

  bool add_column(const Field& field, const ConfigNode* value) {
    StubPlan::Source source;
    if (value != nullptr) {
      if (value->kind == ConfigNode::Kind::null && field.nullable) {
        plan_.columns.push_back(source);
        return true;
      }
      Expression expression;
      FieldTraits<Expression>::read(*value, expression, context_);
      if (expression.empty() || !bind(expression, field.type)) return true;  // reported
      if (expression.nullable() && !field.nullable)
        diagnostics_.error(Code::type_mismatch, value->place,
                           fmt::format("this may be null, and `{}` has no null", field.name));
      source.expression = std::move(expression);
    } else if (const auto column = input_->index_of(field.name);
               column && (*input_)[*column].type == field.type &&
               (!(*input_)[*column].nullable || field.nullable)) {
      source.column = column;
    } else if (!field.nullable) {
      return false;
    }
    plan_.columns.push_back(std::move(source));
    return true;
  }

  bool bind(Expression& expression, Type type) {
    const auto problem = expression.bind(input_, type);
    if (!problem) return true;
    Place place = expression.place();
    if (expression.text().find('\n') == std::string::npos) place.column += problem->offset;
    place.length = std::max<std::uint32_t>(problem->length, 1);
    diagnostics_.error(problem->error.code, std::move(place), problem->error.message, problem->suggestion,
                       "fields: " + input_->text());
    return false;
  }

  void read_fail(const ConfigNode& node, const FailOptions& options) {
    plan_.fails = true;
    plan_.fail_where = options.where;
    if (!plan_.fail_where.empty()) bind(plan_.fail_where, Type::boolean);
    const auto code = find_code(options.code);
    if (code) {
      plan_.failure = {*code, options.message, {}};
      return;
    }
    std::vector<std::string> names;
    for (const CodeInfo& info : all_codes()) names.emplace_back(info.name);
    diagnostics_.error(Code::bad_value, node.find("fail")->find("code")->place,
                       fmt::format("no code named `{}`", options.code), suggest(options.code, names),
                       "docs/topology.md lists all codes");
  }

  const Topology& topology_;
  const ActorSpec& spec_;
  SchemaPtr input_;
  TestContext& context_;
  Diagnostics& diagnostics_;
  StubPlan plan_;
};

}  // namespace

SchemaPtr TestContext::find_schema(const ConfigNode& name) {
  const auto found = topology_.schemas.find(name.scalar);
  return found == topology_.schemas.end() ? nullptr : found->second;
}

std::string TestContext::resolve(std::string_view path) const {
  return path.starts_with('/') ? std::string(path) : topology_.folder + "/" + std::string(path);
}

std::optional<std::size_t> TestContext::find_actor(const std::string& name, const Place& place) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < topology_.actors.size(); ++at) {
    names.push_back(topology_.actors[at].name);
    if (names.back() == name) return at;
  }
  diagnostics_.error(Code::unknown_actor, place, fmt::format("no actor named `{}`", name),
                     suggest(name, names), fmt::format("actors: {}", fmt::join(names, ", ")));
  return std::nullopt;
}

namespace {

// The port of that name; the first when none is given.
std::optional<OutputPoint> find_port(std::size_t actor, const std::string& actor_name,
                                     const std::string& port, const std::vector<std::string>& names,
                                     const ConfigNode& name, std::string_view what,
                                     Diagnostics& diagnostics) {
  if (port.empty() && !names.empty()) return OutputPoint{actor, 0};
  const auto found = std::ranges::find(names, port);
  if (found != names.end()) return OutputPoint{actor, static_cast<std::uint8_t>(found - names.begin())};
  std::string suggestion = suggest(port, names);
  if (!suggestion.empty()) suggestion.insert(suggestion.find('`') + 1, actor_name + ".");
  diagnostics.error(
      Code::unknown_port, name.place,
      port.empty() ? fmt::format("`{}` has no {}", actor_name, what)
                   : fmt::format("`{}` has no {} `{}`", actor_name, what, port),
      std::move(suggestion),
      names.empty() ? "" : fmt::format("{}s of `{}`: {}", what, actor_name, fmt::join(names, ", ")));
  return std::nullopt;
}

}  // namespace

std::optional<OutputPoint> TestContext::find_output(const ConfigNode& name) {
  const auto [actor_name, port] = split(name.scalar);
  const auto actor = find_actor(actor_name, name.place);
  if (!actor) return std::nullopt;
  const ActorSpec& spec = topology_.actors[*actor];
  std::vector<std::string> names;
  for (const OutputSpec& output : spec.outputs) names.push_back(output.name);
  if (port.empty() && names.size() == 1) {
    diagnostics_.error(Code::unknown_port, name.place,
                       fmt::format("`{}` is a sink and sends nothing on", actor_name), "",
                       fmt::format("its only port is `{}.errors`", actor_name));
    return std::nullopt;
  }
  return find_port(*actor, actor_name, port, names, name, "port", diagnostics_);
}

std::optional<OutputPoint> TestContext::find_input(const ConfigNode& name) {
  const auto [actor_name, port] = split(name.scalar);
  const auto actor = find_actor(actor_name, name.place);
  if (!actor) return std::nullopt;
  const ActorSpec& spec = topology_.actors[*actor];
  std::vector<std::string> names;
  for (const Port& input : spec.kind->inputs) names.emplace_back(input.name);
  if (names.empty()) {
    diagnostics_.error(Code::bad_value, name.place,
                       fmt::format("`{}` is a source and has no inputs", actor_name),
                       fmt::format("write `emit: {}`", actor_name));
    return std::nullopt;
  }
  const auto point = find_port(*actor, actor_name, port, names, name, "input", diagnostics_);
  if (point && input_schema(topology_, *actor, point->port) == nullptr) {
    diagnostics_.error(Code::wrong_inputs, name.place, fmt::format("nothing is linked to `{}`", name.scalar));
    return std::nullopt;
  }
  return point;
}

std::optional<StubPlan> read_stub(const Topology& topology, std::size_t actor, const ConfigNode::Entry& entry,
                                  TestContext& context) {
  return StubReader(topology, actor, context).read(entry);
}

}  // namespace leat
