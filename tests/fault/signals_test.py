"""How `leat run` stops, and what it says when something is wrong outside of it."""
import os
import select
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.request

from launcher import LauncherTest

ENDLESS = """
topology: endless
delivery: best_effort
actors:
  numbers: { kind: ingest.generate, rate: 1k/s, fields: { n: seq } }
  pass: { kind: transform, inputs: [numbers], fuse: false, extend: { twice: n * 2 } }
  out: { kind: publish.file, inputs: [pass], path: out.jsonl }
"""


class Signals(LauncherTest):
    def wait_for_rows(self, name="out.jsonl", rows=1):
        deadline = time.monotonic() + 90
        path = self.folder / name
        while not path.exists() or path.read_text().count("\n") < rows:
            self.assertLess(time.monotonic(), deadline, "no rows came")
            time.sleep(0.02)

    def test_a_first_signal_drains_and_loses_nothing(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start("run", self.write(ENDLESS), "--format", "json")
            self.wait_for_rows(rows=20)
            process.send_signal(number)
            code, summary, err = self.finish(process)
            self.assertEqual(code, 0, err)
            self.assertEqual(summary["outcome"], "drained")
            self.assertEqual(summary["undelivered"], 0)
            made = summary["actors"]["numbers"]["out"]
            self.assertEqual([row["n"] for row in self.rows("out.jsonl")], list(range(made)))
            (self.folder / "out.jsonl").unlink()

    def test_a_second_signal_stops_at_once(self):
        # A fifo that nobody empties keeps the drain from ending.
        fifo = self.folder / "stuck"
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        text = ENDLESS.replace("rate: 1k/s, ", "").replace("out.jsonl", "stuck")
        process = self.start("run", self.write(text), "--format", "json")
        self.assertTrue(select.select([reader], [], [], 30)[0], "nothing was written")
        process.send_signal(signal.SIGTERM)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(signal.SIGTERM)
        os.set_blocking(reader, True)
        while process.poll() is None and os.read(reader, 1 << 20):
            pass
        self.assertEqual(process.wait(timeout=30), 128 + signal.SIGTERM)

    def test_for_ends_a_run_after_its_time(self):
        begin = time.monotonic()
        code, summary, _ = self.finish(self.start("run", self.write(ENDLESS), "--for", "300ms", "--format", "json"))
        self.assertEqual((code, summary["outcome"]), (0, "drained"))
        self.assertLess(time.monotonic() - begin, 10)

    def test_a_missing_input_names_the_file_and_exits_66_or_78(self):
        path = self.write(
            "topology: t\ndelivery: best_effort\nschemas: { s: { n: int64 } }\nactors:\n"
            "  a: { kind: ingest.file, path: nowhere.jsonl, schema: s }\n  b: { kind: publish.file, inputs: [a], path: out }\n"
        )
        code, _, err = self.finish(self.start("run", path))
        self.assertIn(code, (66, 78))
        self.assertIn("nowhere.jsonl", err)
        self.assertFalse((self.folder / "out").exists(), "nothing may start")

    def test_a_feed_port_in_use_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            path = self.write(
                "topology: t\ndelivery: best_effort\nactors:\n  a: { kind: ingest.generate, count: 10, fields: { n: seq } }\n"
                f"  b: {{ kind: publish.feed, inputs: [a], bind: \"tcp://127.0.0.1:{port}\", topic: '\"t\"' }}\n"
            )
            code, _, err = self.finish(self.start("run", path))
        self.assertEqual(code, 69, err)
        self.assertIn(str(port), err)
        self.assertIn("L0605", err)

    def test_an_unknown_host_suggests_the_nearest(self):
        path = self.write(ENDLESS + "deploy: { hosts: { edge: local, core: local }, place: { numbers: edge, \"*\": core } }\n")
        code, _, err = self.finish(self.start("run", path, "--host", "egde"))
        self.assertEqual(code, 78)
        self.assertIn("did you mean `edge`?", err)

    def test_metrics_are_served_while_it_runs(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = self.start("run", self.write(ENDLESS), "--metrics", f"127.0.0.1:{port}", "--format", "json")
        self.wait_for_rows()
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
        self.assertIn('leat_actor_rows_out_total{topology="endless",actor="numbers"', text)
        self.assertIn("leat_link_rows_total", text)
        self.assertIn('leat_actor_latency_seconds_bucket', text)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(process)[0], 0)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
