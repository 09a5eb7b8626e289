"""Links between hosts are encrypted, and only the hosts of the topology may use them."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

from hosts_test import free_port
from launcher import LEAT
from namespaces import TwoHosts
from reference import ReferenceTest

MARK = b"nobody may read this"
LOGIC = """
topology: whisper
delivery: {delivery}
actors:
  numbers: {{ kind: ingest.generate, count: 5000, seed: 7, fields: {{ n: seq, text: '"{mark} " + string(seq)' }} }}
  out: {{ kind: publish.file, inputs: [numbers], path: out.jsonl }}
"""
# Everything that comes to this host, to a file, until it is ended.
SNIFFER = """
import socket, sys
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
with open(sys.argv[1], "wb", buffering=0) as file:
    print("listening", flush=True)
    while True:
        file.write(wire.recv(1 << 16))
"""


class Curve(ReferenceTest):
    def topology(self, hosts, security="", delivery="exactly_once", name="topology.yaml"):
        deploy = f"deploy:\n  hosts: {{ {hosts} }}\n  place: {{ numbers: edge, '*': core }}\n{security}"
        return self.write(LOGIC.format(delivery=delivery, mark=MARK.decode()) + deploy, name)

    def loopback(self, security="  security: { curve: required }\n", **options):
        self.ports = {"edge": free_port(), "core": free_port()}
        hosts = ", ".join(f'{host}: "127.0.0.1:{port}"' for host, port in self.ports.items())
        return self.topology(hosts, security, **options)

    def make_keys(self, path):
        made = subprocess.run([LEAT, "keys", "make", path], capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)

    def run_both(self, paths, prefixes=None):
        """The rows that `core` has got."""
        (self.folder / "out.jsonl").unlink(missing_ok=True)
        processes = {host: self.start("run", paths[host], "--host", host, "--quiet", "--from", "none", prefix=(prefixes or {}).get(host, ())) for host in paths}
        for host, process in processes.items():
            code, _, err = self.finish(process)
            self.assertEqual(code, 0, f"{host}: {err}")
        rows = self.rows("out.jsonl")
        self.assertEqual(len(rows), 5000)
        return rows

    def knock(self, port):
        """Somebody who speaks ZeroMQ, shows no key, and sends frames without waiting to be let in."""
        while True:
            try:
                stranger = socket.create_connection(("127.0.0.1", port), timeout=10)
                break
            except ConnectionRefusedError:  # it is not bound yet
                time.sleep(0.01)
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
        stranger.sendall(greeting + b"".join(b"\x00\x64" + os.urandom(100) for _ in range(50)))
        return stranger

    def test_what_crosses_the_network_can_be_read_only_without_keys(self):
        network = TwoHosts(self)
        prefixes = {name: network.prefix(name) for name in ("edge", "core")}
        hosts = "edge: 10.99.0.1, core: 10.99.0.2"
        for security, readable in (("  security: { curve: off }\n", True), ("", False)):
            for delivery in ("best_effort", "exactly_once"):
                with self.subTest(security=security, delivery=delivery):
                    path = self.topology(hosts, security, delivery)
                    if not (self.folder / "keys").exists():
                        self.make_keys(path)
                    wire = self.folder / "wire"
                    sniffer = subprocess.Popen([*network.prefix("core"), sys.executable, "-c", SNIFFER, wire], stdout=subprocess.PIPE)
                    try:
                        self.assertEqual(sniffer.stdout.readline(), b"listening\n")
                        self.run_both({"core": path, "edge": path}, prefixes)
                    finally:
                        sniffer.kill()
                        sniffer.wait()
                        sniffer.stdout.close()
                    seen = wire.read_bytes()
                    self.assertGreater(len(seen), 5000 * len(MARK) if readable else 5000)
                    self.assertEqual(MARK in seen, readable)

    def test_strangers_reach_nothing(self):
        path = self.loopback()
        self.make_keys(path)
        core = self.start("run", path, "--host", "core", "--from", "none")
        ports = (self.ports["core"], self.ports["core"] + 1)  # of rows, and of checkpoints
        strangers = [self.knock(ports[1]) for _ in range(20)]
        self.hears(core, "it does not speak CURVE")
        edge = self.start("run", path, "--host", "edge", "--quiet", "--from", "none")
        self.assertEqual(self.finish(edge)[0], 0)
        for stranger in strangers:
            stranger.close()
        code, _, err = self.finish(core)
        self.assertEqual(code, 0, err)
        self.assertEqual(len(self.rows("out.jsonl")), 5000)

    def test_a_killed_host_comes_back_and_nothing_is_missing_or_doubled(self):
        path = self.loopback()
        # Far more rows than come during the kills: a host that starts when the run is over waits for the next one.
        text = path.read_text().replace("count: 5000", "count: 12000, rate: 2k/s")
        path.write_text(text.replace("actors:", "checkpoint: { every: 100ms }\nactors:"))
        self.make_keys(path)
        edge = self.start("run", path, "--host", "edge", "--quiet")
        out = self.folder / "out.jsonl"
        for kill in range(3):
            core = self.run_host(path, "core")
            had = self.newest_checkpoint(self.folder / "var/checkpoints/whisper")
            self.until(lambda: self.newest_checkpoint(self.folder / "var/checkpoints/whisper") != had, "no checkpoint", edge)
            self.kill(core)
        core = self.run_host(path, "core")
        self.assertEqual(self.finish(edge)[0], 0)
        self.assertEqual(core.wait(timeout=90), 0)
        self.assertEqual(sorted(row["n"] for row in self.rows(out)), list(range(12000)))

    def test_a_host_with_another_key_is_named_until_it_has_the_right_one(self):
        path = self.loopback("  security: { curve: required, keys: '${env:KEYS=keys}' }\n")
        self.make_keys(path)
        (self.folder / "wrong").mkdir()
        shutil.copy(self.folder / "keys/core.pub", self.folder / "wrong")
        made = subprocess.run([LEAT, "keys", "make", path, "--host", "edge"], env={**os.environ, "KEYS": "wrong"}, capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        core = self.start("run", path, "--host", "core", "--quiet", "--from", "none")
        edge = self.start("run", path, "--host", "edge", "--from", "none", prefix=("env", "KEYS=wrong"))
        self.hears(edge, "it was meant for another key than that of `edge`")
        self.hears(core, "no handshake with host `edge`")
        edge.send_signal(signal.SIGTERM)
        edge.send_signal(signal.SIGTERM)
        self.finish(edge)
        edge = self.start("run", path, "--host", "edge", "--quiet", "--from", "none")
        self.assertEqual(self.finish(edge)[0], 0)
        self.assertEqual(core.wait(timeout=90), 0)
        self.assertEqual(len(self.rows("out.jsonl")), 5000)

    def test_the_plan_says_whether_links_are_encrypted(self):
        for security, said in (("off", "tcp between hosts plain"), ("required", "tcp between hosts encrypted, with the keys in")):
            shown = subprocess.run([LEAT, "plan", self.loopback(f"  security: {{ curve: {security} }}\n")], capture_output=True, text=True)
            self.assertIn(said, shown.stdout)

    def test_without_its_keys_a_host_does_not_start(self):
        path = self.loopback()
        code, _, err = self.finish(self.start("run", path, "--host", "edge"))
        self.assertEqual(code, 66, err)
        self.assertIn("keys/edge.key", err)
        self.assertIn("next: `leat keys make TOPOLOGY` on one machine", err)
        self.make_keys(path)
        (self.folder / "keys/edge.key").chmod(0o644)
        code, _, err = self.finish(self.start("run", path, "--host", "edge"))
        self.assertEqual(code, 78, err)
        self.assertIn("chmod 600", err)

    def test_keys_are_made_once_and_listed(self):
        path = self.loopback()
        listed = subprocess.run([LEAT, "keys", "ls", path], capture_output=True, text=True)
        self.assertEqual(listed.returncode, 1, listed.stderr)
        self.assertIn("next: leat keys make", listed.stdout)
        self.make_keys(path)
        before = {file.name: file.read_text() for file in (self.folder / "keys").iterdir()}
        self.assertEqual(sorted(before), ["core.key", "core.pub", "edge.key", "edge.pub"])
        self.make_keys(path)
        self.assertEqual({file.name: file.read_text() for file in (self.folder / "keys").iterdir()}, before)
        (self.folder / "keys/core.key").unlink()
        listed = subprocess.run([LEAT, "keys", "ls", path, "--format", "json"], capture_output=True, text=True)
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertIn('"host":"edge"', listed.stdout)
        self.assertIn('"secret":"elsewhere"', listed.stdout)
        self.assertNotIn(before["edge.key"].strip(), listed.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
