"""Subscribers that ask for what they have missed, against a real publisher: replay_test.py LEAT COMMAND...

In COMMAND the words ENDPOINT and TOPIC are replaced. It prints each row as JSON to stdout, once and in order, and on stderr
"recovered: ..." for what it has asked for and "gap: ..." for what is lost.
"""
import json
import os
import pathlib
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

LEAT, COMMAND = sys.argv[1], sys.argv[2:]
SKIPPED = 77
KILLS = int(os.environ.get("LEAT_KILLS", "12"))
PATIENCE_S = 60 + 5 * KILLS


class ReplayTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leat-replay-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.endpoint = f"ipc://{self.folder}/feed"
        self.processes = []
        watchdog = threading.Timer(PATIENCE_S, self.kill_all)
        watchdog.start()
        self.addCleanup(self.end_all)
        self.addCleanup(watchdog.cancel)

    def start(self, *command):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def kill_all(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()

    def end_all(self):
        self.kill_all()
        for process in self.processes:
            process.wait()
            process.stdout.close()
            process.stderr.close()

    def write(self, delivery, generate, feed):
        (self.folder / "topology.yaml").write_text(
            f"topology: replayed\n{delivery}\nactors:\n"
            f"  rows: {{ kind: ingest.generate, {generate} }}\n"
            f"  feed: {{ kind: publish.feed, inputs: [rows], bind: '{self.endpoint}', topic: '\"n\"', await_subscriber: 30s,"
            f" linger: 10s, {feed} }}\n"
        )

    def publish(self):
        return self.start(LEAT, "run", str(self.folder / "topology.yaml"))

    def subscribe(self):
        words = {"ENDPOINT": self.endpoint, "TOPIC": "n"}
        process = self.start(*(words.get(word, word) for word in COMMAND))
        said = []
        threading.Thread(target=lambda: said.extend(process.stderr), daemon=True).start()
        return process, said

    def kill_publisher(self, process):
        """The launcher and, with it, its child; returns when both are gone."""
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        watched = [os.pidfd_open(int(child)) for child in children]
        process.kill()
        process.wait()
        for fd in watched:
            select.select([fd], [], [], 10)
            os.close(fd)

    def read_rows(self, subscriber, count, said):
        """Rows 0 to count - 1, once and in order."""
        for n in range(count):
            line = subscriber.stdout.readline()
            self.assertTrue(line, f"it ended before row {n}: {said}")
            self.assertEqual(json.loads(line)["n"], n, said)

    def test_a_subscriber_that_was_too_slow_has_everything_in_the_end(self):
        self.write("delivery: best_effort", f"rate: 3k/s, fields: {{ n: seq, text: '\"{'x' * 4000}\"' }}",
                   "queue: 10, heads: 50ms, replay: { size: 256MiB }")
        subscriber, said = self.subscribe()
        publisher = self.publish()
        self.read_rows(subscriber, 1, said)
        subscriber.send_signal(signal.SIGSTOP)
        for line in publisher.stderr:
            if "too slow" in line:
                break
        drain = threading.Thread(target=publisher.stderr.read, daemon=True)
        drain.start()
        subscriber.send_signal(signal.SIGCONT)
        for n in range(1, 8000):
            self.assertEqual(json.loads(subscriber.stdout.readline())["n"], n, said)
        subscriber.kill()
        subscriber.wait()
        publisher.kill()
        self.assertTrue(any(line.startswith("recovered: n ") for line in said), said)
        self.assertFalse([line for line in said if line.startswith("gap")], said)

    def kill_and_read(self, commit):
        count = 330 * KILLS  # at 1,000 a second, time for most of them
        self.write("checkpoint: { every: 100ms, path: checkpoints }", f"count: {count}, rate: 1k/s, fields: {{ n: seq }}", f"commit: {commit}")
        subscriber, said = self.subscribe()
        chance = random.Random(commit)
        running = [self.publish()]
        over, killed = threading.Event(), []

        def kill_again_and_again():
            # A run that is killed before its first checkpoint begins another feed (docs/delivery.md). The second begins when
            # the first is complete.
            while not any(int(path.name.split("-")[2]) > 1 for path in (self.folder / "checkpoints").glob("snapshot-*")):
                if over.wait(0.01):
                    return
            for _ in range(KILLS):
                if over.wait(chance.uniform(0.1, 0.5)):
                    return
                if running[0].poll() is not None:
                    return
                self.kill_publisher(running[0])
                killed.append(running[0])
                running[0] = self.publish()

        killer = threading.Thread(target=kill_again_and_again)
        killer.start()
        try:
            self.read_rows(subscriber, count, said)
        finally:
            over.set()
            killer.join()
        self.assertFalse([line for line in said if line.startswith("gap")], said)
        self.assertGreater(len(killed), KILLS / 4)
        _, err = running[0].communicate(timeout=60)
        self.assertEqual(running[0].returncode, 0, err)

    def test_a_publisher_that_is_killed_publishes_every_row_once_at_the_checkpoint(self):
        self.kill_and_read("checkpoint")

    def test_a_publisher_that_is_killed_publishes_every_row_once_at_once(self):
        self.kill_and_read("now")


def missing():
    """What the subscriber's language lacks on this machine; empty if nothing."""
    if os.path.basename(COMMAND[0]) != "python3":
        return ""
    found = subprocess.run([COMMAND[0], "-c", "import zmq, msgpack"], capture_output=True, check=False).returncode == 0
    return "" if found else "python3-zmq and python3-msgpack are not installed; scripts/bootstrap --dev does"


if __name__ == "__main__":
    if reason := missing():
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], "-v"])
