#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "log/records.hpp"

namespace leat::testing {

/// How the compliance suite exercises one kind: options, input, and what must come of it. `$` in the options
/// is a folder of the test's own. Every kind has one.
struct ComplianceCase {
  std::string kind;
  std::string options;
  std::string schema;             ///< of the input
  std::vector<std::string> rows;  ///< JSON, one batch each line; sources: lines of the file `$/input`
  std::vector<std::pair<std::string, std::string>> files = {};  ///< in `$`: name, content
  std::vector<std::string> ports = {"out"};
  std::string drop_reason = {};
  std::uint64_t sent = 0;  ///< rows over all ports
  std::uint64_t dropped = 0;
  std::uint64_t errors = 0;  ///< there should be one: the poison row
};

/// The file of an ingest log with these records, for sources whose input goes through one.
inline std::pair<std::string, std::string> log_file(std::uint32_t tag,
                                                    const std::vector<std::string>& records) {
  std::string bytes;
  std::uint64_t offset = 0;
  for (const std::string& record : records) append_record(bytes, offset++, Time(), {record, tag});
  finish_records(bytes, 0);
  return {"00000000000000000000.log", write_segment_head(0, Time()) + bytes};
}

inline std::vector<ComplianceCase> compliance_cases() {
  return {
      {.kind = "ingest.file",
       .options = "{ path: $/input, format: jsonl, schema: input }",
       .schema = "{ id: int64 }",
       .rows = {R"({"id":1})", R"({"id":"poison"})", R"({"id":3})"},
       .sent = 2,
       .errors = 1},
      {.kind = "ingest.generate",
       .options = "{ count: 3, fields: { id: seq, x: 1 / (seq - 1) } }",
       .rows = {"", "", ""},
       .sent = 2,
       .errors = 1},
      {.kind = "ingest.http",
       .options = "{ bind: 0, schema: input, log: { path: $ } }",
       .schema = "{ id: int64 }",
       .rows = {"", "", ""},
       .files = {log_file(1, {R"({"id":1})", R"({"id":"poison"})", R"({"id":3})"})},
       .sent = 2,
       .errors = 1},
      {.kind = "ingest.zmq",
       .options = "{ bind: 'ipc://$/socket', schema: input, log: { path: $ } }",
       .schema = "{ id: int64 }",
       .rows = {"", "", ""},
       .files = {log_file(2, {"\x81\xa2id\x01", "\x81\xa2id\xa1x", R"({"id":3})"})},
       .sent = 2,
       .errors = 1},
      {.kind = "ingest.stdin",
       .options = "{ format: csv, schema: input, log: { path: $ } }",
       .schema = "{ id: int64 }",
       .rows = {"", "", ""},
       .files = {log_file(4, {"id\n1", "id\npoison", "x,id\n2,3"})},
       .sent = 2,
       .errors = 1},
      {.kind = "aggregate",
       .options = "{ key: id, window: { count: 1 }, compute: { x: { sum: 10 / id } } }",
       .schema = "{ id: int64 }",
       .rows = {R"({"id":0})", R"({"id":1})", R"({"id":3})"},
       .sent = 2,
       .errors = 1},
      {.kind = "anomaly",
       .options = "{ method: zscore, key: id, features: { x: 10 / id, y: id }, threshold: 3 }",
       .schema = "{ id: int64 }",
       .rows = {R"({"id":0})", R"({"id":1})", R"({"id":3})"},
       .sent = 2,
       .errors = 1},
      {.kind = "join",
       .options = "{ left_key: 1 / k, right_key: k, left_time: t, right_time: t, within: {}, type: left, "
                  "right_prefix: r_ }",
       .schema = "{ k: int64, t: timestamp }",
       .rows = {R"({"k":0,"t":1})", R"({"k":1,"t":1})", R"({"k":2,"t":2})"},
       .sent = 2,
       .errors = 1},
      {.kind = "transform",
       .options = "{ where: id != 2, extend: { x: 10 / id }, routes: { big: x > 5 } }",
       .schema = "{ id: int64 }",
       .rows = {R"({"id":0})", R"({"id":1})", R"({"id":2})", R"({"id":3})"},
       .ports = {"out", "big"},
       .drop_reason = "where",
       .sent = 2,
       .dropped = 1,
       .errors = 1},
      {.kind = "dedupe",
       .options = "{ key: 10 / id, within: 10s, time: at }",
       .schema = "{ id: int64, at: timestamp }",
       .rows = {R"({"id":1,"at":0})", R"({"id":0,"at":0})", R"({"id":1,"at":1})", R"({"id":2,"at":1})"},
       .drop_reason = "duplicate",
       .sent = 2,
       .dropped = 1,
       .errors = 1},
      {.kind = "delay",
       .options = "{ for: 5s, queue: 3 rows }",
       .schema = "{ id: int64 }",
       .rows = {R"({"id":1})", R"({"id":2})", R"({"id":3})", R"({"id":4})"},
       .sent = 3,
       .errors = 1},
      {.kind = "lookup",
       .options = "{ table: { key: id }, key: 10 / id, prefix: table_, on_missing: null }",
       .schema = "{ id: int64, name: string }",
       .rows = {R"({"id":1,"name":"a"})", R"({"id":0,"name":"b"})", R"({"id":3,"name":"c"})"},
       .sent = 2,
       .errors = 1},
      {.kind = "merge",
       .options = "{}",
       .schema = "{ id: int64, at: 'timestamp?' }",
       .rows = {R"({"id":1,"at":2})", R"({"id":2,"at":1})", R"({"id":3,"at":null})", R"({"id":4,"at":1})"},
       .ports = {"out", "late"},
       .sent = 3,
       .errors = 1},
      {.kind = "throttle",
       .options = "{ key: 10 / id, rate: 1/s, burst: 1, when_over: drop }",
       .schema = "{ id: int64 }",
       .rows = {R"({"id":0})", R"({"id":1})", R"({"id":1})", R"({"id":2})"},
       .drop_reason = "over_rate",
       .sent = 2,
       .dropped = 1,
       .errors = 1},
      {.kind = "sample",
       .options = "{ share: 50%, key: 10 / id, seed: 2 }",
       .schema = "{ id: int64 }",
       .rows = {R"({"id":0})", R"({"id":1})", R"({"id":2})", R"({"id":3})", R"({"id":5})"},
       .drop_reason = "sampled_out",
       .sent = 2,
       .dropped = 2,
       .errors = 1},
      {.kind = "infer",
       .options = "{ engine: lexicon, model: $/words.tsv, map: { in: title, out: mood } }",
       .schema = "{ id: int64, title: 'string?' }",
       .rows = {R"({"id":1,"title":"good"})", R"({"id":2,"title":null})", R"({"id":3,"title":"bad"})"},
       .files = {{"words.tsv", "good\t1\nbad\t-1\n"}},
       .sent = 2,
       .errors = 1},
      {.kind = "train",
       .options = "{ model: $/risk, features: { n: n }, label: label, rounds: 2 }",
       .schema = "{ n: int64, label: 'bool?' }",
       .rows = {R"({"n":1,"label":true})", R"({"n":2,"label":null})"},
       .sent = 1,
       .errors = 1},
      {.kind = "infer.language",
       .options = "{ map: { in: title, out: language } }",
       .schema = "{ id: int64, title: 'string?' }",
       .rows = {R"({"id":1,"title":"good news"})", R"({"id":2,"title":null})",
                R"({"id":3,"title":"el banco"})"},
       .sent = 2,
       .errors = 1},
      {.kind = "persist.kv",
       .options = "{ path: $/store, key: id }",
       .schema = "{ id: 'string?', n: int64 }",
       .rows = {R"({"id":"a","n":1})", R"({"id":"a","n":1})", R"({"id":null,"n":1})", R"({"id":"a","n":2})"},
       .ports = {"changes"},
       .drop_reason = "unchanged",
       .sent = 2,
       .dropped = 1,
       .errors = 1},
      {.kind = "persist.deadletter",
       .options = "{ path: $/dead.letters }",
       .schema = "{ actor: string, code: string, message: string, place: 'string?', attempt: int64, time: "
                 "timestamp, "
                 "record: any }",
       .rows = {R"({"actor":"a","code":"c","message":"m","attempt":1,"time":0,"record":{"id":1}})",
                R"({"actor":"a","code":"c","message":"m","attempt":1,"time":0,"record":"{broken"})"},
       .ports = {}},
      {.kind = "publish.feed",
       .options = "{ bind: 'ipc://$/feed', topic: label }",
       .schema = "{ label: 'string?' }",
       .rows = {R"({"label":"a"})", R"({"label":null})", R"({"label":"a"})"},
       .ports = {},
       .drop_reason = "no_subscriber",
       .dropped = 2,
       .errors = 1},
      {.kind = "publish.file",
       .options = "{ path: $/out.jsonl }",
       .schema = "{ id: int64 }",
       .rows = {R"({"id":1})", R"({"id":2})"},
       .ports = {}},
  };
}

}  // namespace leat::testing
