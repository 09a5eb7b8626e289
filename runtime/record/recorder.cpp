#include "record/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/context.hpp>

namespace leat {
namespace {

// Hands what one instance of a port sends to the writer.
class Tap final : public Actor {
 public:
  Tap(std::size_t port, RecordingWriter& writer) : port_(port), writer_(writer) {}

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    writer_.add(entry(batch, ctx));
    return {};
  }
  Status on_watermark(Time, Context& ctx) override {
    writer_.add(entry(Batch(), ctx));
    return {};
  }
  Status on_end(Context& ctx) override {
    RecordedEntry last = entry(Batch(), ctx);
    last.end = true;
    writer_.add(last);
    return {};
  }

 private:
  RecordedEntry entry(Batch rows, Context& ctx) const {
    return {.port = port_,
            .instance = ctx.instance(),
            .time = ctx.now(),
            .rows = std::move(rows),
            .watermark = ctx.watermark()};
  }

  std::size_t port_;
  RecordingWriter& writer_;
};

class ConfiguredTap final : public ConfiguredActor {
 public:
  ConfiguredTap(std::size_t port, std::shared_ptr<RecordingWriter> writer)
      : port_(port), writer_(std::move(writer)) {}
  void describe(Describe&) override {}
  std::unique_ptr<Actor> create() const override { return std::make_unique<Tap>(port_, *writer_); }

 private:
  std::size_t port_;
  std::shared_ptr<RecordingWriter> writer_;
};

RecordedPort recorded(const ActorSpec& actor, std::size_t port) {
  return {actor.name, actor.outputs[port].name, actor.instances, actor.outputs[port].schema};
}

bool is_sink(const ActorSpec& actor) {
  return actor.outputs.size() == 1;
}

// All names that `--links` understands, for suggestions.
std::vector<std::string> port_names(const Topology& topology) {
  std::vector<std::string> names;
  for (const ActorSpec& actor : topology.actors) {
    names.push_back(actor.name);
    for (const OutputSpec& output : actor.outputs) names.push_back(actor.name + "." + output.name);
  }
  return names;
}

void add_once(std::vector<RecordedPort>& ports, RecordedPort port) {
  if (std::ranges::none_of(ports, [&](const RecordedPort& other) { return other.name() == port.name(); }))
    ports.push_back(std::move(port));
}

}  // namespace

Result<std::vector<RecordedPort>> find_recorded_ports(const Topology& topology,
                                                      const std::vector<std::string>& names) {
  std::vector<RecordedPort> ports;
  for (const std::string& name : names) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    const ActorSpec* actor = topology.find(name.substr(0, dot));
    const std::string port = dot < name.size() ? name.substr(dot + 1) : std::string();
    std::size_t at = actor == nullptr || port.empty() ? 0 : actor->outputs.size();
    for (std::size_t index = 0; actor != nullptr && index < actor->outputs.size(); ++index)
      if (actor->outputs[index].name == port) at = index;
    if (actor == nullptr || at == actor->outputs.size()) {
      const std::string hint = suggest(name, port_names(topology));
      return fail(Code::unknown_port,
                  fmt::format("no actor or port named `{}`{}{}", name, hint.empty() ? "" : "; ", hint));
    }
    add_once(ports, recorded(*actor, at));
  }
  if (!names.empty()) return ports;
  for (const LinkSpec& link : topology.links)
    if (topology.actors[link.from].kind->source || is_sink(topology.actors[link.to]))
      add_once(ports, recorded(topology.actors[link.from], link.from_port));
  return ports;
}

Result<std::unique_ptr<Recorder>> Recorder::create(const std::string& path, const Topology& topology,
                                                   std::vector<RecordedPort> ports) {
  auto recorder = std::make_unique<Recorder>();
  LEAT_TRY_ASSIGN(recorder->writer_,
                  RecordingWriter::create(
                      path, {.topology = topology.name, .started = system_clock().now(), .ports = ports}));
  recorder->ports_ = std::move(ports);
  return recorder;
}

void Recorder::add_to(Topology& topology) {
  for (std::size_t at = 0; at < ports_.size(); ++at) {
    const RecordedPort& port = ports_[at];
    Kind kind;
    kind.info.name = "stand-in.recorder";
    kind.inputs = {Port{0, "in", {}}};
    kinds_.push_back(std::move(kind));
    const ActorSpec& from = *topology.find(port.actor);
    LinkSpec link;
    link.from = static_cast<std::size_t>(&from - topology.actors.data());
    for (std::size_t index = 0; index < from.outputs.size(); ++index)
      if (from.outputs[index].name == port.port) link.from_port = static_cast<std::uint8_t>(index);
    link.to = topology.actors.size();
    ActorSpec tap;
    tap.name = port.name() + ".recorded";
    tap.kind = &kinds_.back();
    tap.config = std::make_shared<ConfiguredTap>(at, writer_);
    tap.outputs.push_back({"errors", errors_schema()});
    tap.instances = from.instances;
    topology.order.push_back(topology.actors.size());
    topology.actors.push_back(std::move(tap));
    topology.links.push_back(std::move(link));
  }
}

}  // namespace leat
