#!/usr/bin/env python3
"""verb_test.py LEAT SOURCE_DIR: `leat test` as a user calls it: exit codes, streams and forms of the report."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

LEAT, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
TOPOLOGY = """topology: small
delivery: best_effort
schemas: { payment: { id: int64, amount: float64 } }
actors:
  payments: { kind: ingest.file, path: absent.jsonl, schema: payment }
  large: { kind: transform, inputs: [payments], where: amount >= 20.0 }
  store: { kind: persist.kv, inputs: [large], path: var/store, key: string(id) }
  feed: { kind: publish.feed, inputs: [store.changes], bind: "tcp://127.0.0.1:1", topic: '"x"' }
tests:
  - name: only large ones <pass> & go on
    steps:
      - emit: payments
        rows: [{ id: 1, amount: 19.5 }, { id: 2, amount: 20 }]
      - expect: large
        rows: [{ id: 2, amount: LARGE }]
  - name: the store really runs
    steps:
      - emit: large
        rows: [{ id: 2, amount: 20 }]
      - expect: store.changes
        partial: [{ change: inserted }]
  - name: and starts empty for every test
    steps:
      - emit: large
        rows: [{ id: 2, amount: 20 }]
      - expect: store.changes
        partial: [{ change: inserted }]
"""


class Verb(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leat-verb-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "tmp").mkdir()

    def write(self, text, name="topology.yaml"):
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def leat(self, *arguments, code=0):
        done = subprocess.run([LEAT, *arguments], capture_output=True, text=True, check=False, cwd=self.folder,
                              env=dict(os.environ, TMPDIR=str(self.folder / "tmp")), timeout=60)
        self.assertEqual(done.returncode, code, f"leat {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def test_passes_and_leaves_nothing_behind(self):
        self.write(TOPOLOGY.replace("LARGE", "20"))
        out, err = self.leat("test")
        self.assertEqual(err, "")
        self.assertIn("ok    the store really runs", out)
        self.assertIn("3 tests, 0 failed", out)
        self.assertNotIn("\x1b", out)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["tmp", "topology.yaml"])
        self.assertEqual(list((self.folder / "tmp").iterdir()), [])

    def test_fails_with_a_diff_the_line_and_the_next_thing_to_type(self):
        self.write(TOPOLOGY.replace("LARGE", "21"))
        out, err = self.leat("test", ".", code=1)
        self.assertEqual(err, "")
        self.assertIn("./topology.yaml:14:17  `large.out`: 1 row expected, 1 came\n", out)
        self.assertIn('- {"id":2,"amount":21.0}\n', out)
        self.assertIn('+ {"id":2,"amount":20.0}\n', out)
        self.assertIn("3 tests, 1 failed", out)
        again = next(line.split("next: leat ")[1] for line in out.splitlines() if "next: leat " in line)
        out, _ = self.leat(*subprocess.run(["bash", "-c", f"printf '%s\\n' {again}"], capture_output=True, text=True,
                                           check=True).stdout.splitlines(), code=1)
        self.assertIn("1 test, 1 failed", out)

    def test_junit_is_xml_that_any_parser_reads(self):
        self.write(TOPOLOGY.replace("LARGE", "21"))
        out, _ = self.leat("test", "--format", "junit", code=1)
        root = xml.etree.ElementTree.fromstring(out)
        self.assertEqual((root.tag, root.get("tests"), root.get("failures")), ("testsuites", "3", "1"))
        cases = root.findall("./testsuite/testcase")
        self.assertEqual([case.get("name") for case in cases],
                         ["only large ones <pass> & go on", "the store really runs", "and starts empty for every test"])
        self.assertEqual(cases[0].get("line"), "10")
        failure = cases[0].find("failure")
        self.assertEqual(failure.get("message"), "`large.out`: 1 row expected, 1 came")
        self.assertIn('+ {"id":2,"amount":20.0}', failure.text)
        self.assertIsNone(cases[1].find("failure"))
        self.assertGreaterEqual(float(cases[1].get("time")), 0)

    def test_json_has_one_object_per_test(self):
        self.write(TOPOLOGY.replace("LARGE", "21"))
        out, _ = self.leat("test", "--format", "json", code=1)
        tests = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([test["passed"] for test in tests], [False, True, True])
        self.assertEqual(tests[0]["failures"][0]["line"], 14)
        self.assertEqual(tests[0]["failures"][0]["diff"], ['- {"id":2,"amount":21.0}', '+ {"id":2,"amount":20.0}'])

    def test_bad_tests_and_bad_topologies_start_nothing(self):
        self.write(TOPOLOGY.replace("expect: large", "expect: lareg"))
        out, err = self.leat("test", code=78)
        self.assertEqual(out, "")
        self.assertIn("topology.yaml:14:17  error L0204  no actor named `lareg`", err)
        self.assertIn("did you mean `large`?", err)
        self.write("", "absent.jsonl")
        self.assertIn("lareg", self.leat("validate", code=78)[1])
        self.write(TOPOLOGY.replace("kind: transform", "kind: trasnform"))
        self.assertIn("did you mean `transform`?", self.leat("test", code=78)[1])
        self.assertEqual(json.loads(self.leat("test", "--format", "json", code=78)[0])["code"], "L0201")

    def test_a_tree_of_topologies(self):
        self.write(TOPOLOGY.replace("LARGE", "20"), "a/topology.yaml")
        self.write(TOPOLOGY.replace("LARGE", "20").replace("small", "other"), "b/c/topology.yaml")
        self.write(TOPOLOGY.split("tests:")[0], "b/none/topology.yaml")
        self.write("topology: broken", "b/.hidden/topology.yaml")
        out, _ = self.leat("test", ".")
        self.assertIn("6 tests, 0 failed", out)
        self.assertIn("no tests", out)
        out, _ = self.leat("test", "a", "b", "--filter", "really")
        self.assertIn("2 tests, 0 failed", out)
        self.assertNotIn("no tests", out)

    def test_nothing_to_test_is_no_success(self):
        self.write(TOPOLOGY.split("tests:")[0])
        self.assertIn("no tests", self.leat("test", code=1)[1])
        self.write(TOPOLOGY.replace("LARGE", "20"))
        self.assertIn("no test has `nothing`", self.leat("test", "--filter", "nothing", code=1)[1])
        self.leat("test", "missing.yaml", code=66)
        self.assertIn("no topology.yaml in or below tmp", self.leat("test", "tmp", code=66)[1])

    def test_a_day_of_a_real_source_runs_on_the_virtual_clock(self):
        self.write("""topology: day
delivery: best_effort
actors:
  ticks: { kind: ingest.generate, rate: 1/m, fields: { id: seq, time: time } }
  show: { kind: publish.file, inputs: [ticks], path: "-" }
tests:
  - name: a row per minute
    start: 2026-03-01T00:00:00Z
    run: [show]
    steps:
      - expect: ticks
        rows: [{ id: 0, time: 2026-03-01T00:00:00Z }]
      - advance: 1m
      - expect: ticks
        rows: [{ id: 1, time: 2026-03-01T00:01:00Z }]
      - advance: 24h
      - expect: ticks
        count: 1440
""")
        out, _ = self.leat("test")
        self.assertNotIn('"id"', out)  # what would go to standard output goes to the test's folder

    def test_tests_do_not_touch_a_run(self):
        self.write(TOPOLOGY.replace("absent.jsonl", "in.jsonl").replace("tcp://127.0.0.1:1", "ipc:///tmp/leat-none").
                   replace("expect: large", "expect: lareg").split("  feed:")[0])
        self.write('{"id":1,"amount":30}\n', "in.jsonl")
        self.leat("run", "--quiet")


unittest.main(argv=sys.argv[:1], verbosity=1)
