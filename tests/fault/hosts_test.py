"""One topology in one process, in several over ipc, and on two hosts over tcp: only `deploy:` changes."""
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

from launcher import LauncherTest
from namespaces import TwoHosts

LOGIC = """
topology: spread
delivery: best_effort
actors:
  numbers: {{ kind: ingest.generate, count: 20000, seed: 7, fields: {{ n: seq, word: '"w" + string(k1 % 100)' }} }}
  even: {{ kind: transform, inputs: [numbers], where: n % 2 == 0 }}
  out: {{ kind: publish.file, inputs: [even], path: {out} }}
"""
HOSTS = ("a", "b", "c")


def free_port():
    """Of two in a row: one for the host's worker, one for its checkpoints."""
    while True:
        with socket.socket() as probe, socket.socket() as next_one:
            probe.bind(("127.0.0.1", 0))
            try:
                next_one.bind(("127.0.0.1", probe.getsockname()[1] + 1))
            except (OSError, OverflowError):
                continue
            return probe.getsockname()[1]


class Hosts(LauncherTest):
    def expected(self):
        path = self.write(LOGIC.format(out="one.jsonl"), "one.yaml")
        code, summary, err = self.finish(self.start("run", path, "--format", "json"))
        self.assertEqual(code, 0, err)
        self.assertEqual(summary["actors"]["even"], {**summary["actors"]["even"], "in": 20000, "out": 10000, "dropped": 10000})
        return self.rows("one.jsonl")

    def run_hosts(self, deploy, prefixes=None, order=HOSTS):
        """The rows, which are the same under either promise."""
        lossy = self.run_hosts_once(LOGIC, deploy, prefixes, order)
        safe = self.run_hosts_once(LOGIC.replace("best_effort", "exactly_once"), deploy, prefixes, order)
        self.assertEqual(lossy, safe)
        return safe

    def run_hosts_once(self, logic, deploy, prefixes, order):
        path = self.write(logic.format(out="many.jsonl") + deploy)
        processes = [self.start("run", path, "--host", host, "--format", "json", prefix=(prefixes or {}).get(host, ())) for host in order]
        for host, process in zip(order, processes):
            code, summary, err = self.finish(process)
            self.assertEqual(code, 0, f"host {host}: {err}")
            self.assertEqual(summary["outcome"], "finished")
            self.assertEqual(summary["undelivered"], 0)
        return self.rows("many.jsonl")

    def wait_for_rows(self):
        deadline = time.monotonic() + 90
        while not (self.folder / "x.jsonl").exists() or (self.folder / "x.jsonl").stat().st_size == 0:
            self.assertLess(time.monotonic(), deadline, "no rows came through")
            time.sleep(0.05)

    def test_several_processes_over_ipc_give_what_one_process_gives(self):
        deploy = f"""
deploy:
  hosts: {{ a: local, b: local, c: local }}
  place: {{ numbers: a, even: b, out: c }}
  run_dir: {self.folder}/sockets
"""
        expected = self.expected()
        self.assertEqual(self.run_hosts(deploy), expected)
        self.assertEqual(self.run_hosts(deploy, order=HOSTS[::-1]), expected)
        self.assertEqual(os.stat(self.folder / "sockets").st_mode & 0o777, 0o700)

    def test_tcp_on_loopback(self):
        ports = [free_port() for _ in HOSTS]
        deploy = f"""
deploy:
  hosts: {{ a: "127.0.0.1:{ports[0]}", b: "127.0.0.1:{ports[1]}", c: "127.0.0.1:{ports[2]}" }}
  place: {{ numbers: a, even: b, out: c }}
"""
        self.assertEqual(self.run_hosts(deploy), self.expected())

    def test_two_hosts_over_tcp(self):
        network = TwoHosts(self)
        deploy = """
deploy:
  hosts: { edge: 10.99.0.1, core: 10.99.0.2 }
  place: { numbers: edge, "*": core }
  security: { curve: off }
"""
        prefixes = {name: network.prefix(name) for name in ("edge", "core")}
        self.assertEqual(self.run_hosts(deploy, prefixes, ("core", "edge")), self.expected())

    def test_hosts_with_different_files_refuse_each_other(self):
        deploy = f"""
deploy:
  hosts: {{ a: local, b: local, c: local }}
  place: {{ numbers: a, even: b, out: c }}
  run_dir: {self.folder}/sockets
"""
        one = self.write(LOGIC.format(out="x.jsonl") + deploy, "one.yaml")
        other = self.write(LOGIC.format(out="x.jsonl").replace("n % 2", "n % 3").replace("[numbers]", "[{{ from: numbers, key: n }}]".format()) + deploy, "other.yaml")
        consumer = self.start("run", other, "--host", "b")
        producer = self.start("run", one, "--host", "a")
        code, _, err = self.finish(producer)
        self.assertEqual(code, 69)
        self.assertIn("another version of this topology", err)
        self.assertIn("L0603", err)
        self.end(consumer)

    def test_rows_that_another_host_has_not_confirmed_are_undelivered(self):
        deploy = f"""
deploy:
  hosts: {{ a: local, b: local }}
  place: {{ numbers: a, "*": b }}
  run_dir: {self.folder}/sockets
"""
        path = self.write(LOGIC.format(out="x.jsonl").replace("count: 20000", "rate: 1k/s") + deploy)
        consumer = self.start("run", path, "--host", "b", "--format", "json")
        producer = self.start("run", path, "--host", "a", "--format", "json")
        self.wait_for_rows()
        consumer.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, consumer.pid, os.WSTOPPED | os.WNOWAIT)
        producer.send_signal(signal.SIGTERM)
        with self.assertRaises(subprocess.TimeoutExpired):
            producer.wait(timeout=0.5)  # it waits for the other to take its last rows
        producer.send_signal(signal.SIGTERM)
        _, summary, err = self.finish(producer)
        self.assertEqual(summary["outcome"], "aborted", err)
        self.assertGreater(summary["undelivered"], 0)
        self.assertLessEqual(summary["undelivered"], summary["actors"]["numbers"]["out"])
        consumer.kill()

    def test_a_killed_host_is_named_and_nobody_hangs(self):
        deploy = f"""
deploy:
  hosts: {{ a: local, b: local }}
  place: {{ numbers: a, "*": b }}
  run_dir: {self.folder}/sockets
"""
        path = self.write(LOGIC.format(out="x.jsonl").replace("count: 20000", "rate: 100/s") + deploy)
        consumer = self.start("run", path, "--host", "b", "--format", "json")
        producer = self.start("run", path, "--host", "a", "--format", "json")
        self.wait_for_rows()
        producer.kill()
        begin = time.monotonic()
        code, summary, err = self.finish(consumer)
        self.assertEqual(code, 69, err)
        self.assertIn("a (ipc://", err)
        self.assertIn("L0602", err)
        self.assertLess(time.monotonic() - begin, 20)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
