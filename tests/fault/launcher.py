"""Runs the real `leat` for tests: every process is ended by its own id, every file lives in a folder of the test."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

LEAT = os.environ["LEAT"]


class LauncherTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leat-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

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

    def finish(self, process, timeout=60):
        """(exit code, summary or None, stderr)"""
        out, err = process.communicate(timeout=timeout)
        lines = out.strip().splitlines()
        summary = json.loads(lines[-1]) if lines and lines[-1].startswith('{"topology"') else None
        return process.returncode, summary, err

    def rows(self, name):
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]
