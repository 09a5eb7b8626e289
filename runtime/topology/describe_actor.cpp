// Schemas and expressions, producers first: everything that needs to know what flows.
#include <fmt/format.h>

#include <algorithm>

#include "topology/reader.hpp"

namespace leat {
namespace {

bool bind_expression(Expression& expression, const SchemaPtr& schema, std::optional<Type> expected,
                     Reader& reader) {
  const auto problem = expression.bind(schema, expected);
  if (!problem) return true;
  std::string note;
  if (problem->error.code == Code::unknown_field && schema != nullptr) note = "fields: " + schema->text();
  Place place = reader.source().find(expression.place(), expression.text(), problem->offset);
  place.length = std::max<std::uint32_t>(problem->length, 1);
  reader.diagnostics().error(problem->error.code, std::move(place), problem->error.message,
                             problem->suggestion, note);
  return false;
}

class DescribeActor final : public Describe {
 public:
  DescribeActor(ActorSpec& spec, const ConfigNode& node, std::vector<SchemaPtr> inputs, Reader& reader)
      : spec_(spec),
        node_(node),
        inputs_(std::move(inputs)),
        reader_(reader),
        diagnostics_(reader.diagnostics()) {
    for (OutputSpec& output : spec_.outputs) output.schema = input(0);
  }

  SchemaPtr input(std::size_t port) const override { return port < inputs_.size() ? inputs_[port] : nullptr; }
  Delivery delivery() const override { return reader_.topology().delivery; }
  void output(const Port& port, SchemaPtr schema) override {
    spec_.outputs[port.index].schema = std::move(schema);
  }
  void silent(const Port& port) override { spec_.outputs[port.index].silent = true; }
  std::uint8_t add_output(std::string name, SchemaPtr schema, const Place& place) override {
    for (const OutputSpec& output : spec_.outputs)
      if (output.name == name || name == "errors")
        diagnostics_.error(Code::bad_name, place,
                           fmt::format("there is a port `{}` already; choose another name", name));
    spec_.outputs.push_back({std::move(name), std::move(schema)});
    return static_cast<std::uint8_t>(spec_.outputs.size() - 1);
  }
  bool bind(Expression& expression, const SchemaPtr& schema, std::optional<Type> expected) override {
    return bind_expression(expression, schema, expected, reader_);
  }
  Place place_of(std::string_view path) const override {
    const ConfigNode* node = &node_;
    Place place = spec_.place;
    while (!path.empty()) {
      const std::size_t dot = std::min(path.find('.'), path.size());
      const ConfigNode* inner = node->find(path.substr(0, dot));
      if (inner == nullptr) break;
      node = inner;
      place = node->place;
      path.remove_prefix(std::min(path.size(), dot + 1));
    }
    return place;
  }
  void partition_by(std::size_t port, std::vector<Expression> keys) override {
    if (spec_.instances == 1) return;
    if (keys.empty())
      return diagnostics_.error(Code::bad_value, place_of("instances"),
                                fmt::format("`{}` has no key, so its rows cannot be divided", spec_.name),
                                "remove `instances`, or give it a `key`");
    for (LinkSpec& link : reader_.topology().links) {
      if (&reader_.topology().actors[link.to] != &spec_ || link.to_port != port) continue;
      if (link.route != Route::spread) continue;
      link.route = Route::key;
      link.keys = keys;
    }
  }
  void problem(Code code, Place place, std::string message, std::string suggestion,
               std::string note) override {
    if (code == Code::input_missing && reader_.options().defer_missing) {
      spec_.missing.push_back({Severity::error, code, std::move(place), std::move(message),
                               std::move(suggestion), std::move(note)});
      return;
    }
    diagnostics_.error(code, std::move(place), std::move(message), std::move(suggestion), std::move(note));
  }
  void warning(Code code, Place place, std::string message) override {
    diagnostics_.warning(code, std::move(place), std::move(message));
  }

 private:
  ActorSpec& spec_;
  const ConfigNode& node_;
  std::vector<SchemaPtr> inputs_;
  Reader& reader_;
  Diagnostics& diagnostics_;
};

// Finds the port that an input names; false after a message.
bool find_port(LinkSpec& link, const InputDraft& input, const ActorSpec& from, Diagnostics& diagnostics) {
  const std::size_t dot = input.options.from.find('.');
  if (dot == std::string::npos) {
    link.from_port = 0;
    if (from.outputs.size() > 1) return true;
    diagnostics.error(Code::unknown_port, input.place,
                      fmt::format("`{}` is a sink and sends nothing on", from.name), "",
                      fmt::format("its only port is `{}.errors`", from.name));
    return false;
  }
  const std::string port = input.options.from.substr(dot + 1);
  std::vector<std::string> names;
  for (const OutputSpec& output : from.outputs) names.push_back(output.name);
  const auto found = std::ranges::find(names, port);
  link.from_port = static_cast<std::uint8_t>(found - names.begin());
  if (found != names.end()) return true;
  std::string suggestion = suggest(port, names);
  if (!suggestion.empty()) suggestion.insert(suggestion.find('`') + 1, from.name + ".");
  diagnostics.error(Code::unknown_port, input.place,
                    fmt::format("no actor or port named `{}`", input.options.from), std::move(suggestion),
                    fmt::format("ports of `{}`: {}", from.name, fmt::join(names, ", ")));
  return false;
}

// The link that says what flows into a port; null when only loops lead there.
const LinkSpec* forward_link(const Topology& topology, const LinkSpec& feedback) {
  const auto found = std::ranges::find_if(topology.links, [&](const LinkSpec& link) {
    return link.to == feedback.to && link.to_port == feedback.to_port && !link.feedback;
  });
  return found == topology.links.end() ? nullptr : &*found;
}

// Schemas of an actor's input ports; false when one is unknown or two links disagree.
bool find_inputs(std::size_t actor, ActorDraft& draft, const std::vector<ActorDraft>& drafts, Reader& reader,
                 std::vector<SchemaPtr>& inputs) {
  Topology& topology = reader.topology();
  bool good = true;
  inputs.assign(topology.actors[actor].kind->inputs.size(), nullptr);
  for (const InputDraft& input : draft.inputs) {
    if (!input.link) continue;  // reported
    LinkSpec& link = topology.links[*input.link];
    if (link.feedback) {  // its producer comes later
      if (forward_link(topology, link) == nullptr && !draft.broken) {
        good = false;
        reader.diagnostics().error(Code::wrong_inputs, link.place,
                                   "the port has no other input, and nothing says what flows here", "",
                                   "a feedback link joins rows that come from elsewhere");
      }
      continue;
    }
    const ActorSpec& from = topology.actors[link.from];
    if (drafts[link.from].broken || !find_port(link, input, from, reader.diagnostics())) {
      good = false;
      continue;
    }
    const SchemaPtr& schema = from.outputs[link.from_port].schema;
    const std::uint32_t to_instances = topology.actors[actor].instances;
    if (link.route == Route::paired && from.instances != to_instances)
      reader.diagnostics().error(
          Code::bad_value, link.place,
          fmt::format("`route: paired` needs equal instances: `{}` has {}, `{}` {}", from.name,
                      from.instances, topology.actors[actor].name, to_instances));
    for (Expression& key : link.keys)
      if (schema) good &= bind_expression(key, schema, std::nullopt, reader);
    SchemaPtr& wanted = inputs[link.to_port];
    if (wanted && schema && !wanted->same_fields(*schema)) {
      good = false;
      reader.diagnostics().error(
          Code::schema_mismatch, link.place,
          fmt::format("`{}` carries other fields than the inputs before it", from.name), "",
          fmt::format("here {}, before {}", schema->text(), wanted->text()));
    }
    if (!wanted) wanted = schema;
    good &= schema != nullptr;
  }
  return good;
}

// A loop's way back, when its producer is known: it brings what the port gets from elsewhere.
void find_feedback(ActorDraft& draft, const std::vector<ActorDraft>& drafts, Reader& reader) {
  Topology& topology = reader.topology();
  for (const InputDraft& input : draft.inputs) {
    if (!input.link || !topology.links[*input.link].feedback) continue;
    LinkSpec& link = topology.links[*input.link];
    const ActorSpec& from = topology.actors[link.from];
    const LinkSpec* forward = forward_link(topology, link);
    if (forward == nullptr || drafts[link.from].broken || !find_port(link, input, from, reader.diagnostics()))
      continue;
    const SchemaPtr& schema = from.outputs[link.from_port].schema;
    const SchemaPtr& wanted = topology.actors[forward->from].outputs[forward->from_port].schema;
    if (schema && wanted && !wanted->same_fields(*schema))
      reader.diagnostics().error(Code::schema_mismatch, link.place,
                                 fmt::format("`{}` leads back other fields than the port gets", from.name),
                                 "", fmt::format("here {}, elsewhere {}", schema->text(), wanted->text()));
    for (Expression& key : link.keys)
      if (schema) bind_expression(key, schema, std::nullopt, reader);
  }
}

void find_event_time(ActorSpec& spec, const ActorDraft& draft, Diagnostics& diagnostics) {
  if (!draft.options.event_time) return;
  const auto& options = *draft.options.event_time;
  spec.event_time = EventTimeSpec{options.field, std::nullopt, options.disorder, options.idle_after};
  const SchemaPtr& schema = spec.outputs.front().schema;
  if (schema == nullptr) return;
  const Place place = draft.node->find("event_time")->find("field")->place;
  spec.event_time->column = schema->index_of(options.field);
  std::vector<std::string> names;
  for (const Field& field : schema->fields()) names.push_back(field.name);
  if (!spec.event_time->column)
    diagnostics.error(Code::unknown_field, place, fmt::format("no field named `{}`", options.field),
                      suggest(options.field, names), "fields: " + schema->text());
  else if ((*schema)[*spec.event_time->column].type != Type::timestamp)
    diagnostics.error(Code::type_mismatch, place,
                      fmt::format("`{}` has the type {}; event time needs a timestamp", options.field,
                                  to_text((*schema)[*spec.event_time->column].type)));
}

void check_discard(const ActorSpec& spec, const ActorDraft& draft, Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (const OutputSpec& output : spec.outputs) names.push_back(output.name);
  for (const std::string& port : spec.discard)
    if (std::ranges::find(names, port) == names.end())
      diagnostics.error(Code::unknown_port, draft.node->find("discard")->place,
                        fmt::format("`{}` has no port `{}`", spec.name, port), suggest(port, names),
                        fmt::format("ports: {}", fmt::join(names, ", ")));
}

// Rows that nobody reads are counted and gone. Under best_effort that is fine for what came late; a stronger
// promise is not kept by accident. What failed is counted and said with its place, so `errors` may stay
// unread.
void warn_of_unread(const Topology& topology, std::size_t actor, Diagnostics& diagnostics) {
  const ActorSpec& spec = topology.actors[actor];
  for (std::size_t port = 0; port + 1 < spec.outputs.size(); ++port) {
    const bool read = std::ranges::any_of(
        topology.links, [&](const LinkSpec& link) { return link.from == actor && link.from_port == port; });
    const std::string& name = spec.outputs[port].name;
    if (read || spec.outputs[port].silent || name == "changes" ||
        std::ranges::find(spec.discard, name) != spec.discard.end())
      continue;
    if (name.starts_with("late") && port < spec.kind->outputs.size()) {
      if (topology.delivery != Delivery::best_effort)
        diagnostics.error(
            Code::unused_port, spec.place,
            fmt::format("nobody reads `{}.{}`, and `delivery` promises that no row is lost", spec.name, name),
            "", fmt::format("connect it, or say `discard: [{}]`", name));
      continue;
    }
    diagnostics.warning(Code::unused_port, spec.place, fmt::format("nobody reads `{}.{}`", spec.name, name),
                        fmt::format("connect it, or say `discard: [{}]`", name));
  }
}

}  // namespace

void describe_actors(std::vector<ActorDraft>& drafts, Reader& reader) {
  Topology& topology = reader.topology();
  Diagnostics& diagnostics = reader.diagnostics();
  for (const std::size_t at : topology.order) {
    ActorDraft& draft = drafts[at];
    ActorSpec& spec = topology.actors[at];
    if (spec.kind == nullptr) continue;
    std::vector<SchemaPtr> inputs;
    const std::size_t before = diagnostics.error_count();
    if (!find_inputs(at, draft, drafts, reader, inputs)) draft.broken = true;
    if (!draft.broken) {
      DescribeActor describe(spec, *draft.node, std::move(inputs), reader);
      spec.config->describe(describe);
    }
    spec.outputs.push_back({"errors", errors_schema()});
    if (!draft.broken) {
      find_event_time(spec, draft, diagnostics);
      check_discard(spec, draft, diagnostics);
    }
    draft.broken |= diagnostics.error_count() != before;
  }
  for (ActorDraft& draft : drafts) find_feedback(draft, drafts, reader);
  if (!diagnostics.ok()) return;
  for (std::size_t at = 0; at < topology.actors.size(); ++at) warn_of_unread(topology, at, diagnostics);
}

}  // namespace leat
