"""A topology that keeps something of every sort (positions, windows, a store, files), and what it leaves behind when nothing disturbs it."""
import json
import os
import pathlib
import select
import signal
import subprocess
import time

from launcher import LEAT, LauncherTest

TOPOLOGY = """
topology: kill
checkpoint: {{ every: 40ms, path: {checkpoints} }}
actors:
  made:
    kind: ingest.generate
    count: {count}
    rate: {rate}
    seed: 11
    time: {{ start: 2026-01-01T00:00:00Z, step: 10ms }}
    fields: {{ id: seq, key: k1 % 50, amount: k2 % 100, time: time }}
    event_time: {{ field: time }}
  kept: {{ kind: transform, inputs: [made], where: amount > 4 }}
  store: {{ kind: persist.kv, inputs: [kept], path: {store}, key: id % 997 }}
  changes: {{ kind: publish.file, inputs: [store.changes], path: {changes} }}
  sums:
    kind: aggregate
    inputs: [{{ from: kept, queue: {{ max: 500 rows }} }}]
    key: {sums_by}
    window: {{ tumbling: {window} }}
    compute: {{ rows: count, total: {{ sum: amount }} }}
    discard: [late]
    instances: {instances}
  totals: {{ kind: publish.file, inputs: [sums], path: totals.jsonl }}
{deploy}
"""
DEFAULTS = {"checkpoints": "checkpoints", "store": "store", "changes": "changes.jsonl", "sums_by": "key", "window": "1s"}


def two_hosts(addresses, **more):
    """The part `deploy:` for hosts a, which makes the rows and has the coordinator, and b, which keeps them."""
    deploy = {"hosts": dict(zip("ab", addresses)), "place": {"made": "a", "kept": "a", "*": "b"}, **more}
    return f"deploy: {json.dumps(deploy)}"


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class ReferenceTest(LauncherTest):
    count = 12000

    def make(self, name, rate, instances=1, deploy="", **more):
        (self.folder / name).mkdir()
        text = TOPOLOGY.format(count=self.count, rate=rate, instances=instances, deploy=deploy, **{**DEFAULTS, **more})
        return self.write(text, f"{name}/topology.yaml")

    def results(self, topology, changes="changes.jsonl", store="store"):
        read = lambda name: sorted((topology.parent / name).read_text().splitlines())
        return {"totals": read("totals.jsonl"), "changes": read(changes), "store": self.store(topology.parent / store)}

    def check(self, topology, expected, **places):
        """Record by record; says what differs, not all there is."""
        for name, rows in self.results(topology, **places).items():
            wanted = expected[name]
            if rows == wanted:
                continue
            missing, extra = list(wanted), []
            for row in rows:
                missing.remove(row) if row in missing else extra.append(row)
            self.fail(f"{name}: {len(missing)} missing, {len(extra)} too many, like {missing[:3]} and {extra[:3]}")

    def store(self, folder):
        done = subprocess.run([os.environ["LEAT_KV_DUMP"], str(folder)], capture_output=True, text=True, check=True)
        return sorted(done.stdout.splitlines())

    def reference(self, instances=1, **more):
        topology = self.make("reference", "max", instances, **more)
        subprocess.run([LEAT, "run", str(topology), "--quiet"], check=True, timeout=120)
        return self.results(topology)

    def local_hosts(self):
        return two_hosts(["local", "local"], run_dir=str(self.folder / "sockets"))

    def run_host(self, topology, host=None, prefix=()):
        arguments = ["run", topology, "--quiet"] + (["--host", host] if host else [])
        return self.start(*arguments, prefix=prefix)

    def kill(self, process):
        """The launcher and, with it, its child; returns when both are gone."""
        watched = [os.pidfd_open(child) for child in children(process.pid)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        for pipe in (process.stdout, process.stderr):  # a thousand dead ones would use up the descriptors
            if pipe:
                pipe.close()
        for fd in watched:
            select.select([fd], [], [], 10)
            os.close(fd)

    def child(self, process):
        """The process that does the work, which its launcher starts again when it dies."""
        self.until(lambda: children(process.pid), "the launcher has started nothing", process)
        return children(process.pid)[0]

    def folder_of_checkpoints(self, topology):
        return topology.parent / "checkpoints"

    def epoch(self, topology):
        """The number of attempts so far."""
        path = self.folder_of_checkpoints(topology) / "epoch"
        return int(path.read_bytes()[17:]) if path.exists() else 0

    def manifest(self, topology):
        return self.newest_checkpoint(self.folder_of_checkpoints(topology))

    def until_checkpoint(self, topology, *processes):
        """Returns when one more checkpoint is complete."""
        before = self.manifest(topology)
        self.until(lambda: self.manifest(topology) != before, "no checkpoint was made", *processes)

    def until(self, true, what, *processes, seconds=120):
        deadline = time.monotonic() + seconds
        while not true():
            self.assertLess(time.monotonic(), deadline, what)
            self.assertFalse(self.wait(processes, 0.01) if processes else time.sleep(0.01), f"{what}, and a process has ended")

    def await_line(self, process, text):
        lines = []
        for line in process.stderr:
            lines.append(line)
            if text in line:
                return
        self.fail(f"no line says {text!r}: {lines}")

    def wait(self, processes, seconds):
        """True when one has ended before the time is over."""
        fds = [os.pidfd_open(process.pid) for process in processes]
        ready = select.select(fds, [], [], seconds)[0]
        for fd in fds:
            os.close(fd)
        return bool(ready)

    def succeed(self, *processes, timeout=120):
        """All end by themselves, and well; what they said."""
        said = ""
        for process in processes:
            code, _, err = self.finish(process, timeout)
            self.assertEqual(code, 0, err)
            said += err
        return said
