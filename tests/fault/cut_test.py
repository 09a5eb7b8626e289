"""Two hosts over tcp, each in a network namespace, and the network between them fails: for longer than the heartbeat, and not only once."""
import time

from launcher import main
from namespaces import TwoHosts
from reference import ReferenceTest, two_hosts

LONG = 4.5  # seconds; hosts wait for each other for 3


class CutTest(ReferenceTest):
    def begin(self, rate="2000/s"):
        self.network = TwoHosts(self)
        self.expected = self.reference()
        self.topology = self.make("cut", rate, 1, two_hosts(["10.99.0.1", "10.99.0.2"], security={"curve": "off"}))
        processes = [self.start("run", self.topology, "--host", host, prefix=self.network.prefix(where)) for host, where in (("a", "edge"), ("b", "core"))]
        self.until_checkpoint(self.topology, *processes)
        return processes

    def cut_twice(self, processes, cut, heal, seconds=LONG):
        begun = self.epoch(self.topology)
        for _ in range(2):
            cut()
            time.sleep(seconds)
            heal()
            healed = time.monotonic()
            self.until_checkpoint(self.topology, *processes)
            self.assertLess(time.monotonic() - healed, 20, "it took too long to go on")
        said = self.succeed(*processes)
        self.check(self.topology, self.expected)
        return self.epoch(self.topology) - begun, said

    def test_nothing_passes_for_some_seconds(self):
        processes = self.begin()
        attempts, said = self.cut_twice(processes, lambda: self.network.deafen(self, "edge", "core"), self.network.heal)
        self.assertGreaterEqual(attempts, 2)
        self.assertIn("b was silent for 3000 ms", said)

    def test_nothing_passes_from_the_coordinator(self):
        processes = self.begin()
        attempts, _ = self.cut_twice(processes, lambda: self.network.deafen(self, "edge"), self.network.heal)
        self.assertGreaterEqual(attempts, 2)

    def test_nothing_passes_to_the_coordinator(self):
        processes = self.begin()
        attempts, said = self.cut_twice(processes, lambda: self.network.deafen(self, "core"), self.network.heal)
        self.assertGreaterEqual(attempts, 2)
        self.assertIn("b was silent for 3000 ms", said)

    def test_the_cable_is_pulled_out(self):
        processes = self.begin()
        attempts, said = self.cut_twice(processes, lambda: self.network.unplug("core"), lambda: self.network.plug("core"))
        self.assertGreaterEqual(attempts, 2)
        self.assertIn("b was silent for 3000 ms", said)

    def test_a_cut_that_is_over_soon(self):
        processes = self.begin()
        self.cut_twice(processes, lambda: self.network.deafen(self, "edge", "core"), self.network.heal, seconds=0.7)

    def test_a_host_is_killed_while_it_is_cut_off(self):
        processes = self.begin()
        self.network.deafen(self, "edge", "core")
        self.kill(processes[1])
        processes[1] = self.run_host(self.topology, "b", prefix=self.network.prefix("core"))
        time.sleep(LONG)
        self.network.heal()
        self.succeed(*processes)
        self.check(self.topology, self.expected)


if __name__ == "__main__":
    main(at_once=3)
