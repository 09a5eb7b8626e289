"""A process that stands still for longer than the others wait, then goes on: its attempt is over, and what it still says does no harm."""
import os
import signal
import time

from launcher import main
from reference import ReferenceTest

SILENCE = 3.0  # seconds, until a host is given up


class PauseTest(ReferenceTest):
    def setUp(self):
        super().setUp()
        self.topology = None

    def begin(self, *hosts):
        """The processes, after a checkpoint or two."""
        self.expected = self.reference()
        self.topology = self.make("paused", "2000/s", 1, self.local_hosts() if len(hosts) > 1 else "")
        processes = [self.start("run", self.topology, *(["--host", host] if host else [])) for host in hosts]
        for _ in range(2):
            self.until_checkpoint(self.topology, *processes)
        return processes

    def stop(self, *pids):
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
            self.addCleanup(self.go_on, pid)

    @staticmethod
    def go_on(*pids):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass

    def pause(self, *pids, seconds=SILENCE + 0.7):
        self.stop(*pids)
        time.sleep(seconds)
        self.go_on(*pids)

    def ends_exactly(self, *processes, begun):
        said = self.succeed(*processes)
        self.assertGreater(self.epoch(self.topology), begun, "no new attempt was made")
        self.check(self.topology, self.expected)
        return said

    def test_the_only_process_stands_still(self):
        [process] = self.begin(None)
        for _ in range(2):
            begun = self.epoch(self.topology)
            self.pause(self.child(process))
            self.until_checkpoint(self.topology, process)
        self.assertIn("was silent for 3000 ms", self.ends_exactly(process, begun=begun))

    def test_launcher_and_child_stand_still(self):
        [process] = self.begin(None)
        begun = self.epoch(self.topology)
        self.pause(process.pid, self.child(process))
        self.assertIn("was silent for 3000 ms", self.ends_exactly(process, begun=begun))

    def test_the_host_that_keeps_the_rows_stands_still(self):
        a, b = self.begin("a", "b")
        begun = self.epoch(self.topology)
        self.pause(self.child(b))
        self.assertIn("b was silent for 3000 ms", self.ends_exactly(a, b, begun=begun))

    def test_the_host_with_the_coordinator_stands_still(self):
        a, b = self.begin("a", "b")
        begun = self.epoch(self.topology)
        self.pause(self.child(a))
        self.assertIn("was silent for 3000 ms", self.ends_exactly(a, b, begun=begun))

    def test_a_pause_that_nobody_notices(self):
        a, b = self.begin("a", "b")
        self.pause(self.child(b), seconds=1)
        self.succeed(a, b)
        self.check(self.topology, self.expected)

    def test_while_one_stands_still_the_other_is_killed_and_started_again(self):
        a, b = self.begin("a", "b")
        begun = self.epoch(self.topology)
        stopped = self.child(b)
        self.stop(stopped)
        self.kill(a)
        a = self.run_host(self.topology, "a")
        time.sleep(SILENCE + 0.7)
        self.go_on(stopped)
        self.ends_exactly(a, b, begun=begun)

    def test_nobody_takes_the_place_of_one_that_stands_still(self):
        a, b = self.begin("a", "b")
        stopped = self.child(b)
        self.stop(stopped)
        code, _, err = self.finish(self.run_host(self.topology, "b"))
        self.assertEqual(code, 69, err)
        self.assertIn("another run of this topology works here", err)
        begun = self.epoch(self.topology)
        time.sleep(SILENCE + 0.7)
        self.go_on(stopped)
        self.ends_exactly(a, b, begun=begun)

    def test_one_that_stood_still_too_long_is_killed_and_replaced(self):
        a, b = self.begin("a", "b")
        begun = self.epoch(self.topology)
        self.stop(self.child(b))
        time.sleep(SILENCE + 0.7)
        self.kill(b)
        b = self.run_host(self.topology, "b")
        self.ends_exactly(a, b, begun=begun)


if __name__ == "__main__":
    main(at_once=4)
