// Yahoo Streaming Benchmark from JSON: parse all seven fields, then as ysb.
#include "windows/ysb_json.hpp"

#include <leat/codec.hpp>
#include <leat/context.hpp>
#include <memory>
#include <optional>
#include <thread>
#include <zmq.hpp>

#include "windows/program.hpp"

namespace leat::bench::windows {
namespace {

constexpr std::uint64_t kJsonBatch = 64;

Totals expected_totals(const YsbJson& data, const Options& options) {
  Totals totals;
  const Pace pace(options);
  WindowFold fold(YsbJson::kCampaigns, pace.window_ns);
  const auto emit = [&](const Row& row) { totals.add(row); };
  for (std::uint64_t k = 0; k < options.events; ++k)
    if (const std::int64_t campaign = data.campaign_of[k % kRecords]; campaign >= 0)
      fold.add(static_cast<std::int64_t>(k) * pace.step_ns, campaign, 0, emit);
  fold.finish(emit);
  return totals;
}

// Parses and counts.
class Operator {
 public:
  Operator(const YsbJson& data, std::int64_t window_ns)
      : ads_(data.ads), fold_(YsbJson::kCampaigns, window_ns) {}
  template <class Emit>
  void take(const char* line, std::size_t size, Emit&& emit) {
    parser_.parse(line, size, [&](std::int64_t time_us, std::string_view ad, std::string_view event_type) {
      if (event_type == "view") fold_.add(time_us * 1000, ads_.campaign(ad), 0, emit);
    });
  }
  template <class Emit>
  void finish(Emit&& emit) {
    fold_.finish(emit);
  }

 private:
  YsbJson::Parser parser_;
  YsbJson::Ads ads_;
  WindowFold fold_;
};

void run_loop(const YsbJson& data, const Options& options, RunState& state) {
  const Pace pace(options);
  Operator fold(data, pace.window_ns);
  const auto emit = [&](const Row& row) { state.totals.add(row); };
  std::string line;
  state.start_ns = now_ns();
  for (std::uint64_t k = 0; k < options.events; ++k) {
    line = data.lines[k % kRecords];
    const std::size_t size = line.size();
    line.resize(size + YsbJson::kPadding);
    YsbJson::write_time(line.data(), static_cast<std::int64_t>(k) * pace.step_ns / 1000);
    fold.take(line.data(), size, emit);
  }
  fold.finish(emit);
  state.end_ns = now_ns();
}

// Source | parse, filter, look up, count | sink: threads over inproc; a message is lines, each behind its
// length.
void run_zmq(const YsbJson& data, const Options& options, RunState& state) {
  zmq::context_t context(1);
  zmq::socket_t events_in(context, zmq::socket_type::pull), rows_in(context, zmq::socket_type::pull);
  zmq::socket_t events_out(context, zmq::socket_type::push), rows_out(context, zmq::socket_type::push);
  for (zmq::socket_t* socket : {&events_in, &rows_in}) socket->set(zmq::sockopt::rcvhwm, 1000);
  for (zmq::socket_t* socket : {&events_out, &rows_out}) socket->set(zmq::sockopt::sndhwm, 1000);
  events_in.bind("inproc://events");
  rows_in.bind("inproc://rows");
  events_out.connect("inproc://events");
  rows_out.connect("inproc://rows");
  const Pace pace(options);
  std::thread worker([&] {
    Operator fold(data, pace.window_ns);
    std::vector<Row> rows;
    const auto emit = [&](const Row& row) { rows.push_back(row); };
    for (zmq::message_t message; events_in.recv(message) && message.size() > 0;) {
      const char* at = message.data<char>();
      const char* end = at + message.size() - YsbJson::kPadding;
      while (at < end) {
        std::uint32_t size;
        std::memcpy(&size, at, sizeof size);
        fold.take(at + sizeof size, size, emit);
        at += sizeof size + size;
      }
      if (!rows.empty()) rows_out.send(zmq::buffer(rows), zmq::send_flags::none);
      rows.clear();
    }
    fold.finish(emit);
    if (!rows.empty()) rows_out.send(zmq::buffer(rows), zmq::send_flags::none);
    rows_out.send(zmq::message_t(), zmq::send_flags::none);
  });
  std::thread sink([&] {
    for (zmq::message_t message; rows_in.recv(message) && message.size() > 0;)
      for (std::size_t at = 0; at < message.size() / sizeof(Row); ++at)
        state.totals.add(message.data<Row>()[at]);
    state.end_ns = now_ns();
  });
  const std::uint64_t batch = options.batch == 0 ? kJsonBatch : options.batch;
  state.start_ns = now_ns();
  for (std::uint64_t k = 0; k < options.events;) {
    const std::uint64_t stop = std::min(options.events, k + batch);
    std::size_t bytes = YsbJson::kPadding;
    for (std::uint64_t each = k; each < stop; ++each)
      bytes += sizeof(std::uint32_t) + data.lines[each % kRecords].size();
    zmq::message_t message(bytes);
    char* at = message.data<char>();
    for (; k < stop; ++k) {
      const std::string& line = data.lines[k % kRecords];
      const auto size = static_cast<std::uint32_t>(line.size());
      std::memcpy(at, &size, sizeof size);
      std::memcpy(at + sizeof size, line.data(), size);
      YsbJson::write_time(at + sizeof size, static_cast<std::int64_t>(k) * pace.step_ns / 1000);
      at += sizeof size + size;
    }
    events_out.send(message, zmq::send_flags::none);
  }
  events_out.send(zmq::message_t(), zmq::send_flags::none);
  worker.join();
  sink.join();
}

// ---- Leat ----

struct Bench {
  const YsbJson* data = nullptr;
  const Options* options = nullptr;
  RunState* state = nullptr;
};
Bench bench_run;

struct NoConfig {};

// Lines as they would come over a network, each with the time that it came with.
class Lines final : public Source {
 public:
  using Config = NoConfig;
  static constexpr KindInfo kind{"bench.lines", "Makes JSON lines."};
  static constexpr Port out{0, "out", "Lines."};
  static constexpr auto inputs = ports();
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  static void describe(Config&, Describe& describe) { describe.output(out, schema()); }
  explicit Lines(Config) : pace_(*bench_run.options), rows_(schema()) {}

  Result<Produced> produce(std::uint32_t rows_max, Context& ctx) override {
    if (next_ == 0) bench_run.state->start_ns = now_ns();
    const std::uint64_t stop = std::min(bench_run.options->events, next_ + rows_max);
    for (; next_ < stop; ++next_) {
      const std::int64_t time_us = static_cast<std::int64_t>(next_) * pace_.step_ns / 1000;
      const std::string& line = bench_run.data->lines[next_ % kRecords];
      auto* const to = reinterpret_cast<char*>(rows_.column(1).begin_text(line.size()));
      std::memcpy(to, line.data(), line.size());
      YsbJson::write_time(to, time_us);
      rows_.column(1).end_text(line.size());
      rows_.column(0).append(time_us + YsbJson::kFirstUs);
      if (rows_.row_count() == ctx.batch_rows()) ctx.emit(out, rows_.finish());
    }
    if (!rows_.empty()) ctx.emit(out, rows_.finish());
    return next_ == bench_run.options->events ? Produced::end() : Produced::more();
  }

 private:
  static SchemaPtr schema() {
    static const SchemaPtr schema = Schema::make({{"came", Type::timestamp}, {"line", Type::string}});
    return schema;
  }
  Pace pace_;
  BatchBuilder rows_;
  std::uint64_t next_ = 0;
};

// Lines to columns, by the row codec of the ingest actors.
class Parse final : public Actor {
 public:
  using Config = NoConfig;
  static constexpr KindInfo kind{"bench.parse", "Parses JSON lines."};
  static constexpr Port in{0, "in", "Lines."};
  static constexpr Port out{0, "out", "Events."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  static void describe(Config&, Describe& describe) { describe.output(out, schema()); }
  explicit Parse(Config) : reader_(schema()), rows_(schema()) {}

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    const Column& lines = batch.column(1);
    const std::string_view last = lines.text(batch.row_count() - 1);
    const char* const begin = lines.text(0).data();
    if (last.size() >= kJsonPadding) reader_.expect({begin, static_cast<std::size_t>(last.data() - begin)});
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      // Behind all but the last lines there is more text, so they need no padding.
      const std::string_view line = lines.text(row);
      const auto behind = static_cast<std::size_t>((last.data() + last.size()) - (line.data() + line.size()));
      LEAT_TRY(behind >= kJsonPadding ? reader_.read(line, rows_) : reader_.read_copy(line, rows_));
    }
    reader_.expect({});
    ctx.emit(out, rows_.finish());
    return {};
  }

 private:
  static SchemaPtr schema() {
    static const SchemaPtr schema = Schema::make({{"event_time", Type::timestamp},
                                                  {"user_id", Type::string},
                                                  {"page_id", Type::string},
                                                  {"ad_id", Type::string},
                                                  {"ad_type", Type::string},
                                                  {"event_type", Type::string},
                                                  {"ip_address", Type::string}});
    return schema;
  }
  JsonRows reader_;
  BatchBuilder rows_;
};

class Campaign final : public Actor {
 public:
  using Config = NoConfig;
  static constexpr KindInfo kind{"bench.campaign", "Replaces an ad by its campaign."};
  static constexpr Port in{0, "in", "Rows with ad_id and event_time."};
  static constexpr Port out{0, "out", "Rows with campaign and event_time."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  static void describe(Config&, Describe& describe) { describe.output(out, schema()); }
  explicit Campaign(Config) : ads_(bench_run.data->ads), rows_(schema()) {}

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      rows_.column(0).append(ads_.campaign(batch.column(0).text(row)));
      rows_.column(1).append(batch.column(1).int64(row));
    }
    ctx.emit(out, rows_.finish());
    return {};
  }

 private:
  static SchemaPtr schema() {
    return Schema::make({{"campaign", Type::int64}, {"event_time", Type::timestamp}});
  }
  YsbJson::Ads ads_;
  BatchBuilder rows_;
};

class Rows final : public Actor {
 public:
  using Config = NoConfig;
  static constexpr KindInfo kind{"bench.rows", "Checks the result rows."};
  static constexpr Port in{0, "in", "Result rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports();
  static Fields<Config> fields() { return {}; }
  explicit Rows(Config) : window_us_(Pace(*bench_run.options).window_ns / 1000) {}
  Status on_batch(const Port&, const Batch& batch, Context&) override {
    for (std::uint32_t row = 0; row < batch.row_count(); ++row)
      totals_.add({(batch.column("window_start")->int64(row) - YsbJson::kFirstUs) / window_us_,
                   batch.column("campaign")->int64(row), batch.column("views")->int64(row), 0});
    return {};
  }
  Status on_end(Context&) override {
    bench_run.state->totals = totals_;
    bench_run.state->end_ns = now_ns();
    return {};
  }

 private:
  std::int64_t window_us_;
  Totals totals_;
};

void add_kinds(Registry& registry) {
  registry.add<Lines>();
  registry.add<Parse>();
  registry.add<Campaign>();
  registry.add<Rows>();
}

void run(const std::string& impl, const Options& options, RunResult& result) {
  const auto data = std::make_unique<YsbJson>();
  const Totals expected = expected_totals(*data, options);
  const auto state = std::make_unique<RunState>();
  bench_run = {data.get(), &options, state.get()};
  const double before = cpu_seconds(Charge::self);
  if (impl == "loop") run_loop(*data, options, *state);
  if (impl == "zmq") run_zmq(*data, options, *state);
  if (impl == "leat") {
    set_batch_and_layout(options);
    run_topology("ysb-json", "", add_kinds);
  }
  result.cpu_s = cpu_seconds(Charge::self) - before;
  result.rss_mb = peak_rss_mb();
  fill(options, impl, kJsonBatch, *state, expected, result);
}

}  // namespace
}  // namespace leat::bench::windows

int main(int argc, char** argv) {
  using namespace leat::bench::windows;
  return run_program(
      {"ysb_json", "Views per campaign from JSON lines of 262 bytes; every result row checked.", 5'000'000,
       run, flat_out_in_process},
      argc, argv);
}
