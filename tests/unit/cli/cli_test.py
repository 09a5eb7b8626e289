#!/usr/bin/env python3
"""cli_test.py LEAT SOURCE_DIR: every verb, its exit codes and its streams."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

LEAT, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
CORPUS = str(SOURCE / "tests/topology/corpus/two-hosts.yaml")
QUICK = str(SOURCE / "examples/quickstart")
VERBS = ["run", "replay", "validate", "test", "plan", "graph", "list", "explain", "expand", "schema", "eval", "subscribe", "log", "completion"]
GOOD = """topology: small
delivery: best_effort
actors:
  made-up: { kind: ingest.generate, count: 3, fields: { id: seq } }
  show: { kind: publish.file, inputs: [made-up], path: "-" }
"""


class Cli(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="leat-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, text, name="topology.yaml"):
        (self.folder / name).write_text(text)
        return str(self.folder / name)

    def leat(self, *arguments, code=0, stdin="", env=None):
        done = subprocess.run([LEAT, *arguments], input=stdin, capture_output=True, text=True, check=False,
                              cwd=self.folder, env=dict(os.environ, **(env or {})), timeout=60)
        self.assertEqual(done.returncode, code, f"leat {' '.join(arguments)}\n{done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def test_help_ends_with_examples_for_every_verb(self):
        for verb in [[]] + [[verb] for verb in VERBS]:
            out, err = self.leat(*verb, "--help")
            self.assertEqual(err, "")
            examples = out[out.rindex("Examples:"):].strip().splitlines()
            self.assertGreaterEqual(len(examples), 2, verb)
            self.assertTrue(all("leat" in line for line in examples[1:]), examples)

    def test_version(self):
        self.assertRegex(self.leat("--version")[0], r"^leat \d+\.\d+\.\d+ \(plugin ABI \d+\)\n$")

    def test_misspelt_words_are_usage_errors_with_a_proposal(self):
        self.assertIn("did you mean `validate`?", self.leat("vaildate", code=64)[1])
        self.assertIn("did you mean `--host`?", self.leat("run", "--hots", "x", code=64)[1])
        self.assertIn("did you mean `transform`?", self.leat("explain", "trasnform", code=64)[1])
        self.assertIn("json", self.leat("list", "--format", "jsno", code=64)[1])
        self.leat("eval", code=64)
        self.assertIn("name a kind", self.leat("explain", code=64)[1])

    def test_the_topology_is_found_by_default_name_file_or_folder(self):
        self.assertIn("leat.yaml", self.leat("validate", code=66)[1])
        self.write(GOOD)
        self.leat("validate")
        self.leat("validate", ".")
        self.leat("validate", "topology.yaml")
        self.write(GOOD.replace("small", "Bad Name"), "leat.yaml")
        self.leat("validate", code=78)  # leat.yaml comes first
        self.assertIn("no such file", self.leat("validate", "missing.yaml", code=66)[1])

    def test_validate_sends_problems_to_stderr_and_json_to_stdout(self):
        bad = self.write(GOOD.replace("[made-up]", "[made-pu]"))
        out, err = self.leat("validate", bad, code=78)
        self.assertEqual(out, "")
        self.assertIn("did you mean `made-up`?", err)
        self.assertIn("1 error — `leat explain L0204`", err)
        self.assertNotIn("\x1b", err)
        out, err = self.leat("validate", bad, "--format", "json", code=78)
        self.assertEqual(err, "")
        problem = json.loads(out)
        self.assertEqual((problem["code"], problem["line"], problem["column"]), ("L0204", 5, 40))
        self.assertEqual(problem["suggestion"], "did you mean `made-up`?")

    def test_strict_turns_warnings_into_a_negative_result(self):
        warned = self.write(GOOD.replace('  show:', '  kept: { kind: transform, inputs: [made-up] }\n  show:'))
        self.assertIn("1 warning", self.leat("validate", warned)[0])
        self.leat("validate", warned, "--strict", code=1)
        self.leat("validate", self.write(GOOD), "--strict")

    def test_plan_prints_workers_links_and_the_bound(self):
        out, err = self.leat("plan", CORPUS)
        for part in ["checked.0", "tcp://10.0.0.2:5700", "key card", "drop_oldest", "hold at most"]:
            self.assertIn(part, out)
        plan = json.loads(self.leat("plan", CORPUS, "--format", "json")[0])
        self.assertGreater(plan["memory_bound_bytes"], 0)
        self.assertEqual(plan["links"][0]["max_rows"], 20000)

    def test_graph_in_all_forms(self):
        self.assertIn("payments", self.leat("graph", CORPUS)[0])
        self.assertTrue(self.leat("graph", CORPUS, "--format", "mermaid")[0].startswith("flowchart LR\n"))
        self.assertTrue(self.leat("graph", CORPUS, "--format", "dot")[0].startswith("digraph"))
        graph = json.loads(self.leat("graph", CORPUS, "--format", "json")[0])
        self.assertEqual(len(graph["actors"]), 7)
        if shutil.which("dot"):
            self.assertIn("<svg", self.leat("graph", CORPUS, "--format", "svg")[0])
        (self.folder / "bin").mkdir()
        for tool in ["sh", "cat"]:
            (self.folder / "bin" / tool).symlink_to(shutil.which(tool))
        # Without graphviz the message names both ways on. `popen` uses /bin/sh whatever PATH says.
        _, err = self.leat("graph", CORPUS, "--format", "svg", code=69, env={"PATH": str(self.folder / "bin")})
        self.assertIn("graphviz is not installed", err)
        self.assertIn("--format mermaid", err)

    def test_expand_can_be_loaded_again_and_masks_secrets(self):
        for topology in [CORPUS, QUICK]:
            out, _ = self.leat("expand", topology)
            again = self.write(out.replace("two-hosts.yaml", CORPUS), "again.yaml")
            self.leat("validate", again)
            self.assertEqual(json.loads(self.leat("graph", topology, "--format", "json")[0]),
                             json.loads(self.leat("graph", again, "--format", "json")[0]))
        (self.folder / "secrets").mkdir()
        self.write("hunter22", "secrets/token")
        secret = self.write(GOOD.replace('path: "-"', 'path: "out-${secret:token}.jsonl"'))
        out, err = self.leat("expand", secret, env={"LEAT_SECRETS": str(self.folder / "secrets")})
        self.assertIn("out-***.jsonl", out)
        self.assertNotIn("hunter22", out + err)

    def test_list_and_explain(self):
        out, _ = self.leat("list")
        self.assertIn("transform ", out)
        kinds = [json.loads(line) for line in self.leat("list", "--format", "json")[0].splitlines()]
        self.assertEqual({kind["origin"] for kind in kinds}, {"built in"})
        for kind in kinds:
            self.assertIn("example", self.leat("explain", kind["kind"])[0])
            self.assertEqual(json.loads(self.leat("explain", kind["kind"], "--format", "json")[0])["kind"], kind["kind"])
        for topic in ["L0204", "l0204", "unknown_actor"]:
            self.assertIn("L0204 unknown_actor", self.leat("explain", topic)[0])

    def test_schema_knows_every_kind_and_its_required_options(self):
        schema = json.loads(self.leat("schema")[0])
        self.assertFalse(schema["additionalProperties"])
        actor = schema["properties"]["actors"]["additionalProperties"]
        kinds = set(actor["properties"]["kind"]["enum"])
        self.assertEqual(kinds, {json.loads(line)["kind"] for line in self.leat("list", "--format", "json")[0].splitlines()})
        of_file = next(part["then"] for part in actor["allOf"] if part["if"]["properties"]["kind"]["const"] == "publish.file")
        self.assertIn("path", of_file["required"])
        self.assertFalse(of_file["additionalProperties"])
        try:
            import jsonschema
            import yaml
        except ImportError:
            return
        quick = yaml.safe_load(pathlib.Path(QUICK, "topology.yaml").read_text())
        news = yaml.safe_load((SOURCE / "topologies/news-sentiment/topology.yaml").read_text())
        for topology in [quick, news]:
            jsonschema.validate(topology, schema)
        quick["tests"][0]["steps"][0]["raws"] = []
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate(quick, schema)

    def test_eval(self):
        self.assertEqual(self.leat("eval", "1 + 2")[0], "3\n")
        event = self.write('{"price": 2.5, "count": 4}', "event.json")
        self.assertEqual(json.loads(self.leat("eval", "price * double(count)", "--input", event)[0]), 10)
        self.assertEqual(self.leat("eval", "a + 1", "--input", "-", stdin='{"a": 1}')[0], "2\n")
        for wrong in ["1 / 0", "1 +", "nothing", "1 + 1.5"]:
            out, err = self.leat("eval", wrong, code=1)
            self.assertEqual(out, "")
            self.assertIn("error: ", err)
        self.leat("eval", "a", "--input", "missing.json", code=66)

    def test_completion_names_every_verb(self):
        for shell in ["bash", "zsh", "fish"]:
            out, _ = self.leat("completion", shell)
            for verb in VERBS:
                self.assertIn(verb, out)
        self.leat("completion", "tcsh", code=64)
        script = self.write(self.leat("completion", "bash")[0], "complete.sh")
        done = subprocess.run(["bash", "-c", f"source {script}; COMP_WORDS=(leat va); COMP_CWORD=1; _leat; echo ${{COMPREPLY[@]}}"],
                              capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.strip(), "validate")

    def test_run_prints_data_to_stdout_and_its_summary_last(self):
        out, _ = self.leat("run", self.write(GOOD), "--format", "json")
        lines = out.splitlines()
        self.assertEqual([json.loads(line)["id"] for line in lines[:3]], [0, 1, 2])
        summary = json.loads(lines[-1])
        self.assertEqual(summary["topology"], "small")
        self.assertEqual(summary["actors"]["made-up"]["out"], 3)
        self.leat("run", self.write(GOOD.replace("count: 3", "count: x")), code=78)
        self.leat("run", "missing.yaml", code=66)
        self.leat("run", self.write(GOOD), "--plugin", "none.so", code=78)


unittest.main(argv=sys.argv[:1], verbosity=1)
