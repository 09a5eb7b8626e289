#!/usr/bin/env python3
"""infer with a remote engine against an endpoint that misbehaves: every row has one outcome, whatever happens, kill -9 included."""
import os
import pathlib
import random
import re
import signal
import subprocess
import unittest
import urllib.request

from endpoint_server import FAULTS, Endpoint
from launcher import LEAT, main
from reference import ReferenceTest

KILLS = int(os.environ.get("LEAT_KILLS", "12"))

TOPOLOGY = """
topology: asking
checkpoint: {{ every: 50ms, path: checkpoints }}
actors:
  rows:
    kind: ingest.generate
    count: {count}
    rate: {rate}
    seed: 3
    time: {{ start: 2026-01-01T00:00:00Z, step: 10ms }}
    fields: {{ id: seq, card: k1 % 20, distance: 'seq % 50 == 49 ? -1.0 - double(seq) : double(seq)', time: time }}
    event_time: {{ field: time }}
  fares:
    kind: infer
    inputs: [{{ from: rows, queue: {{ max: 200 rows }} }}]
    instances: {instances}
    engine: remote
    endpoint:
      url: "{url}"
      outputs: {{ minutes: float64 }}
{tls}
    map: {{ in: {{ distance: distance }}, out: {{ minutes: minutes }} }}
{options}
  out: {{ kind: publish.file, inputs: [fares], path: out.jsonl }}
  errors: {{ kind: publish.file, inputs: [fares.errors], path: errors.jsonl }}
"""

BOTH = """
topology: both
delivery: best_effort
actors:
  flights:
    kind: ingest.generate
    count: 500
    seed: 4
    fields: {{ hour: r1 * 24.0, weekday: double(k1 % 7), distance: r2 * 2500.0, recent_delay: r3 * 60.0 - 10.0, recent_flights: double(k2 % 100) }}
  local:
    kind: infer
    inputs: [flights]
    engine: xgboost
    model: {models}/delay
    map:
      in: {{ hour: hour, weekday: weekday, distance: distance, recent_delay: recent_delay, recent_flights: recent_flights }}
      out: local
  both:
    kind: infer
    inputs: [local]
    engine: remote
    endpoint: {{ url: "{url}/v2/models/delay/infer", outputs: {{ score: float64 }} }}
    map:
      in: {{ hour: hour, weekday: weekday, distance: distance, recent_delay: recent_delay, recent_flights: recent_flights }}
      out: remote
    batch: {{ max: 16, delay: 1ms }}
  out: {{ kind: publish.file, inputs: [both], path: both.jsonl }}
"""

PATIENT = """    in_flight: 16
    deadline: 60s
    timeout: 200ms
    retry: { attempts: 40, backoff: 5ms, on: [timeout, connection, 429, 5xx, answer] }
"""


class EndpointTest(ReferenceTest):
    def endpoint(self, **options):
        endpoint = Endpoint(**options)
        self.addCleanup(endpoint.close)
        return endpoint

    def asking(self, url, options=PATIENT, count=600, rate="max", tls="", instances=1):
        return self.write(TOPOLOGY.format(url=url, options=options, count=count, rate=rate, tls=tls, instances=instances))

    def check_outcomes(self, count, only=("endpoint_refused",)):
        """Each row once: with its own answer, or among the errors."""
        rows, errors = self.rows("out.jsonl"), self.rows("errors.jsonl")
        for row in rows:
            self.assertEqual(row["minutes"], 2 * row["distance"], row)
            self.assertEqual(row["answered_by"], "remote/fare@7")
        ids = [row["id"] for row in rows] + [error["record"]["id"] for error in errors]
        self.assertEqual(len(ids), len(set(ids)), "a row has two outcomes")
        self.assertEqual(sorted(ids), list(range(count)))
        self.assertLessEqual({error["code"] for error in errors}, set(only), errors[:3])
        return rows, errors

    def test_every_row_has_one_outcome_with_an_endpoint_that_misbehaves(self):
        endpoint = self.endpoint(faults=0.3)
        for shared in ("", "    batch: { max: 8, delay: 2ms }\n"):
            with self.subTest(shared):
                endpoint.kinds.clear()
                self.succeed(self.start("run", self.asking(endpoint.url, PATIENT + shared), "--quiet", "--from", "none"))
                rows, errors = self.check_outcomes(600)
                self.assertEqual(sorted(error["record"]["id"] for error in errors), list(range(49, 600, 50)))
                for path in ("out.jsonl", "errors.jsonl"):
                    (self.folder / path).unlink()
        self.assertGreater(len(endpoint.kinds), len(FAULTS) // 2)

    def test_order_is_kept_within_a_key_and_among_all(self):
        endpoint = self.endpoint(faults=0.2, seed=2)
        for order, lane in (("all", lambda row: 0), ("{ by_key: card }", lambda row: row["card"])):
            with self.subTest(order):
                self.succeed(self.start("run", self.asking(endpoint.url, PATIENT + f"    order: {order}\n", 300), "--quiet", "--from", "none"))
                rows, _ = self.check_outcomes(300)
                last = {}
                for row in rows:
                    self.assertGreater(row["id"], last.get(lane(row), -1))
                    last[lane(row)] = row["id"]
                for path in ("out.jsonl", "errors.jsonl"):
                    (self.folder / path).unlink()

    def test_rows_under_way_are_asked_about_again_after_kill_9(self):
        endpoint = self.endpoint(faults=0.2, seed=3)
        topology = self.asking(endpoint.url, PATIENT, 3000, "1000/s")
        chance = random.Random(5)
        process, kills = self.run_host(topology), 0
        while kills < KILLS and not self.wait([process], chance.uniform(0.1, 0.5)):
            self.kill(process)
            process = self.run_host(topology)
            kills += 1
        self.succeed(process)
        self.assertGreater(kills, KILLS // 2)
        self.check_outcomes(3000)

    def test_a_checkpoint_holds_the_rows_under_way_for_any_number_of_instances(self):
        endpoint = self.endpoint()
        options = "    in_flight: 100\n    timeout: 60s\n    deadline: 120s\n    order: { by_key: card }\n"
        endpoint.answering.clear()
        for instances in (1, 3, 2):
            asked = endpoint.requests
            topology = self.asking(endpoint.url, options, 40, instances=instances)
            process = self.run_host(topology)
            # The source is through with them: whatever is not saved is lost.
            self.until(lambda: endpoint.requests >= asked + 40, "not all rows were asked about", process)
            for _ in range(2):
                self.until_checkpoint(topology, process)
            self.kill(process)
        endpoint.answering.set()
        self.succeed(self.run_host(topology))
        self.check_outcomes(40)
        self.assertEqual({distance: times for distance, times in endpoint.asked.items() if times != 4}, {})

    def test_a_stopped_run_goes_on_with_the_rows_under_way(self):
        endpoint = self.endpoint()
        endpoint.answering.clear()
        topology = self.asking(endpoint.url, "    in_flight: 50\n    timeout: 60s\n    deadline: 120s\n", 100, "200/s")
        process = self.run_host(topology)
        self.until(lambda: endpoint.requests >= 20, "nobody was asked", process)
        process.send_signal(signal.SIGTERM)
        code, _, err = self.finish(process)  # its last checkpoint has them
        self.assertEqual(code, 0, err)
        self.assertEqual(self.rows("out.jsonl"), [])
        endpoint.answering.set()
        self.succeed(self.run_host(topology))
        self.check_outcomes(100)

    def test_deadline_and_breaker_end_what_an_endpoint_does_not(self):
        endpoint = self.endpoint(faults=1.0, seed=4)
        options = "    in_flight: 8\n    deadline: 1s\n    timeout: 100ms\n    retry: { attempts: 2, backoff: 1ms }\n"
        self.succeed(self.start("run", self.asking(endpoint.url, options + "    breaker: { failures: 50%, of: 8, pause: 100ms }\n"), "--quiet"))
        rows, errors = self.check_outcomes(600, ("endpoint_refused", "endpoint_failed", "deadline_missed", "breaker_open"))
        self.assertIn("breaker_open", {error["code"] for error in errors})

    def test_what_is_under_way_stands_among_the_metrics(self):
        endpoint, port = self.endpoint(), self.free_port()
        endpoint.answering.clear()
        process = self.start("run", self.asking(endpoint.url, "    in_flight: 7\n    timeout: 60s\n", 30), "--quiet", "--metrics", f"127.0.0.1:{port}")
        self.until(lambda: endpoint.requests >= 7, "nobody was asked", process)

        def values():
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
                lines = [line for line in page.read().decode().splitlines() if line.startswith("leat_actor_value{") and 'actor="fares"' in line]
            return {re.search('name="([a-z_]+)"', line)[1]: int(line.rsplit(" ", 1)[1]) for line in lines}

        expected = {"in_flight": 7, "rows_held": 30, "retries": 0, "unwanted_answers": 0, "breaker": 0}
        self.until(lambda: values() == expected, "the metrics say something else", process)
        endpoint.answering.set()
        self.succeed(process)

    def test_late_rows_must_have_a_reader_where_they_can_come(self):
        run = subprocess.run([LEAT, "validate", self.asking("http://127.0.0.1:1", "    max_age: 1s\n")], capture_output=True, text=True)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("nobody reads `fares.late`", run.stdout + run.stderr)
        run = subprocess.run([LEAT, "validate", self.asking("http://127.0.0.1:1", "")], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_nobody_who_listens_is_an_error_per_row(self):
        options = "    retry: { attempts: 2, backoff: 1ms }\n"
        self.succeed(self.start("run", self.asking(f"http://127.0.0.1:{self.free_port()}/x", options, 50), "--quiet"))
        rows, errors = self.check_outcomes(50, ("endpoint_failed",))
        self.assertEqual(len(errors), 50)
        self.assertIn("can't connect: Connection refused", errors[0]["message"])

    @unittest.skipUnless(os.environ.get("LEAT_MODEL_SERVER"), "there is no XGBoost for examples/model-server")
    def test_the_example_server_says_what_its_model_says_in_process(self):
        models = pathlib.Path(os.environ["LEAT_SOURCE_DIR"]) / "topologies/flight-delay/models"
        server = subprocess.Popen([os.environ["LEAT_MODEL_SERVER"], models, "--port", "0"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end_server, server)
        url = server.stdout.readline().split()[0]
        self.succeed(self.start("run", self.write(BOTH.format(url=url, models=models)), "--quiet"))
        rows = self.rows("both.jsonl")
        self.assertEqual(len(rows), 500)
        for row in rows:
            self.assertEqual((row["local_model"], row["remote_model"]), ("xgboost/delay@1", "remote/delay@1"))
            self.assertAlmostEqual(row["local_score"], row["remote_score"], 6)

    @staticmethod
    def end_server(server):
        server.terminate()
        server.wait()
        server.stdout.close()

    def certificate(self):
        made = self.folder / "endpoint.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", made, "-out", self.folder / "ca.pem"], check=True, capture_output=True)
        made.write_text(made.read_text() + (self.folder / "ca.pem").read_text())
        return made

    def test_tls_is_spoken_and_certificates_are_looked_at(self):
        endpoint = self.endpoint(certificate=self.certificate())
        trusted = '      tls: { ca: ca.pem }\n      headers: { Authorization: "Bearer ${env:LEAT_TEST_TOKEN=abc}" }'
        self.succeed(self.start("run", self.asking(endpoint.url, "", 40, tls=trusted), "--quiet", "--from", "none"))
        self.check_outcomes(40)
        self.assertEqual(endpoint.token, "Bearer abc")
        # Unknown issuer; the wrong host; and without a look.
        once = "    retry: { attempts: 1 }\n"
        for url, tls, good in ((endpoint.url, "", False), (endpoint.url.replace("localhost", "127.0.0.1"), trusted, False),
                               (endpoint.url, "      tls: { verify: false }", True)):
            with self.subTest(url=url, tls=tls):
                for path in ("out.jsonl", "errors.jsonl"):
                    (self.folder / path).unlink(missing_ok=True)
                self.succeed(self.start("run", self.asking(url, once, 10, tls=tls), "--quiet", "--from", "none"))
                rows, errors = self.check_outcomes(10, ("endpoint_refused", "endpoint_failed"))
                self.assertEqual(len(rows), 10 if good else 0)
                if not good:
                    self.assertIn("certificate verify failed", errors[0]["message"])


if __name__ == "__main__":
    main(2)
