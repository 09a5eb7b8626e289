#include "record/recorder.hpp"

#include "engine/plan.hpp"
#include "support/temp_folder.hpp"
#include "topology/loader.hpp"

namespace leat {
namespace {

constexpr const char* kTopology = R"(topology: shop
delivery: best_effort
actors:
  a: { kind: ingest.generate, count: 9, fields: { n: seq }, instances: 3 }
  split: { kind: transform, inputs: [a], routes: { big: n > 5 }, instances: 3 }
  stored: { kind: persist.kv, inputs: [split.big], path: store, key: n }
  show: { kind: publish.file, inputs: [split, stored.changes], path: "-" }
)";

class RecordedPorts : public ::testing::Test {
 protected:
  RecordedPorts() {
    register_standard_actors(registry_);
    std::string text = kTopology;
    text.replace(text.find("[split, stored.changes]"), 23, "[split]");
    Diagnostics diagnostics;
    topology_ = load_topology_text(text, folder_.path("t.yaml"), registry_, diagnostics);
    EXPECT_TRUE(topology_) << render(diagnostics, false);
  }
  std::string found(const std::vector<std::string>& names) const {
    const auto ports = find_recorded_ports(*topology_, names);
    if (!ports) return ports.error().message;
    std::string text;
    for (const RecordedPort& port : *ports) text += port.name() + " ";
    return text;
  }

  testing::TempFolder folder_;
  Registry registry_;
  std::optional<Topology> topology_;
};

TEST_F(RecordedPorts, finds_ports_by_name) {
  EXPECT_EQ(found({"a", "split.big", "split", "a.out", "split.errors"}),
            "a.out split.big split.out split.errors ");
  EXPECT_EQ(found({"spilt"}), "no actor or port named `spilt`; did you mean `split`?");
  EXPECT_EQ(found({"split.bgi"}), "no actor or port named `split.bgi`; did you mean `split.big`?");
}

TEST_F(RecordedPorts, takes_what_comes_out_of_sources_and_goes_into_sinks) {
  EXPECT_EQ(found({}), "a.out split.out ");
}

TEST_F(RecordedPorts, adds_no_worker_and_crosses_none) {
  const Plan before = make_plan(*topology_, false);
  const auto recorder = Recorder::create(folder_.path("a.rec"), *topology_,
                                         *find_recorded_ports(*topology_, {"a", "split.big"}));
  ASSERT_TRUE(recorder);
  (*recorder)->add_to(*topology_);
  const Plan after = make_plan(*topology_, false);
  EXPECT_EQ(after.workers.size(), before.workers.size());
  EXPECT_EQ(after.instances.size(), before.instances.size() + 6);
  for (const ChannelPlan& channel : after.channels)
    if (topology_->actors[topology_->links[channel.link].to].name.ends_with(".recorded")) {
      EXPECT_TRUE(channel.local);
      EXPECT_EQ(channel.producer, channel.consumer);
    }
}

}  // namespace
}  // namespace leat
