"""A lookup's table, a file or a database, is replaced, broken and removed while rows flow."""
import json
import os
import select
import signal
import sqlite3
import time
import unittest

from launcher import LauncherTest

TOPOLOGY = """
topology: reload
delivery: best_effort
schemas:
  order: { id: int64, sku: string }
  product: { sku: string, price: float64 }
actors:
  orders: { kind: ingest.file, path: orders.jsonl, schema: order, follow: true }
  priced:
    kind: lookup
    inputs: [orders]
    table: { path: products.csv, schema: product, key: sku, reload: 20ms }  # the table
    key: sku
  out: { kind: publish.file, inputs: [priced], path: out.jsonl }
  failed: { kind: publish.file, inputs: [priced.errors], path: failed.jsonl }
"""
DATABASE = "    table: { path: products.sqlite, query: 'select sku, price from products', schema: product, key: sku, reload: 20ms }"


class ReloadTest(LauncherTest):
    def setUp(self):
        super().setUp()
        self.said = ""
        self.orders = 0
        self.write("", "orders.jsonl")

    def run_topology(self, text):
        self.process = self.start("run", self.write(text), "--format", "json")

    def wait_until_said(self, words):
        """Reads what the process says until a line has the words; what it said before is forgotten."""
        deadline = time.monotonic() + 90
        while words not in self.said:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.process.stderr], [], [], max(0, left))
            chunk = os.read(self.process.stderr.fileno(), 1 << 16) if ready else b""
            self.assertTrue(chunk, f"`{words}` was not said, but: {self.said}")
            self.said += chunk.decode()
        self.said = self.said.split(words, 1)[1]

    def price(self, sku="a"):
        """Sends an order; the price it gets."""
        self.orders += 1
        with open(self.folder / "orders.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps({"id": self.orders, "sku": sku}) + "\n")
        deadline = time.monotonic() + 90
        path = self.folder / "out.jsonl"
        while True:
            text = path.read_text() if path.exists() else ""
            rows = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
            if rows and rows[-1]["id"] == self.orders:
                return rows[-1]["price"]
            self.assertLess(time.monotonic(), deadline, "no row came")
            time.sleep(0.01)

    def stop(self):
        """The summary and the rows of `errors`."""
        self.process.send_signal(signal.SIGTERM)
        code, summary, err = self.finish(self.process)
        self.assertEqual(code, 0, err)
        return summary, self.rows("failed.jsonl")


class Files(ReloadTest):
    def setUp(self):
        super().setUp()
        self.replace_table("sku,price\na,1\n")
        self.run_topology(TOPOLOGY)

    def replace_table(self, text):
        self.write(text, "products.new")
        os.replace(self.folder / "products.new", self.folder / "products.csv")

    def test_rows_get_the_newest_table_that_is_good(self):
        self.wait_until_said("products.csv loaded: 1 rows")
        self.assertEqual(self.price(), 1)
        self.replace_table("sku,price\na,2\nb,20\n")
        self.wait_until_said("products.csv reloaded: 2 rows")
        self.assertEqual(self.price(), 2)
        self.replace_table("sku,price\na,cheap\n")
        self.wait_until_said("table not reloaded (failure 1)")
        self.assertEqual(self.price("b"), 20)
        os.remove(self.folder / "products.csv")
        self.wait_until_said("table not reloaded (failure 2)")
        self.assertEqual(self.price(), 2)
        self.replace_table("sku,price\na,3\n")
        self.wait_until_said("products.csv reloaded: 1 rows")
        self.assertEqual(self.price(), 3)
        summary, errors = self.stop()
        self.assertEqual(summary["actors"]["priced"]["errors"], 2)
        self.assertEqual([error["code"] for error in errors], ["malformed_record", "input_missing"])
        self.assertTrue(errors[0]["place"].endswith("products.csv:2"), errors[0])

    def test_a_missing_table_is_an_error_at_the_start(self):
        self.end(self.process)
        os.remove(self.folder / "products.csv")
        code, summary, err = self.finish(self.start("run", self.folder / "topology.yaml", "--format", "json"))
        self.assertEqual(summary["outcome"], "failed")
        self.assertNotEqual(code, 0)
        self.assertIn("products.csv: there is no such file", err)


class Databases(ReloadTest):
    def setUp(self):
        super().setUp()
        self.writer = sqlite3.connect(self.folder / "products.sqlite", isolation_level=None)
        self.addCleanup(self.writer.close)
        self.writer.execute("create table products(sku text, price real)")
        self.writer.execute("insert into products values ('a', 1)")
        line = next(line for line in TOPOLOGY.splitlines() if line.endswith("# the table"))
        self.topology = TOPOLOGY.replace(line, DATABASE)

    def test_rows_get_what_was_committed_last(self):
        for mode in ("delete", "wal"):
            self.assertEqual(self.writer.execute(f"pragma journal_mode = {mode}").fetchone(), (mode,))
            self.writer.execute("delete from products")
            self.writer.execute("insert into products values ('a', 1)")
            self.orders = 0
            for name in ("orders.jsonl", "out.jsonl", "failed.jsonl"):
                self.write("", name)
            self.run_topology(self.topology)
            self.wait_until_said("products.sqlite loaded: 1 rows")
            self.assertEqual(self.price(), 1)
            self.writer.execute("begin")
            self.writer.execute("update products set price = 2")
            self.writer.execute("insert into products values ('b', 20)")
            self.assertEqual(self.price(), 1, mode)
            self.writer.execute("commit")
            self.wait_until_said("products.sqlite reloaded: 2 rows")
            self.assertEqual(self.price(), 2, mode)
            self.writer.execute("update products set price = 'cheap'")
            self.wait_until_said("table not reloaded (failure 1)")
            self.assertEqual(self.price("b"), 20, mode)
            self.writer.execute("update products set price = 3")
            self.wait_until_said("products.sqlite reloaded: 2 rows")
            self.assertEqual(self.price("b"), 3, mode)
            summary, errors = self.stop()
            self.assertEqual(summary["actors"]["priced"]["errors"], 1)
            self.assertEqual([error["code"] for error in errors], ["malformed_record"])
            self.assertIn("field `price` is a float64, found a string", errors[0]["message"])

    def test_a_writer_that_keeps_the_lock_stops_no_row(self):
        self.run_topology(self.topology)
        self.wait_until_said("products.sqlite loaded: 1 rows")
        self.writer.execute("begin exclusive")
        self.writer.execute("update products set price = 2")
        began = time.monotonic()
        self.assertEqual(self.price(), 1)
        self.assertLess(time.monotonic() - began, 1.5, "the row waited for the lock")
        self.wait_until_said("a writer has locked the database")
        self.assertEqual(self.price(), 1)
        self.writer.execute("commit")
        self.wait_until_said("products.sqlite reloaded: 1 rows")
        self.assertEqual(self.price(), 2)
        self.stop()

    def test_a_query_that_does_not_fit_never_starts(self):
        text = self.topology.replace("select sku, price", "select sku, price as prize")
        code, _, err = self.finish(self.start("run", self.write(text)))
        self.assertEqual(code, 78, err)
        self.assertIn("it gives no column `price`, only sku, prize", err)


if __name__ == "__main__":
    unittest.main()
