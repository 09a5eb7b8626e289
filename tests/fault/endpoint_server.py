"""A model endpoint that misbehaves on purpose: KServe v2 over HTTP, `minutes` is twice `distance`; a negative distance is refused."""
import http.server
import json
import random
import socket
import ssl
import threading
import time

# How often something goes wrong, when something is to go wrong.
FAULTS = ["slow", "silent", "cut", "half", "no json", "wrong count", "no outputs", "429", "500", "503", "twice", "garbage"]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        endpoint = self.server.endpoint
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        [tensor] = request["inputs"]
        distances = tensor["data"]
        fault = endpoint.note(distances, self.headers)
        endpoint.answering.wait(60)
        if any(distance < 0 for distance in distances):
            return self.reply(400, json.dumps({"error": f"{min(distances)} is no distance"}))
        minutes = [2 * distance for distance in distances]
        if fault == "wrong count":
            minutes.append(1)
        answer = json.dumps({"model_name": "fare", "model_version": "7", "outputs": [
            {"name": "hours" if fault == "no outputs" else "minutes", "shape": [len(minutes), 1], "datatype": "FP64", "data": minutes}]})
        if fault == "slow":
            time.sleep(0.4)
        if fault == "silent":
            endpoint.closing.wait(30)
            self.close_connection = True
        elif fault == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault == "half":
            self.reply(200, answer, cut=len(answer) // 2)
        elif fault == "no json":
            self.reply(200, answer[:-3])
        elif fault in ("429", "500", "503"):
            self.reply(int(fault), json.dumps({"error": "not now"}))
        elif fault == "garbage":
            self.wfile.write(b"\x00\xff nothing that HTTP knows\r\n\r\n")
            self.close_connection = True
        else:
            self.reply(200, answer, twice=fault == "twice")

    def reply(self, status, body, cut=None, twice=False):
        text = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        if cut is not None:
            text = text[: len(text) - len(body) + cut]
            self.close_connection = True
        try:
            self.wfile.write(text.encode() * (2 if twice else 1))
        except OSError:
            self.close_connection = True  # it was given up


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        pass  # clients that are gone


class Endpoint:
    """Started at once; `close` ends it. `faults`: the share of requests that go wrong."""

    def __init__(self, faults=0.0, seed=1, certificate=None):
        self.random, self.faults, self.lock = random.Random(seed), faults, threading.Lock()
        self.requests, self.asked, self.kinds, self.closing = 0, {}, {}, threading.Event()
        self.token = None
        self.answering = threading.Event()  # cleared: requests come, and nobody answers
        self.answering.set()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.endpoint = self
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.port = self.server.server_address[1]
        self.url = f"{scheme}://localhost:{self.port}/v2/models/fare/infer"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def note(self, distances, headers):
        with self.lock:
            self.requests += 1
            self.token = headers.get("Authorization")
            for distance in distances:
                self.asked[distance] = self.asked.get(distance, 0) + 1
            fault = self.random.choice(FAULTS) if self.random.random() < self.faults else None
            self.kinds[fault] = self.kinds.get(fault, 0) + 1
            return fault

    def close(self):
        self.closing.set()
        self.answering.set()
        self.server.shutdown()
        self.server.server_close()
