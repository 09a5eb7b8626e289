"""Dead letters are kept, looked at, sent back and purged by other processes while the topology runs."""
import json
import os
import pty
import signal
import subprocess
import time
import unittest

from launcher import LEAT, LauncherTest

TOPOLOGY = """
topology: dead
delivery: best_effort
schemas:
  order: { id: int64, sku: string }
  product: { sku: string, price: float64 }
actors:
  orders: { kind: ingest.file, path: orders.jsonl, schema: order, follow: true }
  priced:
    kind: lookup
    inputs: { in: [orders, { from: dead.priced, feedback: true }] }
    table: { path: products.csv, schema: product, key: sku, reload: 20ms }
    key: sku
  dead:
    kind: persist.deadletter
    inputs: [priced.errors, orders.errors]
    path: var/dead.letters
    redrive: { priced: order }
    poll: 20ms
  out: { kind: publish.file, inputs: [priced], path: out.jsonl }
"""

EXACTLY_ONCE = """
topology: dead
checkpoint: { every: 50ms, path: checkpoints }
schemas:
  order: { id: int64, sku: string }
  product: { sku: string, price: float64 }
actors:
  orders: { kind: ingest.file, path: orders.jsonl, schema: order, follow: true }
  again: { kind: ingest.zmq, bind: "ipc://again", mode: reply, schema: order, log: { path: log, segment: 64KiB, size: 4MiB } }
  priced:
    kind: lookup
    inputs: [orders, again]
    table: { path: products.csv, schema: product, key: sku, reload: 20ms }
    key: sku
  dead: { kind: persist.deadletter, inputs: [priced.errors], path: var/dead.letters, id: string(record.id) }
  out: { kind: publish.file, inputs: [priced], path: out.jsonl }
"""


class DeadLetters(LauncherTest):
    def setUp(self):
        super().setUp()
        self.store = self.folder / "var/dead.letters"
        self.write("", "orders.jsonl")
        self.write("sku,price\na,1\n", "products.csv")

    def run_topology(self, text=TOPOLOGY):
        process = self.start("run", self.write(text), "--format", "json")
        self.wait_for("a store", lambda: subprocess.run([LEAT, "dlq", "ls", self.store], capture_output=True,
                                                        check=False).returncode == 0)
        return process

    def order(self, *lines):
        with open(self.folder / "orders.jsonl", "a", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)

    def dlq(self, verb, *arguments, code=0):
        """What `leat dlq` prints with --format json."""
        done = subprocess.run([LEAT, "dlq", verb, self.store, *map(str, arguments), "--format", "json"],
                              capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def letters(self, *arguments):
        return self.dlq("ls", "--letters", "--limit", 1000000, *arguments)

    def wait_for(self, what, condition):
        deadline = time.monotonic() + 120
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.02)

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        code, summary, err = self.finish(process)
        self.assertEqual(code, 0, err)
        return summary

    def test_a_letter_is_kept_fails_again_and_goes_through_when_the_cause_is_mended(self):
        process = self.run_topology()
        self.order('{"id":1,"sku":"a"}', '{"id":2,"sku":"b"}', "{broken")
        self.wait_for("two letters", lambda: len(self.letters()) == 2)
        groups = {group["actor"]: group for group in self.dlq("ls")}
        self.assertEqual((groups["priced"]["code"], groups["priced"]["waiting"]), ("missing_value", 1))
        self.assertEqual(groups["orders"]["code"], "malformed_record")
        [letter] = self.letters("--actor", "priced")
        self.assertEqual((letter["record"], letter["attempt"]), ({"id": 2, "sku": "b"}, 1))
        self.assertIn("whose `sku` is \"b\"", letter["message"])
        [line] = self.dlq("show", *[one["id"] for one in self.letters("--actor", "orders")])
        self.assertEqual(line["record"], "{broken")
        self.assertTrue(line["place"].endswith("orders.jsonl:3"), line)

        self.assertEqual(self.dlq("redrive", letter["id"]), [{"asked": 1}])
        self.wait_for("a second attempt", lambda: self.letters("--actor", "priced")[0]["attempt"] == 2)
        self.assertEqual(self.letters("--actor", "priced")[0]["id"], letter["id"])
        self.write("sku,price\na,1\nb,2\n", "products.new")
        os.replace(self.folder / "products.new", self.folder / "products.csv")

        def went_through():
            if self.letters("--state", "waiting", "--actor", "priced"):
                self.dlq("redrive", "--actor", "priced")
            return {"id": 2, "sku": "b", "price": 2} in self.rows("out.jsonl")
        self.wait_for("the order's price", went_through)
        self.assertEqual([one["state"] for one in self.letters("--actor", "priced")], ["redriven"])
        self.assertEqual(len(self.rows("out.jsonl")), 2)

        self.dlq("redrive", "--actor", "orders", code=1)  # nobody takes them back
        self.assertEqual(self.letters("--actor", "orders")[0]["state"], "waiting")
        self.dlq("purge", "--state", "redriven", code=1)  # nobody there to confirm it
        self.assertEqual(len(self.letters()), 2)
        self.assertEqual(self.dlq("purge", "--state", "redriven", "--yes"), [{"purged": 1}])
        self.assertEqual([one["actor"] for one in self.letters()], ["orders"])
        self.stop(process)
        self.assertEqual(len(self.letters()), 1)

    def test_under_exactly_once_letters_go_back_through_an_ingest_log(self):
        text = EXACTLY_ONCE.replace("ipc://again", f"ipc://{self.folder}/again")
        to = ["--to", f"ipc://{self.folder}/again"]
        process = self.run_topology(text)
        self.order(*(f'{{"id":{n},"sku":"{"ab"[n % 2]}"}}' for n in range(300)))
        self.wait_for("letters", lambda: len(self.letters()) == 150)
        first = self.letters()[0]["id"]
        self.assertEqual(self.dlq("redrive", first, *to), [{"sent": 1, "refused": 0}])
        self.wait_for("a second attempt", lambda: self.dlq("show", first)[0]["attempt"] == 2)
        self.write("sku,price\na,1\nb,2\n", "products.new")
        os.replace(self.folder / "products.new", self.folder / "products.csv")
        self.hears(process, "products.csv reloaded: 2 rows")
        self.assertEqual(self.dlq("redrive", "--actor", "priced", *to), [{"sent": 150, "refused": 0}])
        self.assertEqual(process.poll(), None)
        process.kill()
        process.wait()
        # Until the next run's first checkpoint, the file may still be what the dead one has left.
        manifests = lambda: [path.read_bytes() for path in self.folder.rglob("manifest")]
        left = manifests()
        process = self.run_topology(text)
        expected = [{"id": n, "sku": "ab"[n % 2], "price": 1 + n % 2} for n in range(300)]
        self.wait_for("all orders", lambda: manifests() != left and len(self.rows("out.jsonl")) >= 300 and not self.letters("--state", "waiting"))
        self.stop(process)
        self.assertEqual(sorted(self.rows("out.jsonl"), key=lambda row: row["id"]), expected)
        self.assertEqual(len(self.letters("--state", "redriven")), 150)

    def test_what_does_not_fit_waits_on_and_says_why(self):
        text = EXACTLY_ONCE.replace("ipc://again", f"ipc://{self.folder}/again").replace("mode: reply, schema: order", "mode: reply, schema: product")
        text = text.replace("inputs: [orders, again]", "inputs: [orders]") + "  seen: { kind: publish.file, inputs: [again], path: seen.jsonl }\n"
        process = self.run_topology(text)
        self.order('{"id":1,"sku":"b"}')
        self.wait_for("a letter", self.letters)
        to = ["--to", f"ipc://{self.folder}/again"]
        self.assertEqual(self.dlq("redrive", "--all", *to, code=1), [{"sent": 0, "refused": 1}])
        [letter] = self.letters()
        self.assertEqual(letter["state"], "waiting")
        self.assertIn("`price`", letter["note"])
        self.stop(process)
        done = subprocess.run([LEAT, "dlq", "redrive", self.store, "--all", "--to", "nonsense"], capture_output=True, check=False)
        self.assertEqual(done.returncode, 64)

    def test_what_was_asked_for_while_nothing_ran_goes_back_at_the_next_start(self):
        process = self.run_topology()
        self.order('{"id":1,"sku":"b"}')
        self.wait_for("a letter", self.letters)
        self.stop(process)
        self.assertEqual(self.dlq("redrive", "--all"), [{"asked": 1}])
        self.write("", "orders.jsonl")
        self.write("sku,price\nb,2\n", "products.csv")
        process = self.run_topology()
        self.wait_for("the order", lambda: (self.folder / "out.jsonl").exists() and self.rows("out.jsonl"))
        self.assertEqual(self.rows("out.jsonl"), [{"id": 1, "sku": "b", "price": 2}])
        self.stop(process)

    def test_each_failure_with_an_id_is_one_letter_though_the_process_is_killed(self):
        count = 100000
        self.order(*(f'{{"id":{number},"sku":"b"}}' for number in range(count)))
        text = TOPOLOGY.replace("poll: 20ms", "id: string(record.id)")
        for least in (1, count // 4, count // 2):
            process = self.run_topology(text)
            self.wait_for(f"{least} letters", lambda: sum(group["waiting"] for group in self.dlq("ls")) >= least)
            process.send_signal(signal.SIGKILL)
            process.wait()
        process = self.run_topology(text)
        self.wait_for("all letters", lambda: sum(group["waiting"] for group in self.dlq("ls")) >= count)
        self.stop(process)
        self.assertEqual(sorted(int(one["key"]) for one in self.letters()), list(range(count)))

    def test_a_question_is_answered_by_typing_the_number(self):
        process = self.run_topology()
        self.order('{"id":1,"sku":"b"}', '{"id":2,"sku":"b"}')
        self.wait_for("two letters", lambda: len(self.letters()) == 2)
        for answer, code, left in (("y", 1, 2), ("1", 1, 2), ("2", 0, 0)):
            keyboard, terminal = pty.openpty()
            purge = subprocess.Popen([LEAT, "dlq", "purge", self.store, "--all"], stdin=terminal,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.addCleanup(self.end, purge)
            os.write(keyboard, (answer + "\n").encode())
            _, err = purge.communicate(timeout=60)
            os.close(keyboard)
            os.close(terminal)
            self.assertIn("Type 2 to go on", err)
            self.assertEqual((purge.returncode, len(self.letters())), (code, left), err)
        self.stop(process)


if __name__ == "__main__":
    unittest.main()
