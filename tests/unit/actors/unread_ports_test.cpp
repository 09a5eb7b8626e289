// Ports that nobody reads, under a promise that no row is lost.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "topology/loader.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;

std::string said(const std::string& delivery, const std::string& discard) {
  Registry registry;
  register_standard_actors(registry);
  Diagnostics diagnostics;
  const std::string text = fmt::format(
      "topology: t\ndelivery: {}\nactors:\n"
      "  made: {{ kind: ingest.generate, count: 1, fields: {{ id: seq, time: time }}, event_time: {{ field: "
      "time }} }}\n"
      "  sums: {{ kind: aggregate, inputs: [made], window: {{ tumbling: 1s }}, compute: {{ rows: count }}{} "
      "}}\n"
      "  shown: {{ kind: publish.file, inputs: [sums], path: out.jsonl }}\n",
      delivery, discard);
  load_topology_text(text, "t.yaml", registry, diagnostics);
  return render(diagnostics, false);
}

TEST(UnreadPorts, late_rows_may_go_nowhere_only_when_the_topology_says_so) {
  EXPECT_THAT(said("exactly_once", ""), HasSubstr("nobody reads `sums.late`, and `delivery` promises"));
  EXPECT_THAT(said("at_least_once", ""), HasSubstr("say `discard: [late]`"));
  EXPECT_EQ(said("exactly_once", ", discard: [late]"), "");
  EXPECT_EQ(said("best_effort", ""), "");
}

}  // namespace
}  // namespace leat
