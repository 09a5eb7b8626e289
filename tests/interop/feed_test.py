"""Subscribers in other languages against a real publisher: feed_test.py LEAT COMMAND...

In COMMAND the words ENDPOINT and TOPIC are replaced. It prints rows as JSON to stdout and "gap: TOPIC missed N" to stderr.
Events, never sleeps, decide what happens next: the publisher waits for its subscriber, a stopped subscriber goes on
when the publisher has said that it is too slow.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

LEAT, COMMAND = sys.argv[1], sys.argv[2:]
SKIPPED = 77
PATIENCE_S = 60


class Feed:
    """A topology that publishes generated rows on an ipc socket of its own, and one subscriber."""

    def __init__(self, generate, feed, topic):
        self.folder = tempfile.TemporaryDirectory(prefix="leat-interop-")
        self.endpoint = f"ipc://{self.folder.name}/feed"
        path = os.path.join(self.folder.name, "topology.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(
                "topology: interop\ndelivery: best_effort\nactors:\n"
                f"  rows: {{ kind: ingest.generate, {generate} }}\n"
                f"  feed: {{ kind: publish.feed, inputs: [rows], bind: '{self.endpoint}',"
                f" await_subscriber: 30s, {feed} }}\n"
            )
        words = {"ENDPOINT": self.endpoint, "TOPIC": topic}
        self.subscriber = self.start(*(words.get(word, word) for word in COMMAND))
        self.publisher = self.start(LEAT, "run", path)

    @staticmethod
    def start(*command):
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        # Nothing here may hang for ever: a read ends when its process does.
        self.watchdog = threading.Timer(PATIENCE_S, self.kill)
        self.watchdog.start()
        return self

    def __exit__(self, *_):
        self.watchdog.cancel()
        self.kill()
        for process in (self.subscriber, self.publisher):
            process.wait()
            process.stdout.close()
            process.stderr.close()
        self.folder.cleanup()

    def kill(self):
        for process in (self.subscriber, self.publisher):
            if process.poll() is None:
                process.kill()


def line_with(stream, text):
    """The first line that holds the text; empty at the end of the stream."""
    for line in stream:
        if text in line:
            return line
    return ""


class FeedTest(unittest.TestCase):
    def test_rows_of_the_topic_arrive_complete_and_in_order(self):
        generate = "count: 1000, fields: { n: seq, even: seq % 2 == 0, half: double(seq) / 2.0, text: '\"é\" + string(seq)' }"
        with Feed(generate, "topic: 'even ? \"n.even\" : \"n.odd\"', linger: 10s", "n.even") as feed:
            lines = [feed.subscriber.stdout.readline() for _ in range(500)]
            rows = [json.loads(line) for line in lines]
            first = rows[0]["n"]
            self.assertIn(first, (0, 2))
            for at, row in enumerate(rows):
                n = first + 2 * at
                self.assertEqual(row, {"n": n, "even": True, "half": n / 2, "text": f"é{n}"})
            self.assertEqual(feed.publisher.wait(), 0)

    def test_a_subscriber_that_was_too_slow_tells_of_the_gap(self):
        generate = f"rate: 5k/s, fields: {{ n: seq, text: '\"{'x' * 4000}\"' }}"
        with Feed(generate, "topic: '\"n\"', queue: 10, heads: 50ms, replay: { size: 0B }", "n") as feed:
            self.assertTrue(feed.subscriber.stdout.readline())
            feed.subscriber.send_signal(signal.SIGSTOP)
            self.assertTrue(line_with(feed.publisher.stderr, "too slow"))
            feed.subscriber.send_signal(signal.SIGCONT)
            drain = threading.Thread(target=feed.subscriber.stdout.read)
            drain.start()
            gap = line_with(feed.subscriber.stderr, "gap: ")
            self.assertRegex(gap, r"^gap: n missed [1-9][0-9]*")
            feed.kill()
            drain.join()


def missing():
    """What the subscriber's language lacks on this machine; empty if nothing."""
    language = os.path.basename(COMMAND[0])
    if language == "python3":
        probe, lacks = ["-c", "import zmq, msgpack"], "python3-zmq and python3-msgpack are"
    elif language == "node":
        probe = ["--input-type=module", "-e", "import 'zeromq'; import '@msgpack/msgpack'"]
        lacks = "node with zeromq and @msgpack/msgpack is"
    else:
        return ""
    try:
        folder = os.path.dirname(COMMAND[1])
        found = subprocess.run([COMMAND[0], *probe], cwd=folder, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        found = False
    return "" if found else f"{lacks} not installed; scripts/bootstrap --dev does"


if __name__ == "__main__":
    if reason := missing():
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    unittest.main(argv=[sys.argv[0], "-v"])
