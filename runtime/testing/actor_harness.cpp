#include <fmt/format.h>

#include <condition_variable>
#include <leat/codec.hpp>
#include <leat/state.hpp>
#include <leat/testing.hpp>
#include <sstream>

#include "engine/cell.hpp"
#include "engine/timers.hpp"
#include "engine/wakes.hpp"
#include "testing/fake_clock.hpp"
#include "topology/loader.hpp"

namespace leat {
namespace {

// Stands for what feeds the actor: declares the schema and never runs.
class HarnessInput final : public Source {
 public:
  struct Config {
    SchemaPtr schema;
  };
  static constexpr KindInfo kind{"harness.input", "Stands for the tested actor's input."};
  static constexpr auto inputs = ports();
  static constexpr Port out{0, "out", "The declared rows."};
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {required("schema", &Config::schema, "What flows.")}; }
  static void describe(Config& config, Describe& describe) { describe.output(out, config.schema); }
  explicit HarnessInput(Config) {}
  Result<Produced> produce(std::uint32_t, Context&) override { return Produced::end(); }
};

class Capture final : public Edge {
 public:
  void send(Batch batch) override { batches.push_back(std::move(batch)); }
  std::uint64_t room() const override { return UINT64_MAX; }
  void barrier(std::uint64_t) override {}
  void watermark(Time watermark, bool) override { latest = std::max(latest, watermark); }
  void finish() override {}
  std::vector<Batch> batches;
  Time latest = kTimeMin;  // watermark
};

}  // namespace

struct ActorHarness::Impl final : CellHost {
  Registry registry;
  Diagnostics diagnostics;
  std::optional<Topology> topology;
  const ActorSpec* spec = nullptr;
  FakeClock clock;
  Timers timers;
  std::mutex wake_mutex;
  std::condition_variable woken;
  std::shared_ptr<Wakes> wakes = std::make_shared<Wakes>([this] {
    const std::lock_guard lock(wake_mutex);
    woken.notify_all();
  });
  std::unique_ptr<ActorMetrics> metrics;
  std::vector<std::unique_ptr<Capture>> captures;
  std::unique_ptr<Cell> cell;
  std::optional<Error> failure;
  std::vector<std::function<void()>> offloaded;
  std::vector<std::string> lines;
  std::vector<std::string> schema_of_port;
  Delivery delivery = Delivery::best_effort;
  std::uint64_t checkpoint = 0;
  std::optional<CellState> kept;

  void load(const std::string& kind_name, const std::string& options, const Inputs& schemas);
  void build();
  Status outcome();
  const Port& input_port(const std::string& name) const;
  std::size_t output_index(const std::string& name) const;
  void fire_until(Instant end);
  void fire_wakes();
  ~Impl() override { wakes->close(); }

  // CellHost
  Time now() const override { return clock.now(); }
  Instant steady_now() const override { return clock.steady(); }
  void start_timer(std::size_t at, Timer timer, Duration delay) override {
    timers.start(at, timer, clock.steady() + delay);
  }
  void cancel_timer(std::size_t at, Timer timer) override { timers.cancel(at, timer); }
  std::function<void()> waker(std::size_t at, Timer timer) override { return wakes->waker(at, timer); }
  void offload(std::size_t, std::function<Status()> work,
               std::function<Status(Status, Context&)> then) override {
    offloaded.push_back(
        [this, work = std::move(work), then = std::move(then)] { cell->complete(work(), then); });
  }
  void log(const Cell&, LogLevel, std::string message) override { lines.push_back(std::move(message)); }
  void fail(const Cell&, Error error) override { failure = std::move(error); }
  void flush_soon() override {}
  void snapshot(const Cell&, std::uint64_t, CellState state) override { kept = std::move(state); }
  Cell* charge(Cell*) override { return nullptr; }
};

// A schema named like a port is that port's; `input` is every other port's. A port without is not connected;
// other names are for options to refer to.
void ActorHarness::Impl::load(const std::string& kind_name, const std::string& options,
                              const Inputs& schemas) {
  const Kind* kind = registry.find(kind_name);
  LEAT_ASSERT(kind != nullptr);
  std::string declared, feeds, wiring;
  for (const auto& [name, schema] : schemas) declared += fmt::format("  {}: {}\n", name, schema);
  for (const Port& port : kind->inputs) {
    const auto given = [&](std::string_view name) {
      return std::ranges::find(schemas, name, &Inputs::value_type::first) != schemas.end();
    };
    schema_of_port.push_back(given(port.name) ? std::string(port.name) : "input");
    if (!given(schema_of_port.back())) continue;
    const std::string feed = kind->inputs.size() == 1 ? "feed" : fmt::format("feed_{}", port.name);
    feeds += fmt::format("  {}: {{ kind: harness.input, schema: {} }}\n", feed, schema_of_port.back());
    wiring += fmt::format("{}{}: [{}]", wiring.empty() ? "" : ", ", port.name, feed);
  }
  if (kind->inputs.size() == 1) wiring = "[feed]";
  if (kind->inputs.size() > 1) wiring = fmt::format("{{ {} }}", wiring);
  std::string actor = options.empty() ? "{}" : options;
  const std::size_t brace = actor.find('{');
  LEAT_ASSERT(brace != std::string::npos);
  const bool more = actor.find_first_not_of(" }", brace + 1) != std::string::npos;
  actor.insert(brace + 1, fmt::format(" kind: {}{}{}", kind_name, wiring.empty() ? "" : ", inputs: " + wiring,
                                      more ? ", " : ""));
  constexpr const char* kNames[] = {"best_effort", "at_least_once", "exactly_once"};
  std::string text = fmt::format("topology: harness\ndelivery: {}\n", kNames[static_cast<int>(delivery)]);
  if (!declared.empty()) text += "schemas:\n" + declared;
  text += fmt::format("actors:\n{}  tested: {}\n", feeds, actor);
  Diagnostics found;
  topology = load_topology_text(text, "harness.yaml", registry, found);
  for (Diagnostic& problem : found.sorted())  // The harness reads all ports itself.
    if (problem.code != Code::unused_port) diagnostics.add(std::move(problem));
  if (topology) spec = topology->find("tested");
  if (spec != nullptr) build();
}

void ActorHarness::Impl::build() {
  if (!metrics) metrics = std::make_unique<ActorMetrics>();
  cell = std::make_unique<Cell>(Cell::Setup{.spec = spec,
                                            .number = 0,
                                            .index = 0,
                                            .inputs = {false},
                                            .batch_rows = topology->batch_rows,
                                            .delivery = topology->delivery,
                                            .metrics = metrics.get(),
                                            .host = this});
  if (captures.empty())
    for (std::size_t port = 0; port < spec->outputs.size(); ++port)
      captures.push_back(std::make_unique<Capture>());
  for (std::size_t port = 0; port < spec->outputs.size(); ++port)
    cell->connect(static_cast<std::uint8_t>(port), Route::spread, {}, {captures[port].get()});
}

Status ActorHarness::Impl::outcome() {
  if (failure) return Failure(*failure);
  return {};
}

const Port& ActorHarness::Impl::input_port(const std::string& name) const {
  for (const Port& port : spec->kind->inputs)
    if (name.empty() || port.name == name) return port;
  LEAT_ASSERT(!"no such input port");
  return spec->kind->inputs.front();
}

std::size_t ActorHarness::Impl::output_index(const std::string& name) const {
  for (std::size_t port = 0; port < spec->outputs.size(); ++port)
    if (spec->outputs[port].name == name) return port;
  LEAT_ASSERT(!"no such output port");
  return 0;
}

void ActorHarness::Impl::fire_wakes() {
  for (const Wakes::Due& due : wakes->take()) timers.start(due.cell, due.timer, clock.steady());
}

void ActorHarness::Impl::fire_until(Instant end) {
  fire_wakes();
  for (auto next = timers.next_deadline(); next && *next <= end; next = timers.next_deadline()) {
    clock.advance(std::chrono::ceil<Duration>(*next - clock.steady()));
    while (const auto fired = timers.pop_due(clock.steady())) cell->fire(fired->timer);
  }
  clock.advance(std::chrono::ceil<Duration>(end - clock.steady()));
}

ActorHarness::ActorHarness(const std::string& kind, const std::string& options, const std::string& input,
                           Delivery delivery)
    : impl_(std::make_unique<Impl>()) {
  impl_->delivery = delivery;
  register_standard_actors(impl_->registry);
  impl_->registry.add<HarnessInput>();
  impl_->load(kind, options, input.empty() ? Inputs{} : Inputs{{"input", input}});
  if (impl_->cell) impl_->cell->start();
}

ActorHarness::ActorHarness(const std::string& kind, const std::string& options, const Inputs& inputs)
    : impl_(std::make_unique<Impl>()) {
  register_standard_actors(impl_->registry);
  impl_->registry.add<HarnessInput>();
  impl_->load(kind, options, inputs);
  if (impl_->cell) impl_->cell->start();
}

ActorHarness::ActorHarness(const Registry& registry, const std::string& kind, const std::string& options,
                           const std::string& input)
    : impl_(std::make_unique<Impl>()) {
  impl_->registry = registry;
  impl_->registry.add<HarnessInput>();
  impl_->load(kind, options, input.empty() ? Inputs{} : Inputs{{"input", input}});
  if (impl_->cell) impl_->cell->start();
}

ActorHarness::~ActorHarness() = default;

std::string ActorHarness::problems() const {
  return render(impl_->diagnostics, false);
}

Status ActorHarness::feed(const std::string& json_lines, const std::string& port) {
  const Port& input = impl_->input_port(port);
  BatchBuilder rows(impl_->topology->schemas.at(impl_->schema_of_port[input.index]));
  JsonRows reader(rows.schema());
  std::istringstream lines(json_lines);
  for (std::string line; std::getline(lines, line);)
    if (line.find_first_not_of(" \t") != std::string::npos) LEAT_TRY(reader.read_copy(line, rows));
  if (rows.empty()) return impl_->outcome();
  return feed(rows.finish(), std::string(input.name));
}

Status ActorHarness::feed(const Batch& batch, const std::string& port) {
  impl_->cell->receive(impl_->input_port(port), batch);
  return impl_->outcome();
}

Status ActorHarness::watermark(Time time) {
  impl_->cell->receive_watermark(0, time, false);
  return impl_->outcome();
}

Status ActorHarness::end() {
  impl_->cell->receive_end(0);
  return impl_->outcome();
}

Result<Produced> ActorHarness::produce(std::uint32_t rows_max) {
  const Produced produced = impl_->cell->produce(rows_max);
  LEAT_TRY(impl_->outcome());
  return produced;
}

Status ActorHarness::produce_all() {
  for (Produced::Next next = Produced::Next::more; next == Produced::Next::more;) {
    LEAT_TRY_ASSIGN(const Produced produced, produce());
    next = produced.next;
  }
  return {};
}

Status ActorHarness::advance(Duration duration) {
  const Instant end = impl_->clock.steady() + duration;
  std::vector<std::function<void()>> jobs;
  jobs.swap(impl_->offloaded);
  for (const auto& job : jobs) job();
  impl_->fire_until(end);
  return impl_->outcome();
}

Status ActorHarness::restart() {
  CellState state = impl_->cell->save();
  impl_->cell.reset();
  impl_->timers = {};
  impl_->build();
  LEAT_TRY(impl_->cell->load({std::move(state)}));
  impl_->cell->start();
  return impl_->outcome();
}

Status ActorHarness::checkpoint() {
  impl_->cell->begin_checkpoint(++impl_->checkpoint);
  impl_->cell->receive_barrier(0, impl_->checkpoint);
  return impl_->outcome();
}

Status ActorHarness::commit() {
  impl_->cell->commit();
  return impl_->outcome();
}

Status ActorHarness::crash() {
  impl_->cell.reset();
  impl_->timers = {};
  impl_->build();
  if (impl_->kept) LEAT_TRY(impl_->cell->load({*impl_->kept}));
  impl_->cell->start();
  return impl_->outcome();
}

bool ActorHarness::wait_woken(Duration most) {
  {
    std::unique_lock lock(impl_->wake_mutex);
    if (!impl_->woken.wait_for(lock, most, [&] { return impl_->wakes->any(); })) return false;
  }
  impl_->fire_until(impl_->clock.steady());
  return true;
}

bool ActorHarness::holds_input() const {
  return impl_->cell->holds_input();
}

bool ActorHarness::ended() const {
  return impl_->cell->ended();
}

std::uint64_t ActorHarness::measured(const std::string& measure) const {
  for (const auto& slot : impl_->metrics->values)
    if (const char* name = slot.name.load();
        name != nullptr && std::string_view(name, slot.length) == measure)
      return slot.rows.get();
  return 0;
}

std::vector<Batch> ActorHarness::take_batches(const std::string& port) {
  return std::exchange(impl_->captures[impl_->output_index(port)]->batches, {});
}

Time ActorHarness::watermark_out() const {
  return impl_->captures.front()->latest;
}

std::string ActorHarness::take(const std::string& port) {
  std::string lines;
  for (const Batch& batch : take_batches(port)) lines += to_json_lines(batch);
  return lines;
}

SchemaPtr ActorHarness::output_schema(const std::string& port) const {
  return impl_->spec->outputs[impl_->output_index(port)].schema;
}

std::uint64_t ActorHarness::dropped(const std::string& reason) const {
  for (const auto& slot : impl_->metrics->dropped)
    if (const char* name = slot.name.load(); name != nullptr && std::string_view(name, slot.length) == reason)
      return slot.rows.get();
  return 0;
}

std::vector<std::string> ActorHarness::log() const {
  return impl_->lines;
}

}  // namespace leat
