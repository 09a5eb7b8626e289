// Who feeds whom: names, ports, circles, schemas that must agree.
#include "unit/topology/small_kinds.hpp"

namespace leat {
namespace {

using testing::Loaded;
using testing::said_about;

TEST(Inputs, default_to_the_first_output) {
  const Loaded loaded(
      "topology: t\ndelivery: best_effort\nactors:\n"
      "  f: { kind: filter, inputs: [n], where: id > 1 }\n"
      "  n: { kind: numbers }\n"
      "  e: { kind: sink, inputs: [f.errors, n.errors] }\n"
      "  s: { kind: sink, inputs: [f.out, f.rest] }\n");
  ASSERT_TRUE(loaded.topology) << loaded.said();
  EXPECT_EQ(loaded.said(), "");
  EXPECT_EQ(loaded.topology->order, (std::vector<std::size_t>{1, 0, 2, 3}));
  ASSERT_EQ(loaded.topology->links.size(), 5u);
  EXPECT_EQ(loaded.topology->links[1].from_port, 2);
  EXPECT_TRUE(loaded.topology->actors[0].outputs[2].schema->same_fields(*errors_schema()));
  EXPECT_EQ(loaded.topology->links[4].from_port, 1);
}

TEST(Inputs, take_route_key_and_queue) {
  const Loaded loaded(
      "topology: t\ndelivery: best_effort\nactors:\n"
      "  n: { kind: numbers }\n"
      "  s:\n    kind: sink\n    instances: 3\n    inputs:\n      - from: n\n        key: name\n"
      "        queue: { max: 5 rows, max_bytes: 2MiB, when_full: drop_newest }\n"
      "  a: { kind: sink, inputs: [{ from: n, route: all }] }\n");
  ASSERT_TRUE(loaded.topology) << loaded.said();
  const LinkSpec& keyed = loaded.topology->links[0];
  EXPECT_EQ(keyed.route, Route::key);
  EXPECT_TRUE(keyed.keys.at(0).bound());
  EXPECT_EQ(keyed.queue.max.count, 5u);
  EXPECT_EQ(keyed.queue.when_full, WhenFull::drop_newest);
  EXPECT_EQ(keyed.place.line, 9u);
  EXPECT_EQ(loaded.topology->links[1].route, Route::all);
}

TEST(Inputs, of_several_ports_are_a_map) {
  const std::string actors =
      "  n: { kind: numbers }\n  j: { kind: join, inputs: { left: [n], right: [n] }, discard: [out] }\n";
  EXPECT_EQ(said_about(actors), "");
  EXPECT_EQ(
      said_about(
          "  n: { kind: numbers }\n  j: { kind: join, inputs: { left: [n], rigth: [n] }, discard: [out] }\n"),
      "5:41 L0205 `join` has no input `rigth` | did you mean `right`?\n");
}

struct Case {
  const char* actors;
  const char* said;
};

class Wrong : public ::testing::TestWithParam<Case> {};

TEST_P(Wrong, is_said_once_and_at_its_place) {
  EXPECT_EQ(said_about(GetParam().actors), GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    Inputs, Wrong,
    ::testing::Values(
        Case{"  numbers: { kind: numbers }\n  s: { kind: sink, inputs: [number] }\n",
             "5:29 L0204 no actor or port named `number` | did you mean `numbers`?\n"},
        Case{"  numbers: { kind: numbers }\n  s: { kind: sink, inputs: [nubers.errors] }\n",
             "5:29 L0204 no actor or port named `nubers.errors` | did you mean `numbers.errors`?\n"},
        Case{"  n: { kind: numbers }\n  s: { kind: sink, inputs: [n.error] }\n",
             "5:29 L0205 no actor or port named `n.error` | did you mean `n.errors`?\n"},
        Case{"  n: { kind: numbers }\n  s: { kind: sink, inputs: [n] }\n  u: { kind: sink, inputs: [s] }\n",
             "6:29 L0205 `s` is a sink and sends nothing on\n"},
        Case{"  n: { kind: numbers, inputs: [n] }\n  s: { kind: sink, inputs: [n] }\n",
             "4:23 L0207 `numbers` is a source and has no inputs; remove `inputs:`\n"},
        Case{"  s: { kind: sink }\n",
             "4:6 L0104 `inputs` is missing: a `sink` needs rows from another actor\n"},
        Case{"  s: { kind: sink, inptus: [x] }\n",
             "4:20 L0102 unknown key `inptus` | did you mean `inputs`?\n"},
        Case{"  s: { kind: sink, inputs: [] }\n", "4:28 L0207 a `sink` needs at least one input\n"},
        Case{"  n: { kind: numbers }\n  s: { kind: sink, inputs: [n, n] }\n",
             "5:32 L0207 `n` stands twice: each row would come twice; remove one\n"},
        Case{"  n: { kind: numbers }\n  s: { kind: sink, inputs: [{ from: n, feedback: true }] }\n",
             "5:37 L0206 `s` does not feed `n`, so nothing is led back here | remove `feedback: true`\n"},
        Case{"  n: { kind: numbers }\n  s: { kind: sink, inputs: [{ from: n, key: id, route: all }] }\n",
             "5:45 L0106 `key` and `route` exclude each other; remove one\n"},
        Case{"  n: { kind: numbers }\n  s: { kind: sink, instances: 2, inputs: [{ from: n, route: paired }] "
             "}\n",
             "5:51 L0106 `route: paired` needs equal instances: `n` has 1, `s` 2\n"},
        Case{"  n: { kind: numbers }\n  s: { kind: sink, inputs: [{ from: n, key: idd }] }\n",
             "5:45 L0302 no field named `idd` | did you mean `id`?\n"},
        Case{"  n: { kind: numbers }\n  s: { kind: sink, inputs: [{ from: n, key: { a: b } }] }\n",
             "5:45 L0105 expected an expression, found a map\n"},
        Case{"  n: { kind: numbers }\n  s: { kind: sink, inputs: [{ from: n, queue: { max: 0 } }] }\n",
             "5:37 L0106 a queue holds at least one row and one byte\n"},
        Case{"  n: { kind: numbers }\n  s: { kind: sink, inputs: [n, n.errors] }\n",
             "5:32 L0209 `n` carries other fields than the inputs before it\n"}));

TEST(Inputs, in_a_circle_are_refused_with_the_way_round) {
  EXPECT_EQ(said_about("  a: { kind: filter, inputs: [c], where: id > 1 }\n"
                       "  b: { kind: filter, inputs: [a], where: id > 1 }\n"
                       "  c: { kind: filter, inputs: [b], where: id > 1 }\n"
                       "  s: { kind: sink, inputs: [a, b.rest] }\n"),
            "5:31 L0206 actors feed each other in a circle: a -> b -> c -> a\n");
  EXPECT_EQ(said_about("  a: { kind: filter, inputs: [a], where: id > 1 }\n"),
            "4:31 L0206 actors feed each other in a circle: a -> a\n");
}

TEST(Inputs, that_lead_back_say_so) {
  EXPECT_EQ(said_about("  n: { kind: numbers }\n"
                       "  a: { kind: filter, inputs: [n, { from: b, feedback: true }], where: id > 1 }\n"
                       "  b: { kind: filter, inputs: [a], where: id > 1 }\n"
                       "  s: { kind: sink, inputs: [a.rest, b.rest] }\n"),
            "");
}

TEST(Inputs, that_lead_back_join_rows_of_the_same_fields_from_elsewhere) {
  EXPECT_EQ(
      said_about("  n: { kind: numbers }\n"
                 "  a: { kind: filter, inputs: [n, { from: b.errors, feedback: true }], where: id > 1 }\n"
                 "  b: { kind: filter, inputs: [a], where: id > 1, discard: [out] }\n"
                 "  s: { kind: sink, inputs: [a.rest, b.rest] }\n"),
      "5:42 L0209 `b` leads back other fields than the port gets\n");
  EXPECT_EQ(said_about("  a: { kind: filter, inputs: [{ from: a, feedback: true }], where: id > 1 }\n"
                       "  s: { kind: sink, inputs: [a.rest] }\n"),
            "4:39 L0207 the port has no other input, and nothing says what flows here\n");
}

TEST(Inputs, that_lead_back_to_different_actors_share_no_actor) {
  EXPECT_EQ(said_about("  n: { kind: numbers }\n"
                       "  a: { kind: filter, inputs: [n, { from: b, feedback: true }], where: id > 1 }\n"
                       "  b: { kind: filter, inputs: [a, { from: c, feedback: true }], where: id > 1 }\n"
                       "  c: { kind: filter, inputs: [b], where: id > 1 }\n"
                       "  s: { kind: sink, inputs: [a.rest, b.rest, c.rest] }\n"),
            "6:42 L0206 this loop and the one back to `a` both pass through `b`\n");
}

TEST(Inputs, behind_a_broken_actor_are_not_described) {
  EXPECT_EQ(said_about("  n: { kind: nubers }\n"
                       "  f: { kind: filter, inputs: [n], where: nothing > 1 }\n"
                       "  s: { kind: sink, inputs: [f.nowhere] }\n"),
            "4:14 L0201 no kind named `nubers` | did you mean `numbers`?\n");
  EXPECT_EQ(said_about("  n: { kind: numbers }\n"
                       "  f: { kind: filter, inputs: [n, x], where: idd > 1 }\n"
                       "  s: { kind: sink, inputs: [f, f.nowhere] }\n"),
            "5:34 L0204 no actor or port named `x`\n");
}

TEST(Inputs, that_nobody_reads_are_a_warning_unless_discarded) {
  EXPECT_EQ(said_about("  n: { kind: numbers }\n"),
            "4:3 L0210 nobody reads `n.out` | connect it, or say `discard: [out]`\n");
  EXPECT_EQ(said_about("  n: { kind: numbers, discard: [out] }\n"), "");
  EXPECT_EQ(said_about("  n: { kind: numbers, discard: [uot] }\n"),
            "4:32 L0205 `n` has no port `uot` | did you mean `out`?\n");
}

}  // namespace
}  // namespace leat
