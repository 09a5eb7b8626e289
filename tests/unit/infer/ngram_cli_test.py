#!/usr/bin/env python3
"""Texts learnt, served and exported through the program itself, with news-sentiment's own train.yaml on sentences made here.

  ngram_cli_test.py LEAT SOURCE_DIR
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

LEAT, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
SCORE = """
topology: score
delivery: best_effort
schemas:
  sentence: { text: string, positive: bool }
actors:
  sentences: { kind: ingest.file, path: data/sentences.jsonl, schema: sentence }
  mood: { kind: infer, inputs: [sentences], engine: ENGINE, model: MODEL, map: { in: text, out: mood } }
  show: { kind: publish.file, inputs: [mood], path: "-" }
"""


def leat(*arguments):
    return subprocess.run([LEAT, *map(str, arguments)], capture_output=True, text=True, timeout=100, check=False)


def score(folder, engine, model):
    (folder / "score.yaml").write_text(SCORE.replace("ENGINE", engine).replace("MODEL", model), encoding="utf-8")
    done = leat("run", "--quiet", folder / "score.yaml")
    if done.returncode == 78 and "ONNX Runtime" in done.stderr:
        return None
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    shutil.copy(SOURCE / "topologies/news-sentiment/train.yaml", folder)
    (folder / "data").mkdir()
    things = ["film", "meal", "phone", "book", "song"]
    rows = [{"text": f"{'A lovely' if at % 2 == 0 else 'A dreadful'} {things[at % 5]} number {at % 17}", "positive": at % 2 == 0}
            for at in range(400)]
    (folder / "data/sentences.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    done = leat("run", "--quiet", folder / "train.yaml")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["algorithm"] == "ngram" and report["version"] == 1 and report["held_out"] == 80 and report["auc"] > 0.99, report

    served = score(folder, "ngram", "models/mood")
    assert all((row["mood_score"] > 0.5) == row["positive"] for row in served), "a training sentence is told wrong"
    assert {row["mood_model"] for row in served} == {"ngram/mood@1"}, served[0]

    done = leat("model", "export", folder / "models/mood", folder / "mood.onnx")
    assert done.returncode == 0, done.stderr
    assert 130_000 < (folder / "mood.onnx").stat().st_size < 133_000, "its size is in the documentation"
    exported = score(folder, "onnx", "./mood.onnx")
    if exported is None:
        print("skipped in part: no ONNX Runtime here")
    else:
        worst = max(abs(a["mood_score"] - b["mood_score"]) for a, b in zip(served, exported, strict=True))
        assert worst < 1e-6, worst
