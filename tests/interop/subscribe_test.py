"""What `leat subscribe` promises on the command line: subscribe_test.py LEAT."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

LEAT = sys.argv[1]
PATIENCE_S = 60


def leat(*arguments, **options):
    return subprocess.run([LEAT, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False, **options)


class Feed:
    """Publishes `count` rows on an ipc socket as soon as somebody has subscribed, then ends."""

    def __init__(self, folder):
        self.endpoint = f"ipc://{folder}/feed"
        self.path = os.path.join(folder, "topology.yaml")

    def start(self, count, rate="max"):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(
                "topology: subscribed\ndelivery: best_effort\nactors:\n"
                f"  rows: {{ kind: ingest.generate, count: {count}, rate: {rate}, fields: {{ n: seq }} }}\n"
                f"  feed: {{ kind: publish.feed, inputs: [rows], bind: '{self.endpoint}', linger: 10s,"
                " await_subscriber: 30s, topic: 'n < 3 ? \"low\" : \"high\"' }\n"
            )
        return subprocess.Popen([LEAT, "run", "--quiet", self.path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class SubscribeTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leat-subscribe-")
        self.addCleanup(folder.cleanup)
        self.feed = Feed(folder.name)

    def test_count_ends_it_with_success(self):
        publisher = self.feed.start(10)
        result = leat("subscribe", self.feed.endpoint, "--count", "5")
        publisher.wait(PATIENCE_S)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual([json.loads(line)["n"] for line in result.stdout.splitlines()], [0, 1, 2, 3, 4])

    def test_options_may_stand_before_the_endpoint(self):
        publisher = self.feed.start(10)
        result = leat("subscribe", "--topic", "low", "--topic", "none", "--count", "3", self.feed.endpoint)
        publisher.wait(PATIENCE_S)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(result.stdout, '{"n":0}\n{"n":1}\n{"n":2}\n')

    def test_raw_shows_topic_numbers_and_heads(self):
        publisher = self.feed.start(4)
        with subprocess.Popen([LEAT, "subscribe", self.feed.endpoint, "--raw"], stdout=subprocess.PIPE, text=True) as raw:
            messages = [json.loads(raw.stdout.readline()) for _ in range(6)]
            raw.terminate()
            self.assertEqual(raw.wait(PATIENCE_S), 143)
        publisher.wait(PATIENCE_S)
        self.assertEqual([(m["topic"], m["seq"], m["total"]) for m in messages[:4]],
                         [("low", 1, 1), ("low", 2, 2), ("low", 3, 3), ("high", 1, 4)])
        self.assertEqual(messages[3]["row"], {"n": 3})
        self.assertEqual({(m["topic"], m["seq"]) for m in messages[4:] if "row" not in m}, {("low", 3), ("high", 1)})

    def test_a_publisher_that_was_started_anew_is_reported(self):
        publisher = self.feed.start(2)
        command = [LEAT, "subscribe", self.feed.endpoint, "--count", "4"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
            publisher.wait(PATIENCE_S)
            publisher = self.feed.start(2)
            out, err = following.communicate(timeout=PATIENCE_S)
        publisher.wait(PATIENCE_S)
        self.assertEqual(following.returncode, 0)
        self.assertEqual(out, '{"n":0}\n{"n":1}\n' * 2)
        self.assertRegex(err, r"^restart: the publisher was started anew as feed [0-9a-f]{16}\n$")

    def test_who_comes_late_can_have_what_was_published_before(self):
        publisher = self.feed.start(1000, "50/s")
        first = leat("subscribe", self.feed.endpoint, "--count", "20")
        self.assertEqual(first.returncode, 0, first.stderr)
        for arguments, rows in (("oldest", range(0, 25)), ("11", range(10, 25))):
            late = leat("subscribe", self.feed.endpoint, "--from", arguments, "--count", str(len(rows)))
            self.assertEqual(late.returncode, 0, late.stderr)
            self.assertEqual([json.loads(line)["n"] for line in late.stdout.splitlines()], list(rows), late.stderr)
            self.assertNotIn("gap", late.stderr)
        low = leat("subscribe", self.feed.endpoint, "--from", "oldest", "--topic", "low", "--count", "3")
        self.assertEqual(low.stdout, '{"n":0}\n{"n":1}\n{"n":2}\n', low.stderr)
        publisher.terminate()
        publisher.wait(PATIENCE_S)

    def test_without_a_publisher_it_is_unreachable(self):
        for arguments in (["--wait", "50ms"], ["--for", "50ms"]):
            result = leat("subscribe", self.feed.endpoint, *arguments)
            self.assertEqual((result.returncode, result.stdout), (69, ""))
            self.assertIn(f"nothing answers at {self.feed.endpoint}", result.stderr)

    def test_an_interrupt_ends_it_as_the_shell_expects(self):
        with subprocess.Popen([LEAT, "subscribe", self.feed.endpoint], stderr=subprocess.PIPE, text=True) as waiting:
            self.assertIn("waiting for", waiting.stderr.readline())
            waiting.send_signal(signal.SIGINT)
            self.assertEqual(waiting.wait(PATIENCE_S), 130)

    def test_wrong_use_is_told(self):
        for arguments in ([], ["nonsense"], ["tcp://127.0.0.1:1", "--for", "5"], ["tcp://127.0.0.1:1", "--wait", "x"],
                          ["tcp://127.0.0.1:1", "--count", "-1"],
                          ["tcp://127.0.0.1:1", "--from", "newest"], ["tcp://127.0.0.1:1", "--from", "0"], ["tcp://127.0.0.1:1", "--topics", "x"]):
            result = leat("subscribe", *arguments)
            self.assertEqual((result.returncode, result.stdout), (64, ""), arguments)
            self.assertTrue(result.stderr, arguments)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
