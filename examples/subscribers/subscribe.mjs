#!/usr/bin/env node
// Follows a Leat feed: subscribe.mjs ENDPOINT [TOPIC]   (npm: zeromq @msgpack/msgpack)
import { decode } from "@msgpack/msgpack";
import { Subscriber } from "zeromq";

// What JSON has no word for: integers beyond 2^53 and bytes become text. Times (Date) write themselves.
const plain = (_, value) => {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value;
};

const [endpoint, prefix = ""] = process.argv.slice(2);
const socket = new Subscriber();
socket.connect(endpoint);
socket.subscribe(prefix);
let feed, last;
for await (const [topicBytes, body] of socket) {
  const topic = topicBytes.toString();
  const message = decode(body, { useBigInt64: true });
  if (message.feed !== feed) { // joined, or the publisher was started anew
    feed = message.feed;
    last = new Map();
  }
  const seq = Number(message.seq);
  const before = message.row ? seq - 1 : seq; // the number that should have come last
  const known = last.get(topic) ?? before;
  if (before > known) console.error(`gap: ${topic} missed ${before - known}`);
  last.set(topic, Math.max(known, seq));
  if (message.row && seq > known) console.log(JSON.stringify(message.row, plain)); // a head has none; else it comes again
}
