"""Files that were damaged between two runs: refused with their name and what to do, or as good as whole; never silent, never a crash."""
import json
import os
import shutil
import signal
import subprocess

from http_test import Http
from launcher import LEAT, main
from reference import ReferenceTest

EX_DATA, EX_REFUSED = 65, 75


def flipped(at):
    """A change of one byte, `at` (0 to 1) of the way through the file."""

    def change(path):
        damaged = bytearray(path.read_bytes())
        damaged[min(int(len(damaged) * at), len(damaged) - 1)] ^= 0x10
        path.write_bytes(damaged)

    return change


def cut(size):
    """What is left: a number of bytes, or a share."""
    return lambda path: os.truncate(path, int(path.stat().st_size * size) if isinstance(size, float) else size)


def longer(path):
    with open(path, "ab") as file:
        file.write(b"x")


def missing(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def emptied(path):
    for file in path.iterdir():
        file.unlink()


FLIPS = [flipped(at / 8) for at in range(9)]
CUTS = [cut(0), cut(1), cut(16), cut(17), cut(0.5), cut(0.999)]


class Damaged(ReferenceTest):
    """Killed after some checkpoints; what it left is kept aside."""

    rate = "6000/s"
    state = {}  # what makes it larger

    def setUp(self):
        super().setUp()
        self.expected = self.reference(**self.state)
        self.topology = self.make("whole", self.rate, **self.state)
        process = self.run_host(self.topology)
        for _ in range(4):
            self.until_checkpoint(self.topology, process)
        self.kill(process)
        self.whole = self.folder / "kept-aside"
        shutil.copytree(self.topology.parent, self.whole)

    def restore(self):
        shutil.rmtree(self.topology.parent)
        shutil.copytree(self.whole, self.topology.parent)

    def run_again(self, *arguments):
        code, _, err = self.finish(self.start("run", self.topology, *arguments))
        for sign in ("killed by signal", "Assertion", "Sanitizer"):
            self.assertNotIn(sign, err)
        return code, err


class DamageTest(Damaged):
    def refuses(self, pattern, changes, named=None):
        """Each change of the file, alone; then, when the file is whole again, it goes on as if nothing had been."""
        for change in changes:
            self.restore()
            path = max(self.topology.parent.glob(pattern), key=lambda file: file.stat().st_mtime_ns)
            change(path)
            code, err = self.run_again()
            self.assertEqual(code, EX_REFUSED, err)
            self.assertIn(str(named or path), err)
            self.assertIn("leat run --from none", err)
        self.topology.parent.rename(self.folder / "refused")
        shutil.copytree(self.whole, self.topology.parent)
        for file in (self.folder / "refused").rglob("*"):  # as the refused runs have left the rest
            here = self.topology.parent / file.relative_to(self.folder / "refused")
            if file.is_file() and not here.is_relative_to(path):
                shutil.copy2(file, here)
        code, err = self.run_again()
        self.assertEqual(code, 0, err)
        self.check(self.topology, self.expected)

    def test_the_part_of_a_checkpoint(self):
        self.refuses("checkpoints/snapshot-*", FLIPS + CUTS + [longer, missing])

    def test_an_older_part_under_the_name_of_the_newest(self):
        def replaced(path):
            shutil.copy(min(path.parent.glob("snapshot-*"), key=lambda file: file.stat().st_mtime_ns), path)

        self.refuses("checkpoints/snapshot-*", [replaced])

    def test_the_manifest(self):
        self.refuses("checkpoints/manifest", FLIPS + CUTS + [longer, missing])

    def test_the_number_of_the_attempt(self):
        self.refuses("checkpoints/epoch", FLIPS + CUTS[:4] + [longer])

    def test_a_file_that_lacks_rows(self):
        self.refuses("changes.jsonl", [cut(0), cut(0.5), missing])

    def test_a_store_that_is_not_there(self):
        self.refuses("store", [missing, emptied])

    def test_files_of_the_store(self):
        """RocksDB notices some things only when it reads them: a run may end well, but never with other rows."""
        refused = 0
        for pattern in ("*.log", "MANIFEST-*", "CURRENT", "*.sst"):
            for change in FLIPS[1:8:2] + [cut(0), cut(0.5), missing]:
                self.restore()
                files = sorted((self.topology.parent / "store").glob(pattern), key=lambda file: file.stat().st_size)
                if not files:
                    continue
                change(files[-1])
                code, err = self.run_again()
                if code == 0:
                    self.check(self.topology, self.expected)
                    continue
                self.assertEqual(code, EX_REFUSED, err)
                self.assertIn(str(self.topology.parent / "store"), err)
                refused += 1
        self.assertGreater(refused, 10)

    def test_begun_anew_over_damaged_files(self):
        for names in (["manifest"], ["epoch"], ["manifest", "epoch"]):
            self.restore()
            for name in names:
                flipped(0.5)(self.topology.parent / "checkpoints" / name)
            shutil.rmtree(self.topology.parent / "store")
            code, err = self.run_again("--from", "none")
            self.assertEqual(code, 0, err)
            self.check(self.topology, self.expected)


class IncrementalDamage(Damaged):
    """Each key has a window of its own that stays open, so that a checkpoint's part refers to those before it."""

    count, rate = 80000, "16000/s"
    state = {"sums_by": "id", "window": "1h"}

    def needed(self):
        """Files that the newest checkpoint needs beside its own."""
        manifest = self.manifest(self.topology)
        try:
            parts = {path.name: path.read_bytes() for path in (self.topology.parent / "checkpoints").glob("snapshot-*-0")}
            [newest] = [name for name in parts if name.encode() in manifest]
        except (OSError, ValueError):  # they come and go while it runs
            return []
        return [name for name in parts if name != newest and parts[newest].startswith(b"leat-inc") and name.encode() in parts[newest]]

    def test_parts_that_the_newest_refers_to(self):
        while not self.needed():  # the newest was written anew
            process = self.run_host(self.topology)
            self.until(self.needed, "no checkpoint refers to another", process)
            self.kill(process)
        shutil.rmtree(self.whole)
        shutil.copytree(self.topology.parent, self.whole)
        for name in self.needed():
            for change in (cut(100), missing):
                self.restore()
                change(self.topology.parent / "checkpoints" / name)
                code, err = self.run_again()
                self.assertEqual(code, EX_REFUSED, err)
                self.assertIn(name, err)
        self.restore()
        self.succeed(self.run_host(self.topology))
        self.check(self.topology, self.expected)


LOGGED = """
topology: logged
checkpoint: {{ every: 50ms, path: checkpoints }}
schemas: {{ event: {{ id: int64, note: string }} }}
actors:
  events: {{ kind: ingest.http, bind: {port}, schema: event, log: {{ path: log, segment: 64KiB, size: 64MiB }} }}
  out: {{ kind: publish.file, inputs: [events], path: out.jsonl, append: true }}
"""


class DamagedLog(Http, ReferenceTest):
    def fill(self, first, count):
        connection = self.connect()
        for identity in range(first, first + count):
            self.assertEqual(self.post(json.dumps({"id": identity, "note": "x" * 5000}), connection, path="/")[0], 202)

    def until_out(self, process, count):
        out = self.folder / "out.jsonl"
        self.until(lambda: out.exists() and out.read_text().count("\n") >= count, "not all rows came out", process)

    def setUp(self):
        """A log of several segments, all of it processed; its middle segment and the one that is written."""
        super().setUp()
        self.port = self.free_port()
        self.topology = self.write(LOGGED.format(port=self.port))
        process = self.start("run", self.topology, "--quiet")
        self.until(self.listens, "it does not listen", process)
        self.fill(0, 100)
        self.until_out(process, 100)
        process.send_signal(signal.SIGTERM)
        self.succeed(process)
        segments = sorted((self.folder / "log").glob("*.log"))
        self.assertGreater(len(segments), 5)
        self.middle, self.last = segments[len(segments) // 2], segments[-1]

    def listens(self):
        try:
            self.connect().connect()
        except OSError:
            return False
        return True

    def test_what_was_processed_and_is_damaged_is_refused_when_it_is_read_again(self):
        flipped(0.5)(self.middle)
        process = self.start("run", self.topology, "--quiet")
        self.until(self.listens, "it does not listen", process)
        self.fill(100, 1)
        self.until_out(process, 101)
        process.send_signal(signal.SIGTERM)
        self.succeed(process)
        self.assertEqual([row["id"] for row in self.rows("out.jsonl")], list(range(101)))
        code, _, err = self.finish(self.start("run", self.topology, "--from", "oldest"))
        self.assertEqual(code, EX_REFUSED, err)
        self.assertIn(str(self.middle), err)
        done = subprocess.run([LEAT, "log", "read", str(self.folder / "log"), "--from", "oldest"], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, EX_DATA, done.stderr)
        self.assertIn(str(self.middle), done.stderr)

    def test_a_segment_that_is_missing_or_too_short_is_named(self):
        for change in (missing, cut(100)):
            whole = self.middle.read_bytes()
            change(self.middle)
            code, _, err = self.finish(self.start("run", self.topology, "--from", "oldest"))
            self.assertEqual(code, EX_REFUSED, err)
            self.assertIn(str(self.middle.parent), err)
            self.middle.write_bytes(whole)

    def test_what_was_acknowledged_and_is_missing_at_the_end_is_refused(self):
        for change in (missing, cut(40), lambda path: path.write_bytes(path.read_bytes()[:32] + bytes(65536 - 32))):
            whole = self.last.read_bytes()
            change(self.last)
            code, _, err = self.finish(self.start("run", self.topology))
            self.assertEqual(code, EX_REFUSED, err)
            self.assertRegex(err, f"{self.last.parent}.*(files are missing|damaged at byte)")
            self.last.write_bytes(whole)


if __name__ == "__main__":
    main(at_once=3)
