"""A lookup's table file is replaced, broken and removed while rows flow."""
import json
import os
import select
import signal
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
    table: { path: products.csv, schema: product, key: sku, reload: 20ms }
    key: sku
  out: { kind: publish.file, inputs: [priced], path: out.jsonl }
  failed: { kind: publish.file, inputs: [priced.errors], path: failed.jsonl }
"""


class Reload(LauncherTest):
    def setUp(self):
        super().setUp()
        self.said = ""
        self.orders = 0
        self.write("", "orders.jsonl")
        self.replace_table("sku,price\na,1\n")
        topology = self.write(TOPOLOGY)
        self.process = self.start("run", topology, "--format", "json")

    def replace_table(self, text):
        self.write(text, "products.new")
        os.replace(self.folder / "products.new", self.folder / "products.csv")

    def wait_until_said(self, words):
        """Reads what the process says until a line has the words; what it said before is forgotten."""
        deadline = time.monotonic() + 30
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
        deadline = time.monotonic() + 30
        path = self.folder / "out.jsonl"
        while True:
            text = path.read_text() if path.exists() else ""
            rows = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
            if rows and rows[-1]["id"] == self.orders:
                return rows[-1]["price"]
            self.assertLess(time.monotonic(), deadline, "no row came")
            time.sleep(0.01)

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
        self.process.send_signal(signal.SIGTERM)
        code, summary, err = self.finish(self.process)
        self.assertEqual(code, 0, err)
        self.assertEqual(summary["actors"]["priced"]["errors"], 2)
        errors = self.rows("failed.jsonl")
        self.assertEqual([error["code"] for error in errors], ["malformed_record", "input_missing"])
        self.assertTrue(errors[0]["place"].endswith("products.csv:2"), errors[0])

    def test_a_missing_table_is_an_error_at_the_start(self):
        self.end(self.process)
        os.remove(self.folder / "products.csv")
        code, summary, err = self.finish(self.start("run", self.folder / "topology.yaml", "--format", "json"))
        self.assertEqual(summary["outcome"], "failed")
        self.assertNotEqual(code, 0)
        self.assertIn("products.csv: there is no such file", err)


if __name__ == "__main__":
    unittest.main()
