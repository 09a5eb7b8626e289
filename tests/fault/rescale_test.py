#!/usr/bin/env python3
"""Another number of instances, another name, another place: a run goes on from the checkpoint with nothing lost and nothing twice."""
import json
import re
import signal
import subprocess
import unittest

from launcher import LEAT, LauncherTest

COUNT = 12000
TOPOLOGY = """
topology: rescale
checkpoint: { every: 40ms, path: checkpoints }
actors:
  made:
    kind: ingest.generate
    count: 12000
    rate: max
    seed: 11
    time: { start: 2026-01-01T00:00:00Z, step: 10ms }
    fields: { id: seq, key: k1 % 50, name: '"n" + string(k2 % 40)', amount: k3 % 100, time: time }
    event_time: { field: time }
  other:
    kind: ingest.generate
    count: 12000
    rate: max
    seed: 12
    time: { start: 2026-01-01T00:00:00Z, step: 10ms }
    fields: { id: seq, key: k1 % 50, time: time }
    event_time: { field: time }
  once: { kind: dedupe, inputs: [made], key: name, within: 300ms, instances: 2, discard: [late] }
  sums:
    kind: aggregate
    inputs: [made]
    key: { key: key, name: name }
    window: { hopping: { size: 20s, every: 10s } }
    compute: { rows: count, total: { sum: amount }, first: { first: id } }
    discard: [late]
    instances: 2
  visits:
    kind: aggregate
    inputs: [made]
    key: key
    window: { session: { gap: 700ms } }
    compute: { rows: count }
    discard: [late]
    instances: 2
  pairs: { kind: join, inputs: { left: [made], right: [other] }, left_key: key, right_key: key, within: { before: 100ms, after: 100ms },
           right_prefix: r_, discard: [late, late_right], instances: 2 }
  odd: { kind: anomaly, inputs: [made], key: [name, key % 2], features: { amount: amount }, trees: 5, sample: 16, instances: 2 }
  far: { kind: anomaly, inputs: [made], key: key, features: { amount: amount, id: id }, method: ewma, half_life: 20s, time: time, instances: 2 }
  once_out: { kind: publish.file, inputs: [once], path: once.jsonl }
  sums_out: { kind: publish.file, inputs: [sums], path: sums.jsonl }
  visits_out: { kind: publish.file, inputs: [visits], path: visits.jsonl }
  pairs_out: { kind: publish.file, inputs: [pairs], path: pairs.jsonl }
  odd_out: { kind: publish.file, inputs: [odd], path: odd.jsonl }
  far_out: { kind: publish.file, inputs: [far], path: far.jsonl }
"""
OUTPUTS = ["once", "sums", "visits", "pairs", "odd", "far"]
HOSTS = 'deploy: { hosts: { a: local, b: local }, place: { sums: b, pairs: b, "*": a } }'


def paced(text, instances, rate="9000/s"):
    return text.replace("rate: max", f"rate: {rate}").replace("instances: 2", f"instances: {instances}")


class RescaleTest(LauncherTest):
    def make(self, name, text):
        (self.folder / name).mkdir(exist_ok=True)
        return self.write(text, f"{name}/topology.yaml")

    def results(self, topology):
        read = lambda name: sorted((topology.parent / f"{name}.jsonl").read_text().splitlines())
        return {name: read(name) for name in OUTPUTS}

    def reference(self):
        topology = self.make("reference", TOPOLOGY)
        subprocess.run([LEAT, "run", str(topology), "--quiet"], check=True, timeout=60)
        return self.results(topology)

    def run_for(self, topology, seconds, *arguments):
        process = self.start("run", topology, "--for", f"{seconds}s", *arguments)
        code, _, err = self.finish(process, 60)
        self.assertEqual(code, 0, err)
        return err

    def test_state_moves_with_the_number_of_instances(self):
        expected = self.reference()
        topology = self.make("moved", paced(TOPOLOGY, 2))
        self.run_for(topology, 0.3)
        for instances in (3, 1, 4):
            self.make("moved", paced(TOPOLOGY, instances))
            self.assertIn("going on from checkpoint", self.run_for(topology, 0.2))
        self.make("moved", TOPOLOGY)
        code, _, err = self.finish(self.start("run", topology), 60)
        self.assertEqual(code, 0, err)
        got = self.results(topology)
        for name in OUTPUTS:
            self.assertEqual(got[name], expected[name], name)

    def test_a_renamed_actor_goes_on_with_was_and_is_refused_without(self):
        expected = self.reference()
        topology = self.make("named", paced(TOPOLOGY, 2))
        self.run_for(topology, 0.3)
        renamed = re.sub(r"\bsums\b(?!_out|\.jsonl)", "totals", TOPOLOGY)
        self.make("named", renamed)
        code, _, err = self.finish(self.start("run", topology), 60)
        self.assertNotEqual(code, 0)
        self.assertIn("the checkpoint has state of `sums`", err)
        self.assertIn("was: sums", err)
        self.make("named", renamed.replace("  totals:\n    kind: aggregate\n", "  totals:\n    kind: aggregate\n    was: sums\n"))
        code, _, err = self.finish(self.start("run", topology), 60)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.results(topology), expected)

    def test_actors_move_between_hosts_that_share_the_folder(self):
        expected = self.reference()
        topology = self.make("spread", paced(TOPOLOGY, 2))
        self.run_for(topology, 0.3)
        self.make("spread", TOPOLOGY + HOSTS)
        running = [self.start("run", topology, "--host", host) for host in "ab"]
        for process in running:
            code, _, err = self.finish(process, 60)
            self.assertEqual(code, 0, err)
        self.assertEqual(self.results(topology), expected)

    def test_another_window_is_refused_with_both(self):
        topology = self.make("window", paced(TOPOLOGY, 2))
        self.run_for(topology, 0.3)
        self.make("window", TOPOLOGY.replace("size: 20s", "size: 40s"))
        code, _, err = self.finish(self.start("run", topology), 60)
        self.assertNotEqual(code, 0)
        self.assertIn("sums", err)
        self.assertIn("windows 20000000/10000000", err)
        self.assertIn("windows 40000000/10000000", err)


if __name__ == "__main__":
    unittest.main()
