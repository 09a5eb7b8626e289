#!/usr/bin/env python3
"""Follows a Leat feed: subscribe.py ENDPOINT [TOPIC]   (Debian: python3-zmq python3-msgpack)"""
import json, sys
import msgpack, zmq

socket = zmq.Context().socket(zmq.SUB)
socket.connect(sys.argv[1])
socket.subscribe(sys.argv[2] if len(sys.argv) > 2 else "")
feed, last = None, {}
while True:
    topic, body = socket.recv_multipart()
    message = msgpack.unpackb(body, timestamp=3)
    if message["feed"] != feed:  # joined, or the publisher was started anew
        feed, last = message["feed"], {}
    before = message["seq"] - ("row" in message)  # the number that should have come last
    missed = before - last.get(topic, before)
    if missed > 0:
        print(f"gap: {topic.decode()} missed {missed}", file=sys.stderr, flush=True)
    new = message["seq"] > last.get(topic, before)  # else it comes again, after a failure
    last[topic] = max(message["seq"], last.get(topic, 0))
    if "row" in message and new:  # a head has none
        print(json.dumps(message["row"], default=str), flush=True)
