#!/usr/bin/env python3
"""Follows a Leat feed and misses nothing: follow.py ENDPOINT [TOPIC]   (Debian: python3-zmq python3-msgpack)

subscribe.py notices gaps; this one also asks for what is missing, and passes over what comes again after a failure.
"""
import json, sys
import msgpack, zmq

endpoint, prefix = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
context = zmq.Context()
socket = context.socket(zmq.SUB)
socket.connect(endpoint)
socket.subscribe(prefix)
side = None  # (address, socket) on which what was missed can be asked for
feed, run, last = None, None, {}  # last: number of the last item of each topic
waiting = []  # messages behind a gap, until a head says whom to ask


def say(text):
    print(text, file=sys.stderr, flush=True)


def show(topic, message):
    last[topic] = message["seq"]
    print(json.dumps(message["row"], default=str), flush=True)


def connect_side(address):
    global side
    if side and side[0] == address:
        return
    if side:
        side[1].close(0)
    dealer = context.socket(zmq.DEALER)
    dealer.setsockopt(zmq.RCVTIMEO, 2000)
    # "*" is the host that the feed was found at.
    dealer.connect(address.replace("tcp://*", endpoint.rsplit(":", 1)[0]))
    side = (address, dealer)


def fetch(topic, first, end):
    """Shows the items first..end of a topic, as far as the publisher still has them."""
    while side and first <= end:
        side[1].send(msgpack.packb({"id": first, "feed": feed, "topic": topic.decode(), "from": first, "to": end}))
        try:
            header, *frames = side[1].recv_multipart()
            header = msgpack.unpackb(header)
            while header["id"] != first:  # of a request that was given up
                header, *frames = side[1].recv_multipart()
                header = msgpack.unpackb(header)
        except zmq.Again:
            break
        bodies = [msgpack.unpackb(body, timestamp=3) for body in frames[1::2]]
        if not bodies:
            break
        if bodies[0]["seq"] > first:
            say(f"gap: {topic.decode()} missed {bodies[0]['seq'] - first}")
        say(f"recovered: {topic.decode()} {bodies[0]['seq']}..{bodies[-1]['seq']}")
        for body in bodies:
            show(topic, body)
        first = bodies[-1]["seq"] + 1
    if first <= end:
        say(f"gap: {topic.decode()} missed {end - first + 1}")


def handle(topic, message):
    before = message["seq"] - ("row" in message)  # the number that should have come last
    if before > last.setdefault(topic, before):
        fetch(topic, last[topic] + 1, before)
        last[topic] = before
    if "row" in message and message["seq"] > last[topic]:  # else it has come before
        show(topic, message)


while True:
    topic, body = socket.recv_multipart()
    message = msgpack.unpackb(body, timestamp=3)
    if (message["feed"], message["run"]) != (feed, run):  # joined, or the publisher was started again
        if message["feed"] != feed:  # from the beginning: its numbers begin with 1
            last = {}
        feed, run, known = message["feed"], message["run"], False
    if "row" not in message:  # a head
        known = True
        if "replay" in message:
            connect_side(message["replay"])
    waiting.append((topic, message))
    if known or len(waiting) > 10_000:
        for one in waiting:
            handle(*one)
        waiting = []
