#!/usr/bin/env python3
"""Comparing, shadows, a version on trial, fallbacks and drift, through the program itself, on a copy of topologies/fraud-scoring.

  selection_cli_test.py LEAT SOURCE_DIR
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

LEAT, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
ENV = {**os.environ, "LEAT_FRAUD_PORT": "0"}
problems = []


def check(good, what):
    if not good:
        problems.append(what)


def leat(*arguments, **variables):
    done = subprocess.run([LEAT, *arguments], env={**ENV, **variables}, capture_output=True, text=True, timeout=100)
    return done.returncode, done.stdout, done.stderr


def rows(path):
    return [json.loads(line) for line in open(path)]


def changed(folder, name, *replacements):
    """Writes a topology like `name`, with other text here and there."""
    text = (folder / name).read_text()
    for old, new in replacements:
        assert old in text, f"{name} has no {old}"
        text = text.replace(old, new)
    path = folder / f"changed-{name}"
    path.write_text(text)
    return str(path)


def test_compare(folder):
    code, out, error = leat("run", str(folder / "train.yaml"), LEAT_FRAUD_TRAIN="20000")
    if code == 78 and "XGBoost" in error:
        print("skipped: " + error.splitlines()[0])
        sys.exit(0)
    check(code == 0, f"compare: {code} {error}")
    reports = {row["algorithm"]: row for row in map(json.loads, out.splitlines())}
    check(set(reports) == {"linear", "xgboost"}, f"compare: {out}")
    taken = [row for row in reports.values() if row["taken"]]
    check(len(taken) == 1 and taken[0]["auc"] == max(row["auc"] for row in reports.values()), f"compare: {out}")
    metrics = json.loads((folder / "models/risk/1/metrics.json").read_text())
    check(metrics["algorithm"] == taken[0]["algorithm"] and len(metrics["compared"]) == 1, f"compare: {metrics}")


def test_shadow(folder):
    # The second version is much slower, and learnt from little: it answers otherwise.
    slow = changed(folder, "train.yaml", ("rounds: 60", "rounds: 1500"), ("compare: [linear, xgboost]", "replace: always"))
    code, _, error = leat("run", slow, LEAT_FRAUD_TRAIN="4000")
    check(code == 0 and (folder / "models/risk/2/model.ubj").exists(), f"slow version: {error}")
    code, _, error = leat("model", "swap", str(folder / "models/risk"), "1")
    check(code == 0, f"swap: {error}")
    score = changed(folder, "topology.yaml", ("    model: models/risk\n", "    model: models/risk\n    shadow: [{ version: 1 }, { version: 2 }]\n"))
    code, _, error = leat("run", score, LEAT_FRAUD_COUNT="20500", LEAT_FRAUD_FROM="20000")
    check(code == 0, f"shadow: {code} {error}")
    scored = rows(folder / "out/scored.jsonl")
    check(len(scored) == 500 and {row["answered_by"] for row in scored} == {"xgboost/risk@1"}, "shadow: rows")
    told = [line for line in error.splitlines() if "shadow xgboost/risk@" in line]
    check(len(told) == 2 and "risk@1 beside xgboost/risk@1: 500 of 500 rows agree (100.0 %)" in told[0], f"shadow: {told}")
    check("500 of 500" not in told[-1], f"shadow: {told}")


def test_model_shadow(folder):
    model, scored = str(folder / "models/risk"), str(folder / "out/scored.jsonl")
    code, out, error = leat("model", "shadow", model, model, scored, "--other-version", "2", "--format", "json")
    found = json.loads(out) if code == 0 else {}
    check(code == 0 and found["rows"] == 500 and 0 < found["agreed"] < 500, f"model shadow: {out}{error}")
    check(found["first"]["model"] == "xgboost/risk@1" and found["second"]["us_per_row"] > found["first"]["us_per_row"],
          f"model shadow: {out}")
    worst = found["worst"][0]
    check(abs(worst["first"]["score"] - worst["second"]["score"]) == max(
        abs(one["first"]["score"] - one["second"]["score"]) for one in found["worst"]), f"model shadow: {worst}")
    code, out, error = leat("model", "shadow", model, model, scored)
    check(code == 0 and "500 of 500 rows agree (100.00 %)" in out, f"model shadow: {out}{error}")
    code, out, error = leat("model", "shadow", model, "nowhere.onnx", scored)
    check(code == 66, f"model shadow of nothing: {code} {error}")
    code, out, error = leat("model", "shadow", model, model, "nowhere.jsonl")
    check(code == 66, f"model shadow on nothing: {code} {error}")


CANARY = "    model: models/risk\n    canary: {{ version: 2, share: 20%, key: card{} }}\n"


def test_canary(folder):
    score = changed(folder, "topology.yaml", ("    model: models/risk\n", CANARY.format(", rollback: { errors: 1% }")))
    code, _, error = leat("run", score, LEAT_FRAUD_COUNT="30000", LEAT_FRAUD_FROM="20000")
    check(code == 0, f"canary: {code} {error}")
    scored = rows(folder / "out/scored.jsonl")
    check(len({row["id"] for row in scored}) == len(scored) == 10000, f"canary: {len(scored)} rows")
    by_card = {}
    for row in scored:
        by_card.setdefault(row["card"], set()).add(row["answered_by"])
    check(all(len(by) == 1 for by in by_card.values()), "canary: a card was answered by two versions")
    trial = sum(by == {"xgboost/risk@2"} for by in by_card.values())
    check(0.1 < trial / len(by_card) < 0.3, f"canary: {trial} of {len(by_card)} cards")


def test_canary_goes_back(folder):
    limits = ", rollback: { latency: 0.01x, after: 200 rows }"  # no version is so fast, whatever runs here besides
    score = changed(folder, "topology.yaml", ("    model: models/risk\n", CANARY.format(limits)))
    code, _, error = leat("run", score, LEAT_FRAUD_COUNT="40000", LEAT_FRAUD_FROM="20000")
    check(code == 0, f"rollback: {code} {error}")
    scored = rows(folder / "out/scored.jsonl")
    check(len(scored) == 20000, f"rollback: {len(scored)} rows")
    check("canary xgboost/risk@2 goes back, xgboost/risk@1 answers all rows: half of its calls took" in error, f"rollback: {error}")
    by = [row["answered_by"] for row in scored]
    check("xgboost/risk@2" in by and "xgboost/risk@2" not in by[-5000:], "rollback: who answered")


FALLBACK = """
topology: fallback
delivery: best_effort
actors:
  headlines:
    kind: ingest.generate
    count: 400
    fields: { id: seq, title: 'seq % 4 == 0 ? null : "profit"', teaser: 'seq % 8 == 0 ? null : "loss"' }
  mood:
    kind: infer
    inputs: [headlines]
    engine: lexicon
    model: ./words.tsv
    map: { in: title, out: { mood: label } }
    otherwise: OTHERWISE
  show: { kind: publish.file, inputs: [mood], path: out/mood.jsonl }
  rest: { kind: publish.file, inputs: [mood.errors], path: out/errors.jsonl }
"""


def test_otherwise(folder):
    (folder / "words.tsv").write_text("profit\t2\nloss\t-3\n")
    (folder / "others.tsv").write_text("loss\t-3\n")
    engine = "{ engine: lexicon, model: ./others.tsv, map: { in: teaser, out: { mood: label } } }"
    (folder / "fallback.yaml").write_text(FALLBACK.replace("OTHERWISE", engine))
    code, _, error = leat("run", str(folder / "fallback.yaml"))
    check(code == 0, f"otherwise: {code} {error}")
    answered, errors = rows(folder / "out/mood.jsonl"), rows(folder / "out/errors.jsonl")
    check([row["id"] for row in answered] == [n for n in range(400) if n % 8], "otherwise: order")
    check(all(row["answered_by"] == ("lexicon/others" if row["id"] % 4 == 0 else "lexicon/words") for row in answered),
          "otherwise: who answered")
    check(len(errors) == 50 and all("; otherwise lexicon/others: `teaser` is null" in row["message"] for row in errors),
          f"otherwise: {errors[:1]}")
    port = FALLBACK.replace("OTHERWISE", "port") + "  left: { kind: publish.file, inputs: [mood.otherwise], path: out/left.jsonl }\n"
    (folder / "port.yaml").write_text(port)
    code, _, error = leat("run", str(folder / "port.yaml"))
    check(code == 0, f"port: {code} {error}")
    check([row["id"] for row in rows(folder / "out/left.jsonl")] == list(range(0, 400, 4)), "port: rows")
    check(len(rows(folder / "out/mood.jsonl")) == 300, "port: answered")


DRIFT = """
topology: drift
delivery: best_effort
actors:
  payments:
    kind: ingest.generate
    count: COUNT
    # After 8,000 payments what was fraud is none, and the other way round.
    fields: { id: seq, amount: r1, hour: r2, fraud: (r1 + r2 > 1.0) == (seq < 8000) }
  learn:
    kind: train
    inputs: [payments]
    model: models/changing
    features: { amount: amount, hour: hour }
    label: fraud
    rounds: 20
    on: { drift: { rows: 1000 } }
  report: { kind: publish.file, inputs: [learn], path: out/report.jsonl }
"""


def test_drift(folder):
    def run(count):
        (folder / "drift.yaml").write_text(DRIFT.replace("COUNT", count))
        code, _, error = leat("run", str(folder / "drift.yaml"))
        check(code == 0, f"drift: {code} {error}")
        return rows(folder / "out/report.jsonl"), error

    first, error = run("2000")
    check(first[0]["version"] == 1 and first[0]["because"] == "drift", f"drift: {first}")
    check("drift:" not in error, f"drift: {error}")
    report, error = run("12000")
    check(report[0]["taken"] and report[0]["because"] == "drift", f"drift: {report}")
    check(report[0]["auc"] > 0.9 > 0.5 > report[0]["previous_auc"], f"drift: {report}")
    check("drift: model xgboost/changing@" in error and "had a loss of 0.0" in error, f"drift: {error}")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file in ("topology.yaml", "train.yaml"):
            shutil.copy(SOURCE / "topologies/fraud-scoring" / file, folder)
        for test in (test_compare, test_shadow, test_model_shadow, test_canary, test_canary_goes_back, test_otherwise, test_drift):
            test(folder)
            if problems:
                break
    print("\n".join(problems))
    return 1 if problems else 0


sys.exit(main())
