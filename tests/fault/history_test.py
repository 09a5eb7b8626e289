"""What clients were told against what is there: they write versions of keys by HTTP while the topology is killed with -9 again and again.

Each client writes versions 1, 2, 3... of keys of its own, and asks again until a version is acknowledged before it writes the next. So the
store must end with the last version of every key, the changes must be all versions of each key, once and in order, and a subscriber must have seen
the same; nothing else may appear anywhere."""
import collections
import http.client
import json
import os
import random
import signal
import subprocess
import threading
import time

from launcher import LEAT, main
from reference import ReferenceTest

KILLS = int(os.environ.get("LEAT_HISTORY_KILLS", "25"))
CLIENTS, KEYS = 6, 5  # keys per client

TOPOLOGY = """
topology: history
checkpoint: {{ every: 100ms, path: checkpoints }}
schemas: {{ write: {{ key: string, version: int64, text: string }} }}
actors:
  writes: {{ kind: ingest.http, bind: {port}, schema: write, log: {{ path: log, segment: 1MiB, size: 64MiB }} }}
  store: {{ kind: persist.kv, inputs: [writes], path: store, key: key }}
  file: {{ kind: publish.file, inputs: [store.changes], path: changes.jsonl }}
  feed:
    kind: publish.feed
    inputs: [store.changes]
    bind: "tcp://127.0.0.1:{feed}"
    topic: '"changes." + key'
    commit: {commit}
    await_subscriber: 10s
{deploy}
"""


def text_of(key, version):
    return f"{key} at {version} " + "." * (version % 50)


class Client(threading.Thread):
    def __init__(self, number, port, seed):
        super().__init__()
        self.number, self.port, self.chance = number, port, random.Random(seed * 100 + number)
        self.versions = collections.Counter()  # the last acknowledged one of each key
        self.unanswered = 0
        self.wrong = []
        self.enough = threading.Event()
        self.connection = None

    def run(self):
        while not self.enough.is_set():
            key = f"{self.number}.{self.chance.randrange(KEYS)}"
            self.write(key, self.versions[key] + 1)
        self.drop()

    def write(self, key, version):
        body = json.dumps({"key": key, "version": version, "text": text_of(key, version)})
        while True:
            try:
                self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
                self.connection.request("POST", "/", body)
                response = self.connection.getresponse()
                answer = response.read()
                if response.status == 202:
                    self.versions[key] = version
                    return
                if response.status not in (429, 503):
                    self.wrong.append((response.status, answer))
                    return
            except (OSError, http.client.HTTPException):
                self.unanswered += 1
                self.drop()
            time.sleep(0.005)

    def drop(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Subscriber(threading.Thread):
    """`leat subscribe`: drops what it has, asks for what it missed, and says what it could not have."""

    def __init__(self, test, port):
        super().__init__()
        self.process = subprocess.Popen([LEAT, "subscribe", f"tcp://127.0.0.1:{port}", "--topic", "changes."], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        test.addCleanup(test.end, self.process)
        self.rows, self.said = [], []
        self.errors = threading.Thread(target=lambda: self.said.extend(self.process.stderr))

    def run(self):
        self.errors.start()
        for line in self.process.stdout:
            self.rows.append(json.loads(line))

    def gaps(self):
        return [line for line in self.said if line.startswith("gap: ")]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.join()
        self.errors.join()


class HistoryTest(ReferenceTest):
    def write_history(self, commit, hosts, seed):
        port, feed = self.free_port(), self.free_port()
        deploy = ""
        if len(hosts) > 1:
            deploy = "deploy: " + json.dumps({"hosts": {"a": "local", "b": "local"}, "place": {"writes": "a", "*": "b"}, "run_dir": str(self.folder / "sockets")})
        self.topology = self.write(TOPOLOGY.format(port=port, feed=feed, commit=commit, deploy=deploy))
        self.subscriber = Subscriber(self, feed)
        self.subscriber.start()
        chance = random.Random(seed)
        running = {host: self.run_host(self.topology, host) for host in hosts}
        self.clients = [Client(number, port, seed) for number in range(CLIENTS)]
        for client in self.clients:
            client.start()
        try:
            self.kill_often(running, chance)
        finally:
            for client in self.clients:
                client.enough.set()
            self.wait_for_clients(running)
        self.versions = sum((client.versions for client in self.clients), collections.Counter())
        wanted = sum(self.versions.values())
        self.until(lambda: self.changes_in_file() >= wanted, "not all changes came", *running.values())
        # The feed is behind the file by a checkpoint; what a lost message leaves open is asked for after a head.
        self.until(lambda: len(self.subscriber.rows) >= wanted or self.subscriber.gaps(), "not all changes were published", *running.values())
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        self.succeed(*running.values())
        self.subscriber.stop()
        for client in self.clients:
            self.assertEqual(client.wrong, [])
        self.assertGreater(sum(client.unanswered for client in self.clients), 0, "no client noticed anything")
        self.assertGreater(wanted, 100, "too little was written to prove anything")
        if os.environ.get("LEAT_HISTORY_SAY"):
            print(wanted, "writes,", sum(client.unanswered for client in self.clients), "without an answer;", *self.subscriber.said)

    def kill_often(self, running, chance):
        # Before the first checkpoint nobody knows the feed again, and under `commit: now` its first rows have gone out already.
        self.until_checkpoint(self.topology, *running.values())
        for _ in range(KILLS):
            self.assertFalse(self.wait(running.values(), chance.uniform(0.1, 0.6)), "a process has ended")
            host = chance.choice(list(running))
            if chance.random() < 0.5:  # its launcher starts it again
                os.kill(self.child(running[host]), signal.SIGKILL)
                time.sleep(chance.uniform(0, 0.3))
            else:
                self.kill(running[host])
                running[host] = self.run_host(self.topology, host)

    def wait_for_clients(self, running):
        deadline = time.monotonic() + 60
        while any(client.is_alive() for client in self.clients):
            self.assertLess(time.monotonic(), deadline, "a client gets no answer")
            self.assertFalse(self.wait(running.values(), 0.05), "a process has ended")

    def changes_in_file(self):
        path = self.folder / "changes.jsonl"
        return path.read_text().count("\n") if path.exists() else 0

    def check_store(self):
        kept = dict(line.split("\t") for line in self.store(self.folder / "store"))
        self.assertEqual(set(kept), set(self.versions))
        for key, version in self.versions.items():
            self.assertEqual(json.loads(kept[key]), {"key": key, "version": version, "text": text_of(key, version)})

    def check_changes(self, rows):
        """All versions of every key, once, in order, and nothing else."""
        seen = collections.defaultdict(list)
        for row in rows:
            key, version = row["key"], row["version"]
            self.assertEqual(row, {"key": key, "version": version, "text": text_of(key, version), "change": "inserted" if version == 1 else "updated"})
            seen[key].append(version)
        self.assertEqual(set(seen), set(self.versions))
        for key, last in self.versions.items():
            self.assertEqual(seen[key], list(range(1, last + 1)), f"of key {key}")

    def test_store_changes_and_feed_have_what_was_acknowledged_exactly_once(self):
        self.write_history("checkpoint", [None], 1)
        self.check_store()
        self.check_changes(self.rows("changes.jsonl"))
        self.check_changes(self.subscriber.rows)

    def test_so_they_do_on_two_hosts(self):
        self.write_history("checkpoint", ["a", "b"], 2)
        self.check_store()
        self.check_changes(self.rows("changes.jsonl"))
        self.check_changes(self.subscriber.rows)

    def test_a_feed_that_does_not_wait_for_checkpoints_misses_nothing_without_a_word(self):
        self.write_history("now", [None], 3)
        self.check_store()
        self.check_changes(self.rows("changes.jsonl"))
        if not self.subscriber.gaps():  # a kill may come between a checkpoint and the socket: then it says so
            self.check_changes(self.subscriber.rows)


if __name__ == "__main__":
    main(at_once=2)
