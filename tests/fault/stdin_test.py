"""ingest.stdin through the real binary: lines as they come, ends, back-pressure, and a run that is killed."""
import json
import os
import select
import signal
import subprocess
import time
import unittest

from launcher import LEAT, LauncherTest

TOPOLOGY = """
topology: piped
delivery: best_effort
schemas: {{ event: {{ id: int64, note: 'string?' }} }}
actors:
  events: {{ kind: ingest.stdin, {options}, log: {{ path: log, segment: 64KiB, size: 128KiB }} }}
  out: {{ kind: publish.file, inputs: [events], path: "-" }}
  failed: {{ kind: publish.file, inputs: [events.errors], path: failed.jsonl }}
"""


class Stdin(LauncherTest):
    def start_piped(self, options):
        process = subprocess.Popen([LEAT, "run", self.write(TOPOLOGY.format(options=options)), "--quiet"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end_piped, process)
        return process

    @staticmethod
    def end_piped(process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()

    def pipe(self, options, text):
        process = self.start_piped(options)
        out, err = process.communicate(text, timeout=60)
        self.assertEqual(process.returncode, 0, err)
        return [json.loads(line) for line in out.decode().splitlines()]

    def log_texts(self):
        done = subprocess.run([LEAT, "log", "read", str(self.folder / "log"), "--raw"], capture_output=True, check=True)
        return done.stdout.decode().splitlines()

    def test_json_lines_text_and_csv_come_out_as_rows_and_the_run_ends_with_its_input(self):
        self.assertEqual(self.pipe("format: jsonl, schema: event", b'{"id":1}\n\n{"id":2,"note":"x"}'),
                         [{"id": 1, "note": None}, {"id": 2, "note": "x"}])
        self.assertEqual(self.pipe("format: lines", "one\nzwölf\r\n\nlast".encode()),
                         [{"line": line} for line in ("one", "zwölf", "", "last")])
        self.assertEqual(self.pipe("format: csv, schema: event", b'note,id\n"a\nb",1\n,2\n'),
                         [{"id": 1, "note": "a\nb"}, {"id": 2, "note": None}])
        self.assertEqual(self.pipe("format: csv, schema: event, header: false, delimiter: ';'", b"1;x\n2;y\n"),
                         [{"id": 1, "note": "x"}, {"id": 2, "note": "y"}])
        self.assertEqual(self.pipe("format: lines", b""), [])

    def test_a_run_may_begin_at_a_position_of_the_log(self):
        self.assertEqual(len(self.pipe("format: lines", b"one\ntwo\nthree\n")), 3)
        path = self.folder / "topology.yaml"
        for delivery in ("best_effort", "exactly_once"):
            path.write_text(TOPOLOGY.format(options="format: lines").replace("best_effort", delivery))
            for position, expected in (("oldest", ["one", "two", "three"]), ("1", ["two", "three"]), ("latest", [])):
                done = subprocess.run([LEAT, "run", path, "--quiet", "--from", position], input=b"", capture_output=True, timeout=60)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual([json.loads(line)["line"] for line in done.stdout.decode().splitlines()], expected, (delivery, position))
            done = subprocess.run([LEAT, "run", path, "--from", "yesterday-ish"], input=b"", capture_output=True, timeout=60)
            self.assertEqual(done.returncode, {"best_effort": 64, "exactly_once": 66}[delivery], done.stderr)

    def test_a_line_that_is_no_row_goes_to_errors_as_it_came(self):
        rows = self.pipe("format: jsonl, schema: event, line_max: 40B",
                         b'{"id":1}\n{"id":"x"}\nhello\n{"id":2,"note":"' + b"x" * 100 + b'"}\n{"id":3}\n')
        self.assertEqual([row["id"] for row in rows], [1, 3])
        failed = self.rows("failed.jsonl")
        self.assertEqual([row["code"] for row in failed], ["malformed_record", "malformed_record", "limit_reached"])

    def test_a_line_comes_out_before_the_next_is_written(self):
        process = self.start_piped("format: lines")
        for number in range(5):
            process.stdin.write(b"line %d\n" % number)
            process.stdin.flush()
            self.assertTrue(select.select([process.stdout], [], [], 30)[0], "nothing came out")
            self.assertEqual(json.loads(os.read(process.stdout.fileno(), 1000)), {"line": f"line {number}"})
        process.stdin.close()
        self.assertEqual(process.wait(timeout=30), 0)

    def test_a_full_log_stops_reading_and_loses_nothing(self):
        lines = [b"line %d " % number + b"x" * 400 for number in range(5000)]  # 2 MB through a log of 128 KiB
        rows = self.pipe("format: lines", b"\n".join(lines))
        self.assertEqual([row["line"].encode() for row in rows], lines)

    def test_what_was_read_when_it_was_killed_comes_out_of_the_next_run(self):
        process = self.start_piped("format: csv, schema: event")
        process.stdin.write(b"id,note\n1,a\n")
        process.stdin.flush()
        self.assertTrue(select.select([process.stdout], [], [], 30)[0], "nothing came out")
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertEqual(self.log_texts(), ["id,note", "1,a"])
        # Its header was another: the record in the log still has its own.
        rows = self.pipe("format: csv, schema: event", b"note,id\nb,2\n")
        self.assertEqual([(row["id"], row["note"]) for row in rows][-1], (2, "b"))
        self.assertIn((1, "a"), [(row["id"], row["note"]) for row in rows])

    def test_a_signal_ends_a_run_that_waits_for_input(self):
        process = self.start_piped("format: lines")
        process.stdin.write(b"whole\nhalf a li")
        process.stdin.flush()
        self.assertTrue(select.select([process.stdout], [], [], 30)[0], "nothing came out")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=30), 0)
        self.assertEqual(self.log_texts(), ["whole"])


if __name__ == "__main__":
    unittest.main(argv=["stdin_test.py", "-v", *__import__("sys").argv[1:]])
