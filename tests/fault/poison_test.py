#!/usr/bin/env python3
"""A row that crashes an actor: found, refused and reported, and nothing else lost."""
import json
import os
import unittest

from launcher import LauncherTest

TOPOLOGY = """
topology: poison
plugins: [{plugin}]
checkpoint: {{ every: 50ms, path: checkpoints }}
actors:
  made: {{ kind: ingest.generate, count: {count}, rate: 8000/s, seed: 3, fields: {{ n: seq }} }}
  before: {{ kind: transform, inputs: [made], extend: {{ m: n * 2 }} }}
  risky: {{ kind: test.crasher, inputs: [before], when: "{when}" }}
  counted: {{ kind: aggregate, inputs: [risky], key: {{ digit: n % 10 }}, window: {{ count: 100 }}, compute: {{ rows: count }}, discard: [late] }}
  shown: {{ kind: publish.file, inputs: [counted], path: counted.jsonl }}
  passed: {{ kind: publish.file, inputs: [risky], path: passed.jsonl }}
  failed: {{ kind: publish.file, inputs: [risky.errors], path: failed.jsonl }}
"""


class PoisonTest(LauncherTest):
    def run_with(self, when, count=3000):
        topology = self.write(TOPOLOGY.format(plugin=os.environ["LEAT_CRASHER"], count=count, when=when))
        return self.finish(self.start("run", topology), 120)

    def test_the_row_goes_to_errors_and_all_others_pass_once(self):
        code, _, err = self.run_with("n == 1234 || n == 2100")
        self.assertEqual(code, 0, err)
        self.assertEqual(sorted(row["n"] for row in self.rows("passed.jsonl")), [n for n in range(3000) if n not in (1234, 2100)])
        self.assertEqual(sum(row["rows"] for row in self.rows("counted.jsonl")), 2998)
        failed = self.rows("failed.jsonl")
        self.assertEqual(sorted(row["record"]["n"] for row in failed), [1234, 2100])
        self.assertEqual({row["code"] for row in failed}, {"poison_record"})
        self.assertIn("in `risky`: starting again", err)
        self.assertIn("it gets its rows one by one", err)
        self.assertEqual(err.count("one row crashes `risky`: it goes to `risky.errors`"), 2)

    def test_an_actor_that_crashes_on_every_row_is_given_up(self):
        code, _, err = self.run_with("n >= 0", 100_000)
        self.assertEqual(code, 70, err[-2000:])
        self.assertIn("in `risky` for the 10th time in a minute: given up", err)


if __name__ == "__main__":
    unittest.main()
