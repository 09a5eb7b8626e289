#include "sim/random_topology.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/sim_kinds.hpp"

namespace leat::sim {
namespace {

constexpr std::int64_t kWindowUs = 20'000;

class Maker {
 public:
  explicit Maker(Random& random) : random_(random) {}

  RandomTopology make() {
    const std::uint64_t hosts = 1 + pick(random_, 3);
    for (std::uint64_t host = 0; host < hosts; ++host) made_.hosts.push_back(fmt::format("h{}", host));
    std::string ends;
    for (std::uint64_t source = 0; source <= pick(random_, 2); ++source)
      ends += (ends.empty() ? "" : ", ") + add_chain(source);
    add_windows(ends);
    made_.yaml = header() + actors_ + deploy();
    for (auto& [sink, rows] : made_.expected) std::ranges::sort(rows);
    return std::move(made_);
  }

 private:
  static std::string header() {
    return "topology: sim\ndelivery: exactly_once\nbatch: 8\nlinger: 1ms\nactors:\n";
  }

  void add(const std::string& name, const std::string& options) {
    actors_ += fmt::format("  {}: {{ {} }}\n", name, options);
    place_ += fmt::format("{}{}: {}", place_.empty() ? "" : ", ", name,
                          made_.hosts[place_.empty() ? 0 : pick(random_, made_.hosts.size())]);
  }
  std::string instances() { return fmt::format("instances: {}", 1 + pick(random_, 3)); }
  std::string queue() { return fmt::format("queue: {{ max: {} rows }}", 8 + pick(random_, 60)); }
  std::string fuse() { return chance(random_, 0.5) ? "fuse: false, " : ""; }

  // A source, some stages, and a sink for its rows; the name of the last stage.
  std::string add_chain(std::uint64_t number) {
    std::string last = fmt::format("source{}", number);
    const std::uint64_t count = 40 + pick(random_, 160);
    const bool pushed = chance(random_, 0.4);
    add(last,
        fmt::format("kind: sim.{}, count: {}, per_call: {}, instances: {}, event_time: {{ field: time }}",
                    pushed ? "pushed" : "source", count, 1 + pick(random_, 6),
                    pushed ? 1 : 1 + pick(random_, 2)));
    for (std::uint64_t stage = pick(random_, 4); stage > 0; --stage) {
      const std::string name = fmt::format("stage{}-{}", number, stage);
      const std::string from = fmt::format("inputs: [{{ from: {}, {} }}]", last, queue());
      const std::string keyed = fmt::format("inputs: [{{ from: {}, key: key, {} }}]", last, queue());
      switch (pick(random_, 4)) {
        case 0:
          add(name, fmt::format("kind: transform, {}{}, where: n >= 0", fuse(), from));
          break;
        case 1:
          add(name, fmt::format("kind: transform, {}, {}, where: n >= 0", keyed, instances()));
          break;
        case 2:
          add(name, fmt::format("kind: sim.slow, {}{}", fuse(), from));
          break;
        default:
          add(name,
              fmt::format("kind: delay, {}{}, for: {}ms, queue: 1000", fuse(), from, 1 + pick(random_, 5)));
      }
      last = name;
    }
    const std::string sink = fmt::format("rows{}", number);
    add(sink, fmt::format("kind: sim.sink, {}inputs: [{{ from: {}, {} }}]", fuse(), last, queue()));
    for (std::uint64_t n = 0; n < count; ++n) {
      const auto at = static_cast<std::int64_t>(n);
      const std::int64_t time = kFirstUs + at * kStepUs;
      made_.expected[sink].push_back(fmt::format("{}|{}|{}|", n, at % kKeys, time));
      auto& [rows, total] = windows_[{time - time % kWindowUs, at % kKeys}];
      ++rows;
      total += at;
    }
    return last;
  }

  void add_windows(const std::string& inputs) {
    add("sums", fmt::format("kind: aggregate, inputs: [{}], key: key, window: {{ tumbling: 20ms }}, "
                            "compute: {{ rows: count, total: {{ sum: n }} }}, {}",
                            inputs, instances()));
    add("totals", "kind: sim.sink, inputs: [sums]");
    add("late", "kind: sim.sink, inputs: [sums.late]");
    made_.expected["late"];
    for (const auto& [window, sum] : windows_)
      made_.expected["totals"].push_back(fmt::format("{}|{}|{}|{}|{}|true|", window.first,
                                                     window.first + kWindowUs, window.second, sum.first,
                                                     sum.second));
  }

  std::string deploy() const {
    std::string hosts;
    for (const std::string& host : made_.hosts)
      hosts += fmt::format("{}{}: local", hosts.empty() ? "" : ", ", host);
    return fmt::format("deploy: {{ hosts: {{ {} }}, place: {{ {}, \"*\": h0 }}, run_dir: /sim }}\n", hosts,
                       place_);
  }

  Random& random_;
  RandomTopology made_;
  std::string actors_, place_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::pair<std::int64_t, std::int64_t>> windows_;
};

}  // namespace

RandomTopology random_topology(Random& random) {
  return Maker(random).make();
}

}  // namespace leat::sim
