// The file as a whole: settings, delivery, schemas, deploy, plugins.
#include <fstream>

#include "support/temp_folder.hpp"
#include "unit/topology/small_kinds.hpp"

namespace leat {
namespace {

using testing::Loaded;
using testing::said_about;

constexpr const char* kActors =
    "  numbers: { kind: numbers }\n"
    "  show: { kind: sink, inputs: [numbers] }\n";

std::string with_settings(const std::string& settings) {
  return "topology: t\ndelivery: best_effort\n" + settings + "actors:\n" + kActors;
}

TEST(Loader, reads_the_settings) {
  const Loaded loaded(with_settings("batch: 512 rows\nlinger: 3ms\npoll: spin\n"));
  ASSERT_TRUE(loaded.topology) << loaded.said();
  EXPECT_EQ(loaded.topology->name, "t");
  EXPECT_EQ(loaded.topology->batch_rows, 512u);
  EXPECT_FALSE(loaded.topology->batch_auto);
  EXPECT_EQ(loaded.topology->linger, std::chrono::milliseconds(3));
  EXPECT_EQ(loaded.topology->poll, Poll::spin);
  EXPECT_TRUE(Loaded(with_settings("batch: auto\n")).topology->batch_auto);
}

struct Case {
  const char* text;
  const char* said;
};

class File : public ::testing::TestWithParam<Case> {};

TEST_P(File, is_answered_at_the_right_place) {
  EXPECT_EQ(Loaded(GetParam().text).said(), GetParam().said);
}

constexpr const char* kNoDelivery =
    "L0211 `delivery` is missing, and its default, exactly_once, needs checkpoints, which this version does "
    "not have | "
    "write `delivery: best_effort`\n";

INSTANTIATE_TEST_SUITE_P(
    Loader, File,
    ::testing::Values(
        Case{"", "1:1 L0105 a topology is a map that begins with `topology: NAME`\n"},
        Case{"- a\n", "1:1 L0105 a topology is a map that begins with `topology: NAME`\n"},
        Case{"topology: t\ndelivery: best_effort\n",
             "1:1 L0104 `actors` is missing: a topology needs at least one actor\n"},
        Case{"topology: t\ndelivery: best_effort\nactors: {}\n",
             "3:9 L0104 a topology needs at least one actor\n"},
        Case{"topology: t\ndelivery: best_effort\nactros: {}\n",
             "3:1 L0102 unknown key `actros` | did you mean `actors`?\n"},
        Case{"topology: T 1\ndelivery: best_effort\nactors:\n  n: { kind: numbers, discard: [out] }\n",
             "1:11 L0203 `T 1` can't name a topology; use a-z, 0-9, _ and -, a letter first\n"},
        Case{"topology: t\ndelivery: best_effort\nactors:\n  a.b: { kind: numbers, discard: [out] }\n",
             "4:3 L0203 `a.b` can't name an actor; use a-z, 0-9, _ and -, a letter first\n"},
        Case{
            "topology: t\ndelivery: exactly_once\ncheckpoint: { every: 1ms, keep: 0 }\nactors:\n  n: { kind: "
            "numbers, discard: [out] }\n",
            "3:13 L0106 `checkpoint.every` is at least 10ms\n3:13 L0106 `checkpoint.keep` is at least 1\n"},
        Case{"topology: t\ndelivery: best_efort\nactors:\n  n: { kind: numbers, discard: [out] }\n",
             "2:11 L0106 `best_efort` is not one of best_effort, at_least_once, exactly_once | did you mean "
             "`best_effort`?\n"},
        Case{"topology: t\ndelivry: best_effort\nactors:\n  n: { kind: numbers, discard: [out] }\n",
             "2:1 L0102 unknown key `delivry` | did you mean `delivery`?\n"},
        Case{
            "topology: t\ndelivery: best_effort\nbatch: 0\nactors:\n  n: { kind: numbers, discard: [out] }\n",
            "3:8 L0106 `batch` is `auto` or 1 to 1048576 rows\n"},
        Case{"topology: t\ndelivery: best_effort\nactors:\n  n: 5\n",
             "4:6 L0105 expected a map with the actor's `kind` and options, found a single value\n"},
        Case{"topology: t\ndelivery: best_effort\nactors:\n  n: { kind: [numbers] }\n",
             "4:14 L0105 expected the name of a kind, found a list\n"},
        Case{"topology: t\ndelivery: best_effort\nactors:\n  n: { kind: numbers, discard: [out] }\ntests: "
             "[]\n",
             ""},
        Case{"topology: t\ndelivery: best_effort\nactors:\n  n: { kind: numbers, discard: [out] }\ntests: "
             "{}\n",
             "5:8 L0105 `tests` is a list of tests, or a file with one\n"}));

TEST(Loader, promises_exactly_once_unless_it_is_told_otherwise) {
  EXPECT_EQ(Loaded("topology: t\nactors:\n  n: { kind: numbers, discard: [out] }\n").said(), "");
  EXPECT_EQ(Loaded("topology: t\ndelivery: best_effort\ncheckpoint: { every: 1s }\nactors:\n"
                   "  n: { kind: numbers, discard: [out] }\n")
                .said(),
            "3:13 L0106 `delivery: best_effort` makes no checkpoints; remove `checkpoint`, or choose "
            "`at_least_once` or `exactly_once`\n");
}

TEST(Loader, finds_all_problems_in_one_run) {
  const std::string said =
      Loaded(
          "topology: t\ndelivery: best_effort\nlinger: 5\nactors:\n  a: { kind: nubmers }\n"
          "  b: { kind: sink, inputs: [c], mode: fats }\n  d: { kind: numbers, count: x }\n")
          .said();
  for (const char* part : {"3:9 ", "5:14 ", "6:29 ", "6:39 ", "7:30 "})
    EXPECT_NE(said.find(part), std::string::npos) << part << "\n" << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 5) << said;
}

struct SchemaCase {
  const char* fields;
  const char* said;
};

class Fields : public ::testing::TestWithParam<SchemaCase> {};

TEST_P(Fields, of_a_schema) {
  const std::string text = std::string("topology: t\ndelivery: best_effort\nschemas:\n  s: ") +
                           GetParam().fields + "\nactors:\n  n: { kind: times, schema: s, discard: [out] }\n";
  EXPECT_EQ(Loaded(text).said(), GetParam().said);
}

constexpr const char* kAllTypes =
    "{ a: bool, b: boolean, c: int64, d: float64, e: string, f: bytes, g: timestamp, h: list<float32>, i: "
    "any, j: 'int64?' }";

INSTANTIATE_TEST_SUITE_P(
    Loader, Fields,
    ::testing::Values(
        SchemaCase{kAllTypes, ""},
        SchemaCase{"{ a: strng }", "4:11 L0106 no type named `strng` | did you mean `string`?\n"},
        SchemaCase{"{ a: int }", "4:11 L0106 no type named `int` | did you mean `int64`?\n"},
        SchemaCase{"{ a: float }", "4:11 L0106 no type named `float` | did you mean `float64`?\n"},
        SchemaCase{"{ a: 'txet?' }", "4:11 L0106 no type named `txet`\n"},
        SchemaCase{"{ a: [int64] }",
                   "4:11 L0105 expected a type, such as `string` or `float64?`, found a list\n"}));

TEST(Loader, names_schemas_that_are_near) {
  EXPECT_EQ(Loaded("topology: t\ndelivery: best_effort\nschemas: { headline: { id: int64 } }\nactors:\n"
                   "  n: { kind: times, schema: headlin, discard: [out] }\n")
                .said(),
            "5:29 L0208 no schema named `headlin` | did you mean `headline`?\n");
}

TEST(Loader, finds_the_column_of_event_time) {
  const auto load = [](const std::string& event_time) {
    return "topology: t\ndelivery: best_effort\nschemas: { s: { id: int64, at: timestamp } }\nactors:\n"
           "  n: { kind: times, schema: s, discard: [out], event_time: " +
           event_time + " }\n";
  };
  const Loaded good(load("{ field: at, disorder: 5s, idle_after: 30s }"));
  ASSERT_TRUE(good.topology) << good.said();
  EXPECT_EQ(good.topology->actors[0].event_time->column, 1u);
  EXPECT_EQ(good.topology->actors[0].event_time->idle_after, std::chrono::seconds(30));
  EXPECT_EQ(Loaded(load("{ field: ta }")).said(), "5:69 L0302 no field named `ta` | did you mean `at`?\n");
  EXPECT_EQ(Loaded(load("{ field: id }")).said(),
            "5:69 L0303 `id` has the type int64; event time needs a timestamp\n");
  EXPECT_EQ(Loaded(load("{ disorder: 5s }")).said(),
            "5:60 L0104 `field` is missing: Timestamp field of the rows.\n");
}

std::string deployed(const std::string& deploy) {
  return Loaded(with_settings("") + "deploy:\n" + deploy).said();
}

TEST(Deploy, places_actors_on_hosts) {
  const Loaded loaded(with_settings("") +
                      "deploy:\n  hosts: { edge: 10.0.0.1, core: '10.0.0.2:7000' }\n"
                      "  place: { numbers: edge, '*': core }\n  security: { curve: off }\n");
  ASSERT_TRUE(loaded.topology) << loaded.said();
  EXPECT_EQ(loaded.said(), "");
  EXPECT_EQ(loaded.topology->find("numbers")->host, "edge");
  EXPECT_EQ(loaded.topology->find("show")->host, "core");
  EXPECT_EQ(loaded.topology->find_host("edge")->port, 5600);
  EXPECT_EQ(loaded.topology->find_host("core")->port, 7000);
  EXPECT_EQ(loaded.topology->find_host("core")->address, "10.0.0.2");
}

TEST(Deploy, links_that_leave_the_machine_are_encrypted_unless_the_file_says_otherwise) {
  const struct {
    std::string hosts, security;
    bool curve;
  } cases[] = {
      {"a: 10.0.0.1, b: 10.0.0.2", "", true},
      {"a: 127.0.0.1, b: 10.0.0.2", "", true},
      {"a: core.example, b: '127.0.0.1:7000'", "", true},
      {"a: 10.0.0.1, b: 10.0.0.2", "curve: off", false},
      {"a: 10.0.0.1, b: 10.0.0.2", "curve: required", true},
      {"a: 127.0.0.1, b: '127.0.0.1:7000'", "", false},
      {"a: 127.0.0.1, b: '127.0.0.1:7000'", "curve: required", true},
      {"a: local, b: local", "", false},
      {"a: local, b: local", "curve: required", false},
  };
  for (const auto& deployed : cases) {
    const Loaded loaded(with_settings("") + "deploy:\n  hosts: { " + deployed.hosts +
                        " }\n  place: { numbers: a, '*': b }\n" +
                        (deployed.security.empty() ? "" : "  security: { " + deployed.security + " }\n"));
    ASSERT_TRUE(loaded.topology) << loaded.said();
    EXPECT_EQ(loaded.topology->curve, deployed.curve) << deployed.hosts << " " << deployed.security;
    EXPECT_TRUE(loaded.topology->keys.ends_with("/keys")) << loaded.topology->keys;
  }
}

class Deployed : public ::testing::TestWithParam<Case> {};

TEST_P(Deployed, is_checked) {
  EXPECT_EQ(deployed(GetParam().text), GetParam().said);
}

// `deploy:` is on line 6.
INSTANTIATE_TEST_SUITE_P(
    Deploy, Deployed,
    ::testing::Values(
        Case{"  hosts: { a: local, b: local }\n  place: { numbers: a, '*': b }\n", ""},
        Case{"  hosts: { a: 127.0.0.1, b: '127.0.0.1:6000' }\n  place: { numbers: a, '*': b }\n", ""},
        Case{"  hosts: { a: 127.0.0.1, b: 127.0.0.1 }\n  place: { numbers: a, '*': b }\n",
             "7:29 L0403 `a` and `b` would listen on the same ports | write `127.0.0.1:5700`\n"},
        Case{"  hosts: { a: 10.0.0.1, b: 10.0.0.2 }\n  place: { numbers: a, '*': b }\n", ""},
        Case{"  hosts: { a: 10.0.0.1, b: 10.0.0.2 }\n  place: { '*': b }\n",
             "7:15 L0402 no actor is placed on host `a`\n"},
        Case{"  hosts: { edge: local }\n  place: { '*': egde }\n",
             "8:17 L0401 no host named `egde` | did you mean `edge`?\n"},
        Case{"  hosts: { edge: local }\n  place: { nubmers: edge, '*': edge }\n",
             "8:12 L0204 no actor named `nubmers` | did you mean `numbers`?\n"},
        Case{"  hosts: { edge: local }\n  place: { numbers: edge }\n",
             "8:10 L0402 `show` is placed nowhere\n"},
        Case{"  hosts: { edge: 'tcp://10.0.0.1' }\n  place: { '*': edge }\n",
             "7:18 L0403 `tcp://10.0.0.1` is not an address\n"},
        Case{"  hosts: { edge: '10.0.0.1:99999' }\n  place: { '*': edge }\n",
             "7:18 L0403 `10.0.0.1:99999` is not an address\n"},
        Case{"  hsots: { edge: local }\n  place: { '*': edge }\n",
             "7:3 L0102 unknown key `hsots` | did you mean `hosts`?\n"}));

TEST(Loader, does_not_blame_kinds_of_a_plugin_that_is_missing) {
  const std::string said = said_about("  n: { kind: from-the-plugin }\n", "plugins: [no/such/plugin.so]\n");
  EXPECT_EQ(said.substr(0, 11), "5:11 L0901 ");
  EXPECT_NE(said.find("no such file; build the plugin first"), std::string::npos) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST(Loader, takes_files_and_folders) {
  const testing::TempFolder folder;
  folder.write("topology.yaml", with_settings(""));
  Registry registry;
  testing::add_small_kinds(registry);
  for (const std::string& path : {folder.path(""), folder.path("topology.yaml")}) {
    Diagnostics diagnostics;
    EXPECT_TRUE(load_topology(path, registry, diagnostics).has_value()) << render(diagnostics, false);
  }
  Diagnostics diagnostics;
  EXPECT_FALSE(load_topology(folder.path("other.yaml"), registry, diagnostics).has_value());
  EXPECT_EQ(diagnostics.sorted().front().code, Code::input_missing);
}

}  // namespace
}  // namespace leat
