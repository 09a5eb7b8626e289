"""A small disk that fills up under each thing that is kept: nothing is lost, and it goes on when there is room again."""
import http.client
import json
import os
import pathlib
import signal
import time

from http_test import Http
from launcher import main
from reference import ReferenceTest
from small_disk import SmallDisk

MiB = 1 << 20
INGEST = """
topology: full-log
checkpoint: {{ every: 50ms, path: checkpoints }}
schemas: {{ event: {{ id: int64, note: string }} }}
actors:
  events: {{ kind: ingest.http, bind: {port}, schema: event, log: {{ path: disk/log, segment: 1MiB, size: 64MiB }} }}
  out: {{ kind: publish.file, inputs: [events], path: out.jsonl }}
"""


class FullLog(Http, ReferenceTest):
    """Rows of about 20 KB, so that a segment is soon full."""

    def setUp(self):
        super().setUp()
        self.disk = SmallDisk(self, self.folder / "disk", 8 * MiB)
        self.acknowledged = []
        self.asked = 0

    def post_one(self):
        """One more row; the status, or None when the connection broke."""
        self.asked += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", "/", json.dumps({"id": self.asked, "note": "x" * 20000}))
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if response.status == 202:
            self.acknowledged.append(self.asked)
        elif response.status == 503:
            self.assertEqual(response.headers["Retry-After"], "5")
        return response.status

    def post_until(self, wanted, seconds=30):
        deadline = time.monotonic() + seconds
        while (status := self.post_one()) != wanted:
            self.assertIn(status, (202, 429, 503, None))
            self.assertLess(time.monotonic(), deadline, f"it never answered {wanted}, but {status}")
            time.sleep(0.01)

    def test_clients_wait_while_the_log_has_no_room(self):
        self.port = self.free_port()
        process = self.start("run", self.write(INGEST.format(port=self.port)), "--quiet")
        self.post_until(202)
        self.disk.fill(leave=2 * MiB)
        self.post_until(503)
        for _ in range(20):
            self.assertEqual(self.post_one(), 503)
        os.kill(self.child(process), signal.SIGKILL)  # and again on a full disk
        self.post_until(503)
        self.disk.make_room()
        self.post_until(202)
        for _ in range(20):
            self.post_one()
        logged = self.log_ids()
        self.until(lambda: (self.folder / "out.jsonl").read_text().count("\n") >= len(logged), "not all rows came out", process)
        process.send_signal(signal.SIGTERM)
        self.succeed(process)
        self.assertEqual([row["id"] for row in self.rows("out.jsonl")], logged)
        self.assertEqual(len(logged), len(set(logged)), "a row came twice")
        self.assertEqual(set(self.acknowledged) - set(logged), set(), "acknowledged, and lost")
        self.assertLess(len(logged) - len(self.acknowledged), 5, "rows are there that were refused")

    def log_ids(self):
        self.folder = self.folder / "disk"
        try:
            return super().log_ids()
        finally:
            self.folder = self.folder.parent


class FullDisk(ReferenceTest):
    def begin(self, name, room, hosts=(None,)):
        """The processes, after some checkpoints, with what `name` says on a small disk that has then filled up."""
        self.disk = SmallDisk(self, self.folder / "disk", room)
        self.expected = self.reference()
        self.places = {name: str(self.folder / "disk" / name)}
        self.topology = self.make("full", "2000/s", 1, self.local_hosts() if len(hosts) > 1 else "", **self.places)
        processes = [self.start("run", self.topology, *(["--host", host] if host else [])) for host in hosts]
        for _ in range(3):
            self.until_checkpoint(self.topology, *processes)
        self.disk.fill()
        return processes

    def folder_of_checkpoints(self, topology):
        return pathlib.Path(self.places.get("checkpoints", topology.parent / "checkpoints"))

    def check_exact(self):
        self.check(self.topology, self.expected, **{name: path for name, path in self.places.items() if name != "checkpoints"})

    def ends_with(self, process, place):
        code, _, err = self.finish(process)
        self.assertEqual(code, 75, err)
        self.assertIn("L0702", err)
        self.assertIn(place, err)
        self.assertRegex(err, "no space .*free some")
        return err

    def test_no_checkpoint_is_made_until_there_is_room(self):
        [process] = self.begin("checkpoints", MiB)
        self.await_line(process, "checkpoint waits: ")
        before = self.manifest(self.topology)
        self.assertFalse(self.wait([process], 1))
        self.assertEqual(self.manifest(self.topology), before, "a checkpoint was made without room")
        self.disk.make_room()
        self.until_checkpoint(self.topology, process)
        self.succeed(process)
        self.check_exact()

    def test_killed_and_started_again_on_the_full_disk_it_waits(self):
        [process] = self.begin("checkpoints", MiB)
        self.await_line(process, "checkpoint waits: ")
        before, begun = self.manifest(self.topology), self.epoch(self.topology)
        os.kill(self.child(process), signal.SIGKILL)
        self.await_line(process, "waiting for the disk: ")
        self.assertFalse(self.wait([process], 1))
        self.assertEqual((self.manifest(self.topology), self.epoch(self.topology)), (before, begun))
        self.disk.make_room()
        said = self.succeed(process)
        self.check_exact()
        self.assertNotIn("the disk is full", said, "it was said before")

    def test_killed_on_the_full_disk_and_run_again_by_hand(self):
        [process] = self.begin("checkpoints", MiB)
        self.await_line(process, "checkpoint waits: ")
        self.kill(process)
        self.disk.make_room()
        self.succeed(self.run_host(self.topology))
        self.check_exact()

    def test_a_store_without_room_ends_the_run(self):
        [process] = self.begin("store", 8 * MiB)
        self.ends_with(process, self.places["store"])
        code, _, err = self.finish(self.run_host(self.topology))
        self.assertEqual(code, 75, err)
        self.disk.make_room()
        self.succeed(self.run_host(self.topology))
        self.check_exact()

    def test_a_file_without_room_ends_the_run(self):
        [process] = self.begin("changes", MiB)
        self.ends_with(process, self.places["changes"])
        self.disk.make_room()
        self.succeed(self.run_host(self.topology))
        self.check_exact()

    def test_a_file_without_room_on_one_host_ends_the_run_on_all(self):
        a, b = self.begin("changes", MiB, ("a", "b"))
        self.ends_with(b, self.places["changes"])
        self.ends_with(a, self.places["changes"])
        self.disk.make_room()
        self.succeed(self.run_host(self.topology, "a"), self.run_host(self.topology, "b"))
        self.check_exact()


if __name__ == "__main__":
    main(at_once=3)
