#!/usr/bin/env python3
"""kill -9 at random moments, then a start by the user or by the supervisor: the files and the store end up as if nothing had happened."""
import json
import os
import pathlib
import random
import select
import signal
import subprocess
import unittest

from launcher import LEAT, LauncherTest

KILLS = int(os.environ.get("LEAT_KILLS", "100"))  # per test; scripts/soak asks for more

TOPOLOGY = """
topology: kill
checkpoint: {{ every: 40ms, path: checkpoints }}
actors:
  made:
    kind: ingest.generate
    count: {count}
    rate: {rate}
    seed: 11
    time: {{ start: 2026-01-01T00:00:00Z, step: 10ms }}
    fields: {{ id: seq, key: k1 % 50, amount: k2 % 100, time: time }}
    event_time: {{ field: time }}
  kept: {{ kind: transform, inputs: [made], where: amount > 4 }}
  store: {{ kind: persist.kv, inputs: [kept], path: store, key: id % 997 }}
  changes: {{ kind: publish.file, inputs: [store.changes], path: changes.jsonl }}
  sums:
    kind: aggregate
    inputs: [{{ from: kept, queue: {{ max: 500 rows }} }}]
    key: key
    window: {{ tumbling: 1s }}
    compute: {{ rows: count, total: {{ sum: amount }} }}
    discard: [late]
    instances: {instances}
  totals: {{ kind: publish.file, inputs: [sums], path: totals.jsonl }}
{deploy}
"""
HOSTS = 'deploy: { hosts: { a: local, b: local }, place: { made: a, kept: a, "*": b } }'


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class KillTest(LauncherTest):
    count = int(os.environ.get("LEAT_KILL_ROWS", "12000"))

    def make(self, name, rate, instances=1, deploy=""):
        (self.folder / name).mkdir()
        return self.write(TOPOLOGY.format(count=self.count, rate=rate, instances=instances, deploy=deploy), f"{name}/topology.yaml")

    def results(self, topology):
        read = lambda name: [json.loads(line) for line in (topology.parent / name).read_text().splitlines()]
        return sorted(map(str, read("totals.jsonl"))), sorted(map(str, read("changes.jsonl")))

    def reference(self, instances):
        topology = self.make("reference", "max", instances)
        subprocess.run([LEAT, "run", str(topology), "--quiet"], check=True, timeout=60)
        return self.results(topology)

    def run_host(self, topology, host=None):
        arguments = ["run", topology, "--quiet"] + (["--host", host] if host else [])
        return self.start(*arguments)

    def kill(self, process):
        """The launcher and, with it, its child; returns when both are gone."""
        watched = [os.pidfd_open(child) for child in children(process.pid)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        for fd in watched:
            select.select([fd], [], [], 10)
            os.close(fd)

    def crash(self, process, number):
        """The launcher's child, after it has made a checkpoint or two."""
        self.assertFalse(self.wait([process], 0.1))
        while not children(process.pid):
            self.assertFalse(self.wait([process], 0.01))
        for child in children(process.pid):
            os.kill(child, number)

    def await_line(self, process, text):
        lines = []
        for line in process.stderr:
            lines.append(line)
            if text in line:
                return
        self.fail(f"no line says {text!r}: {lines}")

    def wait(self, processes, seconds):
        """True when one has ended before the time is over."""
        fds = {os.pidfd_open(process.pid): process for process in processes}
        ready = select.select(list(fds), [], [], seconds)[0]
        for fd in fds:
            os.close(fd)
        return bool(ready)

    def kill_and_start(self, topology, hosts, seed):
        """Kills one of the processes after another; returns how often, when the run has ended by itself."""
        chance = random.Random(seed)
        running = {host: self.run_host(topology, host) for host in hosts}
        kills = 0
        while kills < KILLS and not self.wait(running.values(), chance.uniform(0.02, 0.25)):
            host = chance.choice(hosts)
            self.kill(running[host])
            running[host] = self.run_host(topology, host)
            kills += 1
        for process in running.values():
            code, _, err = self.finish(process, 600)
            self.assertEqual(code, 0, err)
        return kills

    def test_one_process_killed_again_and_again_ends_with_the_same_files(self):
        expected = self.reference(2)
        topology = self.make("killed", "700/s", 2)
        kills = self.kill_and_start(topology, [None], 1)
        self.assertGreater(kills, KILLS / 2)
        self.assertEqual(self.results(topology), expected)

    def test_either_of_two_hosts_killed_again_and_again_ends_with_the_same_files(self):
        expected = self.reference(1)
        topology = self.make("killed", "700/s", 1, HOSTS)
        kills = self.kill_and_start(topology, ["a", "b"], 2)
        self.assertGreater(kills, KILLS / 2)
        self.assertEqual(self.results(topology), expected)

    def test_a_crashed_process_is_started_again_by_its_launcher(self):
        expected = self.reference(1)
        topology = self.make("killed", "4000/s")
        process = self.start("run", topology)
        for _ in range(5):
            self.crash(process, signal.SIGSEGV)
            self.await_line(process, "killed by signal 11 (Segmentation fault): starting again")
        code, _, err = self.finish(process, 60)
        self.assertEqual(code, 0, err)
        self.assertEqual(self.results(topology), expected)

    def test_a_process_that_always_crashes_is_given_up(self):
        process = self.start("run", self.make("killed", "100/s"))
        for _ in range(9):
            self.crash(process, signal.SIGKILL)
            self.await_line(process, "starting again")
        self.crash(process, signal.SIGKILL)
        code, _, err = self.finish(process, 60)
        self.assertEqual(code, 70, err)
        self.assertIn("for the 10th time in a minute: given up", err)

    def test_a_stopped_run_goes_on_where_it_was(self):
        expected = self.reference(1)
        topology = self.make("killed", "8000/s")
        process = self.start("run", topology)
        self.assertFalse(self.wait([process], 0.4))
        process.send_signal(signal.SIGTERM)
        code, _, err = self.finish(process)
        self.assertEqual(code, 0, err)
        process = self.start("run", topology)
        code, _, err = self.finish(process)
        self.assertEqual(code, 0, err)
        self.assertIn("going on from checkpoint", err)
        self.assertEqual(self.results(topology), expected)

    def test_a_finished_run_begins_anew(self):
        topology = self.make("twice", "max")
        results = []
        for _ in range(2):
            subprocess.run([LEAT, "run", str(topology), "--quiet"], check=True, timeout=60)
            results.append(self.results(topology))
        self.assertEqual(results[0][0], results[1][0])
        self.assertTrue(all("'updated'" in row for row in results[1][1]))  # the store has the keys already

    def test_a_damaged_checkpoint_is_refused_by_name(self):
        topology = self.make("damaged", "8000/s")
        process = self.start("run", topology)
        self.assertFalse(self.wait([process], 0.4))
        self.kill(process)
        newest = max((self.folder / "damaged/checkpoints").glob("snapshot-*"), key=lambda path: path.stat().st_mtime_ns)
        damaged = bytearray(newest.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        for path in (self.folder / "damaged/checkpoints").glob("snapshot-*"):
            path.write_bytes(damaged)
        code, _, err = self.finish(self.start("run", topology))
        self.assertNotEqual(code, 0)
        self.assertIn("the file is damaged", err)
        self.assertIn("leat run --from none", err)
        code, _, err = self.finish(self.start("run", topology, "--from", "none"))
        self.assertEqual(code, 0, err)

    def test_a_second_run_of_the_same_topology_is_refused(self):
        topology = self.make("first", "100/s")
        first = self.start("run", topology)
        lock = self.folder / "first/checkpoints/manifest"
        while not lock.exists():
            self.assertFalse(self.wait([first], 0.02))
        code, _, err = self.finish(self.start("run", topology))
        self.assertEqual(code, 69, err)
        self.assertIn("another run of this topology works here", err)


if __name__ == "__main__":
    unittest.main()
