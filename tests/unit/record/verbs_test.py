#!/usr/bin/env python3
"""verbs_test.py LEAT: `leat run --record` and `leat replay` as a user calls them."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

LEAT = os.path.abspath(sys.argv[1])
TOPOLOGY = """topology: shop
delivery: best_effort
actors:
  payments: { kind: ingest.generate, count: 5000, seed: 7, fields: { id: seq, amount: double(k2 % 10000) / 100.0 } }
  large: { kind: transform, inputs: [payments], where: amount >= 20.0, extend: { gross: amount * 1.2 } }
  show: { kind: publish.file, inputs: [large], path: out.jsonl }
"""


class Verbs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leat-record-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "topology.yaml").write_text(TOPOLOGY)

    def leat(self, *arguments, code=0):
        done = subprocess.run([LEAT, *arguments], capture_output=True, text=True, check=False, cwd=self.folder, timeout=60)
        self.assertEqual(done.returncode, code, f"leat {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def test_a_run_can_be_recorded_and_replayed(self):
        _, err = self.leat("run", "--record", "a.rec")
        self.assertIn("leat replay a.rec topology.yaml", err)
        rows = (self.folder / "out.jsonl").read_text()
        (self.folder / "out.jsonl").unlink()
        self.leat("replay", "a.rec")
        self.assertEqual((self.folder / "out.jsonl").read_text(), rows)
        summary = json.loads(self.leat("replay", "a.rec", ".", "--compare", "a.rec", "--format", "json")[0])
        self.assertEqual(summary["rows"], 5000)
        self.assertEqual(summary["ports"][0]["same"], rows.count("\n"))
        self.assertFalse(summary["drift"])

    def test_drift_is_exit_1_with_a_report(self):
        self.leat("run", "--record", "a.rec", "--quiet")
        changed = "large={kind: transform, where: amount >= 20.5, extend: {gross: amount * 1.2}}"
        out, _ = self.leat("replay", "a.rec", "topology.yaml", "--compare", "a.rec", "--replace", changed,
                           "--differences", "2", code=1)
        self.assertTrue(out.endswith("drift\n"))
        self.assertEqual(sum(line.startswith("    - {") for line in out.splitlines()), 2)
        self.assertIn("--differences N shows more", out)
        summary = json.loads(self.leat("replay", "a.rec", ".", "--compare", "a.rec", "--replace", changed, "--format",
                                       "json", code=1)[0])
        self.assertTrue(summary["drift"])
        self.assertEqual(len(summary["ports"][0]["differences"]), 20)

    def test_chosen_links(self):
        self.leat("run", "--record", "a.rec", "--links", "large,large.errors", "--quiet")
        self.assertIn('"fed":["large.out","large.errors"]', self.leat("replay", "a.rec", "--format", "json")[0])
        self.assertIn("did you mean `large`?", self.leat("run", "--record", "a.rec", "--links", "larg", code=64)[1])
        self.leat("run", "--links", "large", code=64)
        self.leat("run", "--record", "a.rec", "--host", "edge", code=64)
        self.leat("run", "--record", "no/such/folder.rec", code=75)

    def test_a_killed_run_leaves_a_recording_that_is_good_up_to_there(self):
        endless = TOPOLOGY.replace("count: 5000", "rate: 5k/s")
        (self.folder / "endless.yaml").write_text(endless)
        process = subprocess.Popen([LEAT, "run", "endless.yaml", "--record", "a.rec", "--quiet"], cwd=self.folder)
        try:
            while not (self.folder / "a.rec").exists() or (self.folder / "a.rec").stat().st_size < 20000:
                try:
                    process.wait(timeout=0.01)
                    self.fail("it ended by itself")
                except subprocess.TimeoutExpired:
                    pass
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        with open(self.folder / "a.rec", "r+b") as file:
            file.truncate(file.seek(0, os.SEEK_END) - 3)
        summary = json.loads(self.leat("replay", "a.rec", "endless.yaml", "--format", "json")[0])
        self.assertGreater(summary["rows"], 0)
        self.assertIn("breaks off", summary["warnings"][0])

    def test_mistakes(self):
        self.leat("run", "--record", "a.rec", "--quiet")
        self.leat("replay", code=64)
        self.assertIn("no such recording", self.leat("replay", "none.rec", code=66)[1])
        self.assertIn("this is no recording", self.leat("replay", "topology.yaml", code=65)[1])
        self.assertIn("--speed", self.leat("replay", "a.rec", "--speed", "fast", code=64)[1])
        self.assertIn("--replace", self.leat("replay", "a.rec", "--replace", "large", code=64)[1])
        self.assertIn("did you mean `large`?", self.leat("replay", "a.rec", "--replace", "lareg=x", code=78)[1])
        self.assertIn("no kind named `x`", self.leat("replay", "a.rec", "--replace", "large=x", code=78)[1])
        (self.folder / "other.yaml").write_text(TOPOLOGY.replace("payments", "others"))
        self.assertIn("payments.out", self.leat("replay", "a.rec", "other.yaml", "--compare", "a.rec", code=78)[1])
        self.leat("replay", "a.rec", "missing.yaml", code=66)

    def test_speed(self):
        self.leat("run", "--record", "a.rec", "--quiet")
        for speed in ["1x", "10x", "max", "0.5"]:
            self.leat("replay", "a.rec", "--speed", speed)


unittest.main(argv=sys.argv[:1], verbosity=1)
