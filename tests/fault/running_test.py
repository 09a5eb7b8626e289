#!/usr/bin/env python3
"""leat stop, audit and snapshot: what can be asked of a topology that runs."""
import json
import os
import signal
import subprocess
import unittest

from launcher import LEAT, LauncherTest

TOPOLOGY = """
topology: running
delivery: {delivery}
{checkpoint}
actors:
  made:
    kind: ingest.generate
    count: {count}
    rate: {rate}
    seed: 11
    time: {{ start: 2026-01-01T00:00:00Z, step: 10ms }}
    fields: {{ id: seq, key: k1 % 50, amount: k2 % 100, time: time }}
    event_time: {{ field: time }}
  kept: {{ kind: transform, inputs: [made], where: amount > 4, routes: {{ large: amount > 90 }} }}
  sums:
    kind: aggregate
    inputs: [kept, kept.large]
    key: key
    window: {{ tumbling: 1s }}
    compute: {{ rows: count }}
    discard: [late]
    instances: 2
  large: {{ kind: publish.file, inputs: [kept.large], path: large.jsonl, fuse: false }}
  totals: {{ kind: publish.file, inputs: [sums], path: totals.jsonl }}
"""
CHECKPOINT = "checkpoint: { every: 50ms, path: checkpoints }"


class RunningTest(LauncherTest):
    def topology(self, delivery="exactly_once", count=1_000_000, rate="5000/s"):
        checkpoint = CHECKPOINT if delivery != "best_effort" else ""
        return self.write(TOPOLOGY.format(delivery=delivery, checkpoint=checkpoint, count=count, rate=rate))

    def leat(self, *arguments):
        return subprocess.run([LEAT, *map(str, arguments)], capture_output=True, text=True, timeout=90)

    def await_running(self, topology):
        """The first audit that shows rows."""
        process = self.start("run", topology, "--quiet")
        while True:
            self.assertIsNone(process.poll())
            audit = self.leat("audit", topology, "--format", "json")
            if audit.returncode == 69:
                continue
            self.assertEqual(audit.returncode, 0, audit.stdout + audit.stderr)
            report = json.loads(audit.stdout)
            if report["actors"]["totals"]["in"] > 0:
                return process, report

    def check(self, report):
        actors, links = report["actors"], report["links"]
        kept = actors["kept"]
        self.assertEqual(report["differences"], [])
        self.assertGreater(kept["dropped"], 0)
        self.assertGreater(links["kept.large -> large"]["sent"] + links["kept.large -> large"]["waiting"], 0)
        self.assertGreater(links["made.out -> kept"]["called"], 0)

    def test_every_row_of_a_running_topology_is_accounted_for(self):
        for delivery in ("best_effort", "exactly_once"):
            with self.subTest(delivery):
                topology = self.topology(delivery, rate="max")
                process, report = self.await_running(topology)
                self.check(report)
                stopped = self.leat("stop", topology)
                self.assertEqual(stopped.returncode, 0, stopped.stderr)
                self.finish(process)

    def test_the_account_begins_anew_with_an_attempt(self):
        topology = self.topology(rate="20000/s")
        process, _ = self.await_running(topology)
        launcher = process.pid
        child = int(open(f"/proc/{launcher}/task/{launcher}/children").read().split()[0])
        os.kill(child, signal.SIGKILL)
        while True:
            audit = self.leat("audit", topology, "--format", "json")
            self.assertIn(audit.returncode, (0, 69), audit.stdout)
            if audit.returncode == 0:
                break
        self.assertEqual(json.loads(audit.stdout)["differences"], [])

    def test_stop_drains_and_says_that_nothing_is_left(self):
        topology = self.topology("best_effort")
        process, _ = self.await_running(topology)
        stopped = self.leat("stop", topology)
        self.assertEqual((stopped.returncode, stopped.stderr), (0, "stopped: nothing is left\n"))
        code, _, err = self.finish(process)
        self.assertEqual(code, 0, err)
        again = self.leat("stop", topology)
        self.assertEqual(again.returncode, 69)
        self.assertIn("does not run here", again.stderr)

    def test_stop_gives_up_after_its_time_and_names_what_is_left(self):
        os.mkfifo(self.folder / "large.jsonl")  # nobody reads it: whoever opens it waits
        reader = os.open(self.folder / "large.jsonl", os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        topology = self.topology("best_effort", rate="max")
        process = self.start("run", topology, "--quiet")
        while True:
            audit = self.leat("audit", topology, "--format", "json")
            if audit.returncode == 0 and json.loads(audit.stdout)["under_way"] > 0:
                break
            self.assertIsNone(process.poll())
        stopped = self.leat("stop", topology, "--within", "500ms")
        self.assertEqual(stopped.returncode, 75, stopped.stderr)
        self.assertRegex(stopped.stdout, r"kept\.large -> large +\d+ rows")
        self.assertIn("not drained within 500ms", stopped.stderr)

    def test_a_run_goes_on_from_a_snapshot_and_again_from_it(self):
        topology = self.topology(count=24_000, rate="4000/s")  # goes on until it is asked, in a slow build too
        process, _ = self.await_running(topology)
        kept = self.leat("snapshot", topology, "before")
        self.assertEqual(kept.returncode, 0, kept.stderr)
        self.assertIn("--from before", kept.stderr)
        code, _, err = self.finish(process)
        self.assertEqual(code, 0, err)
        expected = sorted((self.folder / "totals.jsonl").read_text().splitlines())
        for _ in range(2):
            code, _, err = self.finish(self.start("run", topology, "--from", "before"))
            self.assertEqual(code, 0, err)
            self.assertIn("going on from checkpoint", err)
            self.assertEqual(sorted((self.folder / "totals.jsonl").read_text().splitlines()), expected)
        listed = self.leat("snapshot", topology, "--list", "--format", "json")
        self.assertEqual(json.loads(listed.stdout)["name"], "before")
        self.assertEqual(self.leat("snapshot", topology, "before", "--delete").returncode, 0)
        code, _, err = self.finish(self.start("run", topology, "--from", "before"))
        self.assertEqual(code, 66, err)
        self.assertIn("there is no snapshot `before`", err)

    def test_snapshots_need_a_promise_and_a_name(self):
        topology = self.topology("best_effort")
        refused = self.leat("snapshot", topology, "x")
        self.assertEqual(refused.returncode, 64)
        self.assertIn("it makes no checkpoints", refused.stderr)
        refused = self.leat("snapshot", self.topology(), "../x")
        self.assertEqual(refused.returncode, 64)
        self.assertIn("is no name for a snapshot", refused.stderr)


if __name__ == "__main__":
    unittest.main()
