"""ingest.http through the real binary: what was acknowledged is there after kill -9, and hostile clients get nowhere."""
import http.client
import json
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import threading
import time
import unittest

from launcher import LEAT, LauncherTest

TOPOLOGY = """
topology: web
delivery: best_effort
schemas: {{ event: {{ id: int64, note: 'string?' }} }}
actors:
  events:
    kind: ingest.http
    bind: "127.0.0.1:0"
    endpoint: /events
    schema: event
    log: {{ path: log, segment: 1MiB, size: {size} }}
{options}
  out: {{ kind: publish.file, inputs: [events], path: out.jsonl }}
"""


class Http(LauncherTest):
    def setUp(self):
        super().setUp()
        self.port = 0
        self.process = None

    def start_server(self, options="", size="64MiB", prefix=()):
        lines = "".join(f"    {line}\n" for line in options.splitlines())
        self.process = self.start("run", self.write(TOPOLOGY.format(options=lines, size=size)), "--format", "json", prefix=prefix)
        self.port = int(self.wait_until_said(r"takes rows at http://127\.0\.0\.1:(\d+)/events")[1])

    def wait_until_said(self, pattern):
        said, deadline = "", time.monotonic() + 90
        while not (match := re.search(pattern, said)):
            ready, _, _ = select.select([self.process.stderr], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.process.stderr.fileno(), 1 << 16) if ready else b""
            self.assertTrue(chunk, f"`{pattern}` was not said, but: {said}")
            said += chunk.decode()
        return match

    def connect(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self.addCleanup(connection.close)
        return connection

    def post(self, body, connection=None, headers=None, path="/events", method="POST"):
        connection = connection or self.connect()
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read().decode()
        return response.status, json.loads(text) if text else None, response.headers

    def raw(self, *parts, timeout=30):
        """Sends bytes, waits for the connection to be closed; what came back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as peer:
            for part in parts:
                peer.sendall(part)
            return self.read_all(peer)

    @staticmethod
    def read_all(peer):
        answer = b""
        while chunk := peer.recv(1 << 16):
            answer += chunk
        return answer

    def status_of(self, answer):
        match = re.match(rb"HTTP/1\.1 (\d+) ", answer)
        self.assertTrue(match, answer)
        return int(match[1])

    def log_ids(self):
        done = subprocess.run([LEAT, "log", "read", str(self.folder / "log")], capture_output=True, text=True, check=True)
        return [json.loads(line)["record"]["id"] for line in done.stdout.splitlines()]

    def rows_when_there_are(self, count):
        deadline = time.monotonic() + 90
        path = self.folder / "out.jsonl"
        while not path.exists() or path.read_text().count("\n") < count:
            self.assertLess(time.monotonic(), deadline, "too few rows came out")
            time.sleep(0.02)
        return self.rows("out.jsonl")

    def drained(self):
        self.process.send_signal(signal.SIGTERM)
        code, summary, err = self.finish(self.process)
        self.assertEqual(code, 0, err)
        return summary


class Durability(Http):
    def test_a_row_is_in_the_log_when_its_202_has_come(self):
        for number in range(20):
            self.start_server()
            status, answer, _ = self.post(json.dumps({"id": number}))
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.assertEqual((status, answer), (202, {"accepted": 1, "offset": number}))
            self.assertEqual(self.log_ids(), list(range(number + 1)))

    def test_every_acknowledged_row_is_in_the_log_once_however_often_it_is_killed(self):
        acknowledged, asked, rounds = [], [], 8
        for _ in range(rounds):
            self.start_server()
            enough = threading.Event()
            before = len(acknowledged)

            def client(number):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
                try:
                    for step in range(1_000_000):
                        ids = [len(asked) * 1000 + number * 10 + at for at in range(1 + step % 3)]
                        asked.append(ids)
                        connection.request("POST", "/events", "\n".join(json.dumps({"id": n}) for n in ids))
                        response = connection.getresponse()
                        response.read()
                        if response.status != 202:
                            return
                        acknowledged.extend(ids)
                        if len(acknowledged) > before + 300:
                            enough.set()
                except (OSError, http.client.HTTPException):
                    pass
                finally:
                    connection.close()

            clients = [threading.Thread(target=client, args=(number,)) for number in range(6)]
            for thread in clients:
                thread.start()
            self.assertTrue(enough.wait(60), "the clients got nowhere")
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            for thread in clients:
                thread.join()
        kept = self.log_ids()
        self.assertEqual(len(kept), len(set(kept)), "a row is there twice")
        self.assertEqual(set(acknowledged) - set(kept), set(), "acknowledged, and lost")
        self.assertLessEqual(set(kept), {one for ids in asked for one in ids})
        self.assertGreater(len(acknowledged), rounds * 300)

    def test_the_next_run_sends_on_what_this_one_did_not(self):
        self.start_server()
        self.post('{"id": 1}')
        self.rows_when_there_are(1)
        self.drained()
        os.unlink(self.folder / "out.jsonl")
        self.start_server()
        self.post('{"id": 2}')
        self.rows_when_there_are(1)
        self.drained()
        self.assertEqual([row["id"] for row in self.rows("out.jsonl")], [2], "the first row came once")

    def test_a_second_process_on_the_same_log_is_refused(self):
        self.start_server()
        code, _, err = self.finish(self.start("run", self.folder / "topology.yaml"))
        self.assertNotEqual(code, 0)
        self.assertIn(f"process {self.process.pid} writes this log", err)
        self.assertEqual(self.post('{"id": 1}')[0], 202)

    def test_a_damaged_log_is_refused_with_what_to_type(self):
        self.start_server()
        for number in range(5):
            self.post(json.dumps({"id": number}))
        self.drained()
        segment = self.folder / "log" / f"{0:020}.log"
        with open(segment, "r+b") as file:
            file.seek(32 + 40 + 33)
            file.write(b"!")
        code, _, err = self.finish(self.start("run", self.folder / "topology.yaml"))
        self.assertNotEqual(code, 0)
        self.assertIn(str(segment), err)
        command = re.search(r"leat (log trim \S+ --before \d+ --force)", err)
        subprocess.run([LEAT, *command[1].split()], check=True, capture_output=True)
        self.start_server()
        self.assertEqual(self.post('{"id": 9}')[1]["offset"], 5)

    def test_a_full_log_is_told_with_429_and_accepts_again_later(self):
        self.start_server(size="2MiB")
        body = "\n".join(json.dumps({"id": number, "note": "x" * 1000}) for number in range(100))
        connection, refused, accepted = self.connect(), 0, 0
        deadline = time.monotonic() + 90
        while (refused == 0 or accepted < 60) and time.monotonic() < deadline:
            status, _, headers = self.post(body, connection)
            self.assertIn(status, (202, 429))
            accepted += status == 202
            if status == 429:
                self.assertEqual(headers["Retry-After"], "1")
                refused += 1
                time.sleep(0.1)
        self.assertGreater(refused, 0, "the log was never full")
        self.assertGreaterEqual(accepted, 60, "it did not accept again")
        self.assertEqual(len(self.rows_when_there_are(accepted * 100)), accepted * 100)

    def wait_until_refused(self):
        """Said before the server knows; from then on it takes no connections."""
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=30).close()
            except ConnectionRefusedError:
                return
        self.fail("it still takes connections")

    def test_a_request_that_has_begun_is_answered_when_the_run_drains(self):
        self.start_server()
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as peer:
            peer.sendall(b'POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"id"')
            self.post('{"id": 0}')  # the first bytes of the other were read before this was answered
            self.process.send_signal(signal.SIGTERM)
            self.wait_until_said("draining")
            self.wait_until_refused()
            peer.sendall(b": 1}")
            answer = self.read_all(peer)
        self.assertEqual(self.status_of(answer), 202)
        self.assertIn(b"Connection: close", answer)
        self.assertEqual(self.finish(self.process)[0], 0)
        self.assertEqual(self.log_ids(), [0, 1])


class ExactlyOnce(Http):
    """With checkpoints: what was acknowledged comes out once, however often the process dies and is restarted."""

    TEXT = """
topology: once
checkpoint: {{ every: 50ms, path: checkpoints }}
schemas: {{ event: {{ id: int64 }} }}
actors:
  events: {{ kind: ingest.http, bind: {port}, schema: event, log: {{ path: log, segment: 1MiB, size: 64MiB }} }}
  doubled: {{ kind: transform, inputs: [events], extend: {{ twice: id * 2 }}, fuse: false }}
  out: {{ kind: publish.file, inputs: [doubled], path: out.jsonl }}
"""

    def post_until(self, deadline, identity):
        """Posts one row, again and again, until an answer has come. A row may be taken without an answer: then it is
        there twice, under the same id."""
        while time.monotonic() < deadline:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.request("POST", "/", json.dumps({"id": identity}))
                if connection.getresponse().status == 202:
                    return True
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
            finally:
                connection.close()
        return False

    @staticmethod
    def child_of(process, deadline):
        while time.monotonic() < deadline:
            if children := pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                return int(children[0])
            time.sleep(0.01)
        raise AssertionError("the supervisor has started nothing")

    def test_each_record_of_the_log_comes_out_once(self):
        self.port = self.free_port()
        topology = self.write(self.TEXT.format(port=self.port))
        process = self.start("run", topology, "--quiet")
        deadline = time.monotonic() + 120
        for identity in range(400):
            self.assertTrue(self.post_until(deadline, identity), "no answer came")
            if identity % 50 == 24:
                os.kill(self.child_of(process, deadline), signal.SIGKILL)
        logged = self.log_ids()
        self.assertEqual(sorted(set(logged)), list(range(400)))
        path = self.folder / "out.jsonl"
        while path.read_text().count("\n") < len(logged):
            self.assertLess(time.monotonic(), deadline, "not all rows came out")
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        code, _, err = self.finish(process)
        self.assertEqual(code, 0, err)
        self.assertEqual([row["id"] for row in self.rows("out.jsonl")], logged)


class Requests(Http):
    def test_objects_arrays_and_lines_come_out_as_rows(self):
        self.start_server()
        connection = self.connect()
        for body in ('{"id": 1}', '[{"id": 2}, {"id": 3, "note": "\\u00fc}"}]', '{"id": 4}\n{"id": 5}\n', '{\n "id":\n 6\n}'):
            self.assertEqual(self.post(body, connection)[0], 202)
        rows = self.rows_when_there_are(6)
        self.assertEqual([row["id"] for row in rows], [1, 2, 3, 4, 5, 6])
        self.assertEqual(rows[2]["note"], "ü}")

    def test_nothing_of_a_bad_request_is_accepted(self):
        self.start_server()
        status, answer, _ = self.post('{"id": 1}\n{"id": 2}\n{"id": "three"}')
        self.assertEqual((status, answer["row"]), (400, 3))
        self.assertIn("`id`", answer["message"])
        self.assertEqual(self.post('{"id": 4}')[1]["offset"], 0)

    def test_requests_sent_ahead_are_answered_in_order(self):
        self.start_server()
        one = b'POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n%s\r\n%s'
        bodies = [json.dumps({"id": number}).encode() for number in range(50)]
        requests = b"".join(one % (len(body), b"Connection: close\r\n" if body is bodies[-1] else b"", body) for body in bodies)
        answer = self.raw(requests)
        self.assertEqual([json.loads(m)["offset"] for m in re.findall(rb"\{.*\}", answer)], list(range(50)))

    def test_chunked_bodies_and_expect_continue_work(self):
        self.start_server()
        head = b"POST /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        self.assertEqual(self.status_of(self.raw(head + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"id"\r\n4\r\n: 1}\r\n0\r\n\r\n')), 202)
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as peer:
            peer.sendall(head + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n")
            self.assertEqual(peer.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
            peer.sendall(b'{"id": 2}')
            self.assertEqual(self.status_of(self.read_all(peer)), 202)
        self.assertEqual(self.log_ids(), [1, 2])

    def test_a_token_is_asked_for_and_stays_secret(self):
        secrets = self.folder / "secrets"
        secrets.mkdir()
        (secrets / "token").write_text("s3cret\n")
        os.environ["LEAT_SECRETS"] = str(secrets)
        self.addCleanup(os.environ.pop, "LEAT_SECRETS")
        self.start_server("token: ${secret:token}")
        self.assertEqual(self.post('{"id": 1}')[0], 401)
        self.assertEqual(self.post('{"id": 1}', headers={"Authorization": "Bearer wrong"})[0], 401)
        self.assertEqual(self.post('{"id": 1}', headers={"Authorization": "Bearer s3cret"})[0], 202)
        self.process.send_signal(signal.SIGTERM)
        self.assertNotIn("s3cret", self.finish(self.process)[2])


class Hostile(Http):
    HEAD = b"POST /events HTTP/1.1\r\nHost: a\r\n"

    def test_what_can_be_read_in_two_ways_is_refused_and_ends_the_connection(self):
        self.start_server()
        inner = b'POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"id": 6}'
        for fields in (
            b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            b"Content-Length: 5\r\nContent-Length: 6\r\n",
            b"Transfer-Encoding: xchunked\r\n",
            b"Transfer-Encoding : chunked\r\n",
            b"X: y\r\n Transfer-Encoding: chunked\r\n",
            b"Content-Length: 5\nX: y\r\n",
            b"Content-Length: 18446744073709551617\r\n",
        ):
            answer = self.raw(self.HEAD + fields + b"\r\n0\r\n\r\n" + inner)
            self.assertIn(self.status_of(answer), (400, 413, 501), fields)
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1, fields)
        for size in (b"-1", b"0x9", b"ffffffffffffffffff", b"", b"9 ;"):
            answer = self.raw(self.HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n" + inner + b"\r\n0\r\n\r\n")
            self.assertIn(self.status_of(answer), (400, 413), size)
        for before in (b"\r\n", b"\r\n\r\n"):  # nothing of what is checked in a head may hide behind an empty line
            self.assertEqual(self.status_of(self.raw(before + self.HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner)), 400)
        self.assertEqual(self.log_ids(), [])

    def test_sizes_are_limited(self):
        self.start_server("body_max: 10kB")
        self.assertEqual(self.status_of(self.raw(self.HEAD + b"X: " + b"x" * 20_000)), 431)
        self.assertEqual(self.status_of(self.raw(self.HEAD + b"X: y\r\n" * 101 + b"\r\n")), 431)
        self.assertEqual(self.status_of(self.raw(b"POST /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n")), 414)
        self.assertEqual(self.status_of(self.raw(self.HEAD + b"Content-Length: 10001\r\n\r\n")), 413)
        chunk = b"2000\r\n" + b" " * 0x2000 + b"\r\n"
        self.assertEqual(self.status_of(self.raw(self.HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 2)), 413)
        status, answer, _ = self.post(" " * 20_000)
        self.assertEqual(status, 413, "a client that sends all of it sees the answer")
        self.assertIn("10kB", answer["message"])

    def test_chunks_of_a_byte_are_refused(self):
        self.start_server()
        body = b"".join(b"1;" + b"x" * 20 + b"\r\n \r\n" for _ in range(20_000))
        self.assertEqual(self.status_of(self.raw(self.HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body)), 400)

    def test_slow_clients_are_told_and_do_not_hold_up_others(self):
        self.start_server("head_time: 500ms\nbody_time: 500ms\nidle_time: 500ms")
        self.assertEqual(self.status_of(self.raw(b"POST /ev")), 408)
        self.assertEqual(self.status_of(self.raw(self.HEAD + b'Content-Length: 9\r\n\r\n{"id"')), 408)
        self.assertEqual(self.raw(), b"", "an idle connection is closed without a word")
        slow = [socket.create_connection(("127.0.0.1", self.port), timeout=30) for _ in range(30)]
        for peer in slow:
            self.addCleanup(peer.close)
            peer.sendall(b"POST")
        self.assertEqual(self.post('{"id": 1}')[0], 202)

    def test_connections_are_limited_per_address_and_in_all(self):
        for options, status in (("connections_per_address: 3", 429), ("connections: 3", 503)):
            self.start_server(options)
            held = []
            for number in range(3):
                held.append(self.connect())
                self.assertEqual(self.post(json.dumps({"id": number}), held[-1])[0], 202)
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as peer:
                answer = self.read_all(peer)
            self.assertEqual(self.status_of(answer), status)
            self.assertIn(b"Retry-After: 5", answer)
            held.pop().close()
            deadline = time.monotonic() + 90
            while True:  # the server sees the close a moment later
                try:
                    if self.post('{"id": 9}')[0] == 202:
                        break
                except (OSError, http.client.HTTPException):
                    pass
                self.assertLess(time.monotonic(), deadline)
            self.drained()
            self.process = None

    def test_garbage_is_answered_and_forgotten(self):
        self.start_server()
        random = __import__("random").Random(1)
        for number in range(200):
            garbage = random.randbytes(random.randrange(1, 400))
            if number % 3 == 0:
                garbage = self.HEAD + garbage
            answer = self.raw(garbage + b"\r\n\r\n")
            self.assertIn(self.status_of(answer), (400, 404, 405, 408, 414, 431, 501, 505), garbage)
        self.assertEqual(self.post('{"id": 1}')[0], 202)
        self.assertEqual(self.log_ids(), [1])


if __name__ == "__main__":
    unittest.main(argv=["http_test.py", "-v", *__import__("sys").argv[1:]])
