"""verbs_test.py LEAT: `leat log` on a log that a run has left, its exit codes and what goes to which stream."""
import http.client
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

LEAT = str(pathlib.Path(sys.argv[1]).resolve())
TOPOLOGY = """topology: small
delivery: best_effort
schemas: { event: { id: int64, text: string } }
actors:
  events: { kind: ingest.http, bind: 0, schema: event, log: { path: var/events, segment: 64KiB, size: 1MiB } }
  out: { kind: publish.file, inputs: [events], path: out.jsonl }
"""


def end(process):
    """What is left of a test must not outlive it: ctest waits for whoever holds its streams."""
    process.kill()
    process.communicate()


class Log(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leat-log-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "topology.yaml").write_text(TOPOLOGY)
        self.run_with(100, 1000)

    def start(self):
        process = subprocess.Popen([LEAT, "run"], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(end, process)
        for line in process.stderr:
            if match := re.search(r"http://127.0.0.1:(\d+)", line):
                return process, http.client.HTTPConnection("127.0.0.1", int(match[1]), timeout=30)
        raise AssertionError("it did not start")

    @staticmethod
    def post(connection, ids, size):
        for at in range(0, len(ids), 20):
            connection.request("POST", "/", "\n".join(json.dumps({"id": number, "text": "x" * size}) for number in ids[at:at + 20]))
            response = connection.getresponse()
            assert response.status == 202, response.read()
            response.read()

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err

    def run_with(self, rows, size):
        process, connection = self.start()
        self.post(connection, range(rows), size)
        deadline = time.monotonic() + 90
        out = self.folder / "out.jsonl"
        while not out.exists() or out.read_text().count("\n") < rows:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        connection.close()
        self.stop(process)

    def leat(self, *arguments, code=0):
        done = subprocess.run([LEAT, *arguments], capture_output=True, text=True, cwd=self.folder, timeout=60, check=False)
        assert done.returncode == code, f"leat {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout, done.stderr

    def test_ls_shows_offsets_times_size_and_how_far_the_reader_is(self):
        for arguments in (["log", "ls"], ["log", "ls", "var"], ["log", "ls", "var/events"]):
            lines = self.leat(*arguments)[0].splitlines()
            self.assertEqual(len(lines), 2)
            self.assertRegex(lines[1], r"^var/events +\d+ +100 +0 +\d+KiB +20\S+Z +20\S+Z$")
        log = json.loads(self.leat("log", "ls", "--format", "json")[0])
        self.assertEqual((log["log"], log["next"], log["reader"], log["behind"]), ("var/events", 100, 100, 0))
        self.assertEqual(log["bytes"], log["segments"] * 65536)
        self.assertLess(log["first"], log["last"])

    def test_read_prints_records_from_anywhere(self):
        read = lambda *more: [json.loads(line) for line in self.leat("log", "read", "var/events", *more)[0].splitlines()]
        self.assertEqual([record["offset"] for record in read()], list(range(100)))
        self.assertEqual(read("--limit", "1")[0]["record"], {"id": 0, "text": "x" * 1000})
        self.assertEqual([record["offset"] for record in read("--from", "97")], [97, 98, 99])
        self.assertEqual([record["offset"] for record in read("--from", read()[60]["time"])], list(range(60, 100)))
        self.assertEqual(read("--from", "latest"), [])
        raw = self.leat("log", "read", "var/events", "--from", "99", "--raw")[0]
        self.assertEqual(raw, json.dumps({"id": 99, "text": "x" * 1000}) + "\n")

    def test_read_says_what_is_wrong_with_a_position(self):
        self.assertIn("oldest, latest", self.leat("log", "read", "var/events", "--from", "newest", code=64)[1])
        self.assertIn("the next one will be 100", self.leat("log", "read", "var/events", "--from", "101", code=64)[1])
        self.assertIn("leat log ls", self.leat("log", "read", "var", code=66)[1])
        self.assertIn("no such folder", self.leat("log", "read", "nowhere", code=66)[1])
        self.assertIn("did you mean `--limit`", self.leat("log", "read", "var/events", "--limti", "1", code=64)[1])
        self.assertIn("subcommand", self.leat("log", code=64)[1])

    def test_follow_prints_what_comes(self):
        process, connection = self.start()
        before = json.loads(self.leat("log", "ls", "--format", "json")[0])["next"]
        reader = subprocess.Popen([LEAT, "log", "read", "var/events", "--from", str(before), "--follow", "--limit", "80"],
                                  cwd=self.folder, stdout=subprocess.PIPE, text=True)
        self.addCleanup(end, reader)
        self.post(connection, range(1000, 1080), 1000)  # over the end of a segment
        lines = reader.communicate(timeout=60)[0].splitlines()
        self.assertEqual(reader.returncode, 0)
        self.assertEqual([json.loads(line)["offset"] for line in lines], list(range(before, before + 80)))
        connection.close()
        self.stop(process)

    def test_trim_deletes_files_of_committed_records_only(self):
        process, connection = self.start()
        self.assertIn(f"process {process.pid}", self.leat("log", "trim", "var/events", "--before", "1", code=65)[1])
        connection.close()
        self.stop(process)
        log = json.loads(self.leat("log", "ls", "--format", "json")[0])
        self.assertIn("--before", self.leat("log", "trim", "var/events", "--before", "oldest", code=64)[1])
        self.assertIn("will be", self.leat("log", "trim", "var/events", "--before", "5000", "--force", code=64)[1])
        out = self.leat("log", "trim", "var/events", "--before", "70", "--format", "json")[0]
        trimmed = json.loads(out)
        after = json.loads(self.leat("log", "ls", "--format", "json")[0])
        self.assertEqual(after["segments"], log["segments"] - trimmed["segments"])
        self.assertEqual(after["oldest"], trimmed["oldest"])
        self.assertLessEqual(after["oldest"], 70)
        self.assertGreater(after["oldest"], 0)
        self.assertIn("was deleted", self.leat("log", "read", "var/events", "--from", "0", code=64)[1])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[2:]])
