"""Keyed state divided over instances, and over processes: the results are those of one instance."""
import json
import unittest

from launcher import LauncherTest

# Times go back by up to 30 s, one key has half of the rows, a few rows have no key.
LOGIC = """
topology: divided
delivery: best_effort
actors:
  events:
    kind: ingest.generate
    count: 60000
    seed: 11
    time: {{ start: 2026-01-01T00:00:00Z, step: 20ms }}
    fields: {{ at: 'time - duration(string(k1 % 30) + "s")', user: 'k2 % 2 == 0 ? "often" : "u" + string(k3 % 500)', n: k4 % 1000 }}
    event_time: {{ field: at, disorder: {disorder} }}
  windows:
    kind: aggregate
    inputs: [events]
    instances: {instances}
    key: user
    window: {window}
    compute: {{ rows: count, total: {{ sum: n }}, least: {{ min: n }}, different: {{ count_distinct: n }}, middle: {{ quantile: n }}, top: {{ top_k: n, k: 2 }} }}
  firsts:
    kind: dedupe
    inputs: [events]
    instances: {instances}
    key: user
    within: 2m
  results: {{ kind: publish.file, inputs: [windows], path: {name}.jsonl }}
  late: {{ kind: publish.file, inputs: [windows.late], path: {name}-late.jsonl }}
  first-rows: {{ kind: publish.file, inputs: [firsts], path: {name}-firsts.jsonl }}
"""


class Instances(LauncherTest):
    def run_with(self, name, instances, window, disorder="31s"):
        path = self.write(LOGIC.format(name=name, instances=instances, window=window, disorder=disorder), f"{name}.yaml")
        code, summary, err = self.finish(self.start("run", path, "--format", "json"))
        self.assertEqual(code, 0, err)
        counts = summary["actors"]["windows"]
        self.assertEqual(counts["in"], 60000)
        self.assertEqual(counts["errors"], 0)
        files = {part: sorted(json.dumps(row) for row in self.rows(f"{name}{part}.jsonl")) for part in ("", "-late", "-firsts")}
        self.assertEqual(len(files["-late"]), counts["late"])
        return files

    def check(self, window):
        one = self.run_with("one", 1, window)
        self.assertGreater(len(one[""]), 500)
        for instances in (2, 4):
            several = self.run_with(f"i{instances}", instances, window)
            for part in ("", "-firsts"):
                self.assertEqual(several[part], one[part], f"{instances} instances, {part or 'windows'}")
            self.assertEqual(several["-late"], [])

    def test_tumbling(self):
        self.check("{ tumbling: 1m }")

    def test_hopping(self):
        self.check("{ hopping: { size: 3m, every: 1m } }")

    def test_sessions(self):
        self.check("{ session: { gap: 20s } }")

    def test_every_row_is_in_a_window_or_late(self):
        files = self.run_with("early", 4, "{ tumbling: 10s }", disorder="5s")
        self.assertGreater(len(files["-late"]), 0)
        self.assertEqual(sum(json.loads(row)["rows"] for row in files[""]) + len(files["-late"]), 60000)


if __name__ == "__main__":
    unittest.main()
