"""Runs the real `leat` for tests: every process is ended by its own id, every file lives in a folder of the test."""
import concurrent.futures
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

LEAT = os.environ["LEAT"]
for sanitizer in ("ASAN_OPTIONS", "TSAN_OPTIONS"):  # a crash that a test makes is to look like one
    os.environ[sanitizer] = os.environ.get(sanitizer, "") + ":handle_segv=0"


def left_behind(name):
    """Whether this belongs to a test process that is gone: names end with -PID, or -PID-SOMETHING."""
    numbers = [part for part in name.split("-") if part.isdigit()]
    return bool(numbers) and not pathlib.Path(f"/proc/{numbers[0]}").exists()


def sweep():
    """Tests that were killed clean up nothing: the next one does."""
    for folder in pathlib.Path(tempfile.gettempdir()).glob("leat-fault-*-*"):
        if left_behind(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


class LauncherTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sweep()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix=f"leat-fault-{os.getpid()}-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    @staticmethod
    def newest_checkpoint(folder):
        """What the manifest of a folder of checkpoints says; nothing before the first is complete."""
        manifest = folder / "manifest"
        said = manifest.read_bytes() if manifest.exists() else b""
        return said if b"snapshot-" in said or b"kept-" in said else b""

    def write(self, text, name="topology.yaml"):
        path = self.folder / name
        path.write_text(text)
        return path

    def start(self, *arguments, prefix=()):
        process = subprocess.Popen([*prefix, LEAT, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        process.stdout.close()
        process.stderr.close()

    def hears(self, process, part):
        """Waits until it says that on stderr."""
        said, deadline = "", time.monotonic() + 90
        while part not in said:
            ready, _, _ = select.select([process.stderr], [], [], deadline - time.monotonic())
            self.assertTrue(ready, f"did not say {part!r}: {said}")
            more = os.read(process.stderr.fileno(), 1 << 16)
            self.assertTrue(more, f"ended without saying {part!r}: {said}")
            said += more.decode()

    def finish(self, process, timeout=120):
        """(exit code, summary or None, stderr)"""
        out, err = process.communicate(timeout=timeout)
        lines = out.strip().splitlines()
        summary = json.loads(lines[-1]) if lines and lines[-1].startswith('{"topology"') else None
        return process.returncode, summary, err

    @staticmethod
    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def rows(self, name):
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]


def names_of(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from names_of(test)
        else:
            yield test.id().removeprefix("__main__.")


def main(at_once):
    """Like unittest.main, but several tests at a time, each in a process of its own: they wait more than they work."""
    if len(sys.argv) > 1:
        unittest.main()

    def run(name):
        return name, subprocess.run([sys.executable, sys.argv[0], "-v", name], stderr=subprocess.PIPE, text=True, check=False)

    names = list(names_of(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])))
    failed = False
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        for name, done in pool.map(run, names):
            failed |= done.returncode != 0
            print(done.stderr if done.returncode != 0 or "skipped" in done.stderr else f"{name} ... ok", file=sys.stderr, flush=True)
    sys.exit(1 if failed else 0)
