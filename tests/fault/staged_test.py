#!/usr/bin/env python3
"""publish.file with `commit: checkpoint`, killed again and again: who reads what has appeared reads every row once, whenever."""
import json
import os
import pathlib
import random
import select
import signal
import subprocess
import threading
import unittest

from launcher import LEAT, LauncherTest

KILLS = int(os.environ.get("LEAT_KILLS", "40"))
TOPOLOGY = """
topology: staged
checkpoint: {{ every: 40ms, path: checkpoints }}
actors:
  made: {{ kind: ingest.generate, count: {count}, rate: {rate}, fields: {{ id: seq, text: '"row " + string(seq)' }} }}
  out: {{ kind: publish.file, inputs: [made], path: out/rows.{format}, commit: checkpoint{more} }}
"""


class Reader(threading.Thread):
    """Reads each file as soon as it appears, in the order of their numbers, and never again."""

    def __init__(self, folder, format):
        super().__init__(daemon=True)
        self.folder, self.format = folder, format
        self.texts, self.over, self.wrong = [], threading.Event(), None

    def path(self, number):
        return self.folder / f"rows-{number:06}.{self.format}"

    def run(self):
        while True:
            over = self.over.is_set()
            while self.path(len(self.texts) + 1).exists():
                self.texts.append(self.path(len(self.texts) + 1).read_text())
            visible = [path for path in self.folder.glob("*") if not path.name.startswith(".")] if self.folder.exists() else []
            for path in visible:
                if path.suffix != f".{self.format}" or int(path.stem[-6:]) > len(self.texts) + 5:
                    self.wrong = f"{path} has no business here"
            if over:
                return
            self.over.wait(0.002)

    def finish(self):
        self.over.set()
        self.join()

    def rows(self):
        return [line for text in self.texts for line in text.splitlines()]


class StagedTest(LauncherTest):
    def kill(self, process):
        """The launcher and, with it, its child; returns when both are gone."""
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        watched = [os.pidfd_open(int(child)) for child in children]
        process.send_signal(signal.SIGKILL)
        process.wait()
        for fd in watched:
            select.select([fd], [], [], 10)
            os.close(fd)

    def run_and_kill(self, more, seed, format="jsonl"):
        count = 150 * KILLS  # at 1,500 a second, time for most of them
        topology = self.write(TOPOLOGY.format(count=count, rate="1500/s", format=format, more=more))
        chance, kills = random.Random(seed), 0
        reader = Reader(self.folder / "out", format)
        reader.start()
        process = self.start("run", topology, "--quiet")
        while kills < KILLS:
            try:
                process.wait(chance.uniform(0.02, 0.25))
                break
            except subprocess.TimeoutExpired:
                self.kill(process)
                process = self.start("run", topology, "--quiet")
                kills += 1
        code, _, err = self.finish(process, 60 + KILLS)
        reader.finish()
        self.assertEqual(code, 0, err)
        self.assertGreater(kills, KILLS / 4)
        self.assertIsNone(reader.wrong)
        for number, text in enumerate(reader.texts, 1):
            self.assertEqual(reader.path(number).read_text(), text, "a file that has appeared does not change")
        self.assertEqual(list(self.folder.glob("out/.*")), [], "no part stays behind")
        return count, reader

    def test_each_row_appears_once_and_in_order(self):
        count, reader = self.run_and_kill("", 1)
        self.assertEqual([json.loads(row)["id"] for row in reader.rows()], list(range(count)))
        self.assertGreater(len(reader.texts), 20)

    def test_files_that_take_several_checkpoints_lose_and_repeat_nothing(self):
        count, reader = self.run_and_kill(", roll: { every: 300ms, size: 20kB }", 2, "csv")
        ids = []
        for text in reader.texts:
            header, *rows = text.splitlines()
            self.assertEqual(header, "id,text")
            ids += [int(row.split(",")[0]) for row in rows]
        self.assertEqual(ids, list(range(count)))
        self.assertLess(len(reader.texts), 60)

    def test_a_stopped_run_goes_on_with_its_files(self):
        topology = self.write(TOPOLOGY.format(count=3000, rate="3000/s", format="jsonl", more=", roll: { every: 1h }"))
        process = self.start("run", topology)
        while not self.newest_checkpoint(self.folder / "checkpoints"):
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGTERM)
        code, _, err = self.finish(process)
        self.assertEqual(code, 0, err)
        self.assertEqual(list(self.folder.glob("out/rows-*")), [], "it is not complete")
        code, _, err = self.finish(self.start("run", topology))
        self.assertEqual(code, 0, err)
        rows = (self.folder / "out/rows-000001.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(row)["id"] for row in rows], list(range(3000)))

    def test_a_second_run_does_not_touch_the_files_of_the_first(self):
        topology = self.write(TOPOLOGY.format(count=10, rate="max", format="jsonl", more=""))
        subprocess.run([LEAT, "run", str(topology), "--quiet"], check=True, timeout=60)
        code, _, err = self.finish(self.start("run", topology))
        self.assertNotEqual(code, 0)
        self.assertIn("the file is of an earlier run", err)
        topology = self.write(TOPOLOGY.format(count=10, rate="max", format="jsonl", more=", append: true"))
        code, _, err = self.finish(self.start("run", topology, "--from", "none"))
        self.assertEqual(code, 0, err)
        self.assertEqual((self.folder / "out/rows-000001.jsonl").read_text(), (self.folder / "out/rows-000002.jsonl").read_text())


if __name__ == "__main__":
    unittest.main()
