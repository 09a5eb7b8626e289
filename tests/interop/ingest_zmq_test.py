"""ingest.zmq with foreign ZeroMQ sockets: ingest_zmq_test.py LEAT."""
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import msgpack
import zmq

LEAT = sys.argv[1]
PATIENCE_MS = 30_000
TOPOLOGY = """
topology: messages
delivery: best_effort
schemas: {{ event: {{ id: int64, note: 'string?' }} }}
actors:
  events:
    kind: ingest.zmq
    bind: "{bind}"
    mode: {mode}
    schema: event
    message_max: 10kB
    log: {{ path: log, segment: 64KiB, size: {size} }}
  out: {{ kind: publish.file, inputs: [events], path: out.jsonl }}
  failed: {{ kind: publish.file, inputs: [events.errors], path: failed.jsonl }}
"""


class Messages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leat-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.context = zmq.Context()
        self.addCleanup(self.context.destroy, 0)

    def start(self, mode, bind="tcp://127.0.0.1:*", size="16MiB"):
        (self.folder / "topology.yaml").write_text(TOPOLOGY.format(mode=mode, bind=bind, size=size))
        self.process = subprocess.Popen([LEAT, "run"], cwd=self.folder, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.process.stderr.close)
        self.addCleanup(self.kill)
        for line in self.process.stderr:
            if match := re.search(r"takes rows at (\S+) ", line):
                return match[1]
        self.fail("it did not start")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def drain(self):
        self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=60)
        self.assertEqual(self.process.returncode, 0, err)

    def socket(self, kind, endpoint):
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
        socket.setsockopt(zmq.SNDTIMEO, PATIENCE_MS)
        socket.setsockopt(zmq.RCVHWM, 0)
        socket.connect(endpoint)
        self.addCleanup(socket.close, 0)
        return socket

    def wait_for(self, name, rows):
        path, deadline = self.folder / name, time.monotonic() + 30
        while not path.exists() or path.read_text().count("\n") < rows:
            self.assertLess(time.monotonic(), deadline, f"too few rows in {name}")
            time.sleep(0.02)
        return [json.loads(line) for line in path.read_text().splitlines()]

    def log_ids(self):
        done = subprocess.run([LEAT, "log", "read", str(self.folder / "log")], capture_output=True, text=True, check=True)
        return [json.loads(line)["record"]["id"] for line in done.stdout.splitlines()]

    def test_push_sockets_send_json_and_messagepack(self):
        for bind in ("tcp://127.0.0.1:*", f"ipc://{self.folder}/socket"):
            endpoint = self.start("pull", bind)
            push = self.socket(zmq.PUSH, endpoint)
            push.send(b'{"id": 1}')
            push.send(msgpack.packb({"id": 2, "note": "x"}))
            push.send_multipart([b'{"id": 3}', msgpack.packb({"id": 4})])
            self.assertEqual([row["id"] for row in self.wait_for("out.jsonl", 4)], [1, 2, 3, 4])
            self.drain()
            (self.folder / "out.jsonl").unlink()

    def test_a_pushed_message_that_is_no_row_goes_to_errors(self):
        push = self.socket(zmq.PUSH, self.start("pull"))
        for bad in (b"", b"hello", b'{"id": "x"}', msgpack.packb([1]), b"\xc1"):
            push.send(bad)
        push.send(b'{"id": 1}')
        self.assertEqual(len(self.wait_for("out.jsonl", 1)), 1)
        failed = self.wait_for("failed.jsonl", 5)
        self.assertEqual(len(failed), 5)
        self.assertTrue(failed[2]["place"].endswith("log:2"), failed[2])

    def test_a_request_is_answered_when_its_rows_are_durable(self):
        request = self.socket(zmq.REQ, self.start("reply"))
        for number in range(20):
            request.send_json({"id": number})
            self.assertEqual(request.recv_json(), {"accepted": 1, "offset": number})
        request.send_multipart([b'{"id": 20}', msgpack.packb({"id": 21})])
        self.assertEqual(request.recv_json(), {"accepted": 2, "offset": 20})
        self.kill()
        self.assertEqual(self.log_ids(), list(range(22)))

    def test_a_bad_request_is_told_so_and_nothing_of_it_is_taken(self):
        request = self.socket(zmq.REQ, self.start("reply"))
        request.send_multipart([b'{"id": 1}', b'{"id": "x"}'])
        answer = request.recv_json()
        self.assertEqual((answer["error"], answer["row"]), ("malformed_record", 2))
        self.assertIn("`id`", answer["message"])
        request.send(b'{"id": 2}')
        self.assertEqual(request.recv_json()["offset"], 0)

    def test_a_dealer_may_have_many_requests_under_way(self):
        dealer = self.socket(zmq.DEALER, self.start("reply"))
        for number in range(3000):
            dealer.send_multipart([b"", json.dumps({"id": number}).encode()])
        offsets = [json.loads(dealer.recv_multipart()[1])["offset"] for _ in range(3000)]
        self.assertEqual(offsets, list(range(3000)))
        self.assertEqual(len(self.wait_for("out.jsonl", 3000)), 3000)

    def test_a_full_log_holds_pushers_back_and_loses_nothing(self):
        push = self.socket(zmq.PUSH, self.start("pull", size="128KiB"))
        for number in range(3000):
            push.send_json({"id": number, "note": "x" * 500})
        self.assertEqual([row["id"] for row in self.wait_for("out.jsonl", 3000)], list(range(3000)))

    def test_an_oversized_message_ends_only_its_own_connection(self):
        endpoint = self.start("reply")
        hostile, good = self.socket(zmq.DEALER, endpoint), self.socket(zmq.REQ, endpoint)
        hostile.send_multipart([b"", b"x" * 100_000])
        good.send(b'{"id": 1}')
        self.assertEqual(good.recv_json()["offset"], 0)

    def test_what_has_arrived_is_kept_when_the_run_drains(self):
        dealer = self.socket(zmq.DEALER, self.start("reply"))
        for number in range(200):
            dealer.send_multipart([b"", json.dumps({"id": number}).encode()])
        self.assertEqual(json.loads(dealer.recv_multipart()[1])["offset"], 0)
        self.drain()
        answered = 1
        dealer.setsockopt(zmq.RCVTIMEO, 500)
        try:
            while True:
                answered += "offset" in json.loads(dealer.recv_multipart()[1])
        except zmq.Again:
            pass
        self.assertEqual(self.log_ids()[:answered], list(range(answered)))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[2:]])
