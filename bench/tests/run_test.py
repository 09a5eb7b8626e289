"""The judgements of bench/run on made-up results."""
import importlib.machinery
import importlib.util
import os
import unittest

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "run")
loader = importlib.machinery.SourceFileLoader("bench_run", PATH)
spec = importlib.util.spec_from_loader("bench_run", loader)
run = importlib.util.module_from_spec(spec)
loader.exec_module(run)


def results(field, values):
    return [{field: value, "verified": True} for value in values]


def verdict(runs, goal_id, what, slack=0.0):
    for goal, value, verdict in run.judge(runs, slack):
        if goal.id == goal_id and what in goal.what:
            return value, verdict
    raise AssertionError(f"no goal {goal_id} {what}")


class Judgement(unittest.TestCase):
    def test_the_median_of_ratios_is_not_the_ratio_of_medians(self):
        runs = {"b1": {"leat": results("events_per_s", [80, 200, 30]), "zmq": results("events_per_s", [100, 100, 10])}}
        self.assertEqual(verdict(runs, "G4", ""), (2.0, "pass"))

    def test_a_miss_fails_and_slack_forgives_a_fifth(self):
        runs = {"relays-1": {"leat": results("cpu_s_per_m", [1.4]), "zmq": results("cpu_s_per_m", [1.0])}}
        self.assertEqual(verdict(runs, "G8", "CPU per event, one core"), (1.4, "FAIL"))
        self.assertEqual(verdict(runs, "G8", "CPU per event, one core", slack=0.2), (1.4, "pass"))

    def test_a_missing_contender_is_said_not_failed(self):
        value, text = verdict({"b1": {"zmq": results("events_per_s", [1])}}, "G4", "")
        self.assertIsNone(value)
        self.assertEqual(text, "skipped: no leat in b1")

    def test_growth_compares_slopes(self):
        runs = {}
        for n in run.RELAYS:
            runs[f"relays-{n}"] = {"leat": results("cpu_s_per_m", [5 + 2.0 * n]), "zmq": results("cpu_s_per_m", [1 + 1.0 * n])}
        value, text = verdict(runs, "G13", "cost per extra relay")
        self.assertAlmostEqual(value, 2.0)
        self.assertEqual(text, "FAIL")
        value, text = verdict(runs, "G13", "R2")
        self.assertAlmostEqual(value, 1.0)
        self.assertEqual(text, "pass")

    def test_memory_is_a_difference(self):
        runs = {"b64": {"leat": results("rss_mb", [60, 40, 50]), "zmq": results("rss_mb", [30, 30, 30])}}
        self.assertEqual(verdict(runs, "G14", "in process"), (20, "pass"))


if __name__ == "__main__":
    unittest.main()
