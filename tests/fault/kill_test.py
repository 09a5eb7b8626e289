#!/usr/bin/env python3
"""kill -9 at random moments, then a start by the user or by the supervisor: the files and the store end up as if nothing had happened."""
import os
import random
import signal
import subprocess

from launcher import LEAT, main
from reference import ReferenceTest, children

KILLS = int(os.environ.get("LEAT_KILLS", "100"))  # per test; scripts/soak asks for more


class KillTest(ReferenceTest):
    count = int(os.environ.get("LEAT_KILL_ROWS", "12000"))

    def crash(self, process, number):
        """The launcher's child, after it has made a checkpoint or two."""
        self.assertFalse(self.wait([process], 0.1))
        os.kill(self.child(process), number)

    def kill_and_start(self, topology, hosts, seed):
        """Kills one of the processes after another; returns how often, when the run has ended by itself."""
        chance = random.Random(seed)
        running = {host: self.run_host(topology, host) for host in hosts}
        kills = 0
        while kills < KILLS and not self.wait(list(running.values()), chance.uniform(0.02, 0.25)):
            host = chance.choice(hosts)
            self.kill(running[host])
            running[host] = self.run_host(topology, host)
            kills += 1
        self.succeed(*running.values(), timeout=600)
        return kills

    def test_one_process_killed_again_and_again_ends_with_the_same_files(self):
        expected = self.reference(2)
        topology = self.make("killed", "700/s", 2)
        kills = self.kill_and_start(topology, [None], 1)
        self.assertEqual(kills, KILLS, "the run was over before all kills were done")
        self.check(topology, expected)

    def test_either_of_two_hosts_killed_again_and_again_ends_with_the_same_files(self):
        expected = self.reference(1)
        topology = self.make("killed", "700/s", 1, self.local_hosts())
        kills = self.kill_and_start(topology, ["a", "b"], 2)
        self.assertEqual(kills, KILLS, "the run was over before all kills were done")
        self.check(topology, expected)

    def test_a_crashed_process_is_started_again_by_its_launcher(self):
        expected = self.reference(1)
        topology = self.make("killed", "4000/s")
        process = self.start("run", topology)
        for _ in range(5):
            self.crash(process, signal.SIGSEGV)
            self.await_line(process, "killed by signal 11 (Segmentation fault)")
        code, _, err = self.finish(process, 60)
        self.assertEqual(code, 0, err)
        self.check(topology, expected)

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
        self.until_checkpoint(topology, process)
        process.send_signal(signal.SIGTERM)
        code, _, err = self.finish(process)
        self.assertEqual(code, 0, err)
        process = self.start("run", topology)
        code, _, err = self.finish(process)
        self.assertEqual(code, 0, err)
        self.assertIn("going on from checkpoint", err)
        self.check(topology, expected)

    def test_a_finished_run_begins_anew(self):
        topology = self.make("twice", "max")
        results = []
        for _ in range(2):
            subprocess.run([LEAT, "run", str(topology), "--quiet"], check=True, timeout=60)
            results.append(self.results(topology))
        self.assertEqual(results[0]["totals"], results[1]["totals"])
        self.assertTrue(all('"updated"' in row for row in results[1]["changes"]))  # the store has the keys already

    def test_a_damaged_checkpoint_is_refused_by_name(self):
        topology = self.make("damaged", "8000/s")
        process = self.start("run", topology)
        self.until_checkpoint(topology, process)
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
    main(at_once=3)
