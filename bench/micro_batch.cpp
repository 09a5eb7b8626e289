// What one batch costs where it is made, sent and read: for changes to runtime/batch, not for the goals.
#include <benchmark/benchmark.h>

#include <leat/codec.hpp>

#include "batch.pb.h"
#include "batch/frame.hpp"

namespace leat {
namespace {

// The chain workload's event: 100 bytes in a row.
const SchemaPtr& event_schema() {
  static const SchemaPtr schema = Schema::make({{"id", Type::int64},
                                                {"time", Type::timestamp},
                                                {"value", Type::float64},
                                                {"key", Type::string},
                                                {"payload", Type::bytes}});
  return schema;
}

void add_events(BatchBuilder& rows, std::int64_t count) {
  const std::string payload(60, 'x');
  for (std::int64_t row = 0; row < count; ++row)
    rows.add(row, row * 1000, 0.5 * static_cast<double>(row), "key-00000042", payload);
}

Batch events(std::int64_t count) {
  BatchBuilder rows(event_schema());
  add_events(rows, count);
  return rows.finish();
}

void build(benchmark::State& state) {
  BatchBuilder rows(event_schema());
  for (auto _ : state) {
    add_events(rows, state.range(0));
    benchmark::DoNotOptimize(rows.finish());
  }
}
BENCHMARK(build)->Arg(1)->Arg(64)->Arg(1024);

void encode(benchmark::State& state) {
  const Batch batch = events(state.range(0));
  wire::BatchLayout layout;
  std::vector<std::byte> body(body_size(batch));
  for (auto _ : state) {
    layout.Clear();
    set_layout(batch, layout);
    benchmark::DoNotOptimize(body_size(batch));
    write_body(batch, body.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(encode)->Arg(1)->Arg(64)->Arg(1024);

void decode(benchmark::State& state) {
  const Batch batch = events(state.range(0));
  wire::BatchLayout layout;
  set_layout(batch, layout);
  const auto body = std::make_shared<std::vector<std::byte>>(body_size(batch));
  write_body(batch, body->data());
  const Memory owner = Memory::hold(body);
  for (auto _ : state) benchmark::DoNotOptimize(read_batch(layout, event_schema(), *body, owner));
}
BENCHMARK(decode)->Arg(1)->Arg(64)->Arg(1024);

void write_json_row(benchmark::State& state) {
  const Batch batch = events(1);
  std::string out;
  for (auto _ : state) {
    out.clear();
    write_json(batch, 0, out);
  }
}
BENCHMARK(write_json_row);

void msgpack_row(benchmark::State& state) {
  const Batch batch = events(1);
  BatchBuilder rows(event_schema());
  std::string out;
  for (auto _ : state) {
    out.clear();
    write_msgpack(batch, 0, out);
    if (!read_msgpack(out, rows)) state.SkipWithError("not read back");
    rows.truncate(0);
  }
}
BENCHMARK(msgpack_row);

void csv_row(benchmark::State& state) {
  const Batch batch = events(1);
  BatchBuilder rows(event_schema());
  CsvRows reader(event_schema(), {});
  std::string out;
  for (auto _ : state) {
    out.clear();
    write_csv(batch, 0, {}, out);
    if (!reader.read(out, rows)) state.SkipWithError("not read back");
    rows.truncate(0);
  }
}
BENCHMARK(csv_row);

}  // namespace
}  // namespace leat

BENCHMARK_MAIN();
