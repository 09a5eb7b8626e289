// Word count: lines of ten words, 10,000 words by Zipf's law; how often did each occur?
#include <fmt/format.h>

#include <leat/batch_builder.hpp>
#include <leat/context.hpp>
#include <leat/registry.hpp>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <zmq.hpp>

#include "windows/program.hpp"

namespace leat::bench::windows {
namespace {

constexpr std::size_t kWords = 10'000, kWordsPerLine = 10, kLines = 16'384;
constexpr std::uint64_t kLineBatch = 64;

struct Text {
  std::vector<std::string> lines;

  Text() {
    SplitMix64 random(9);
    std::vector<std::string> words;
    std::vector<double> upto;  // Zipf 1.0: word n is drawn 1/n as often as the first
    double total = 0;
    for (std::size_t at = 0; at < kWords; ++at) {
      std::string word(3 + random.next() % 7, ' ');
      for (char& letter : word) letter = static_cast<char>('a' + random.next() % 26);
      words.push_back(std::move(word));
      upto.push_back(total += 1.0 / static_cast<double>(at + 1));
    }
    for (std::size_t at = 0; at < kLines; ++at) {
      std::string line;
      for (std::size_t word = 0; word < kWordsPerLine; ++word) {
        const double draw = static_cast<double>(random.next() >> 11) * 0x1p-53 * total;
        line += (line.empty() ? "" : " ") +
                words[static_cast<std::size_t>(std::ranges::upper_bound(upto, draw) - upto.begin())];
      }
      lines.push_back(std::move(line));
    }
  }
};

template <class Each>
void for_each_word(std::string_view line, Each&& each) {
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    each(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
}

std::int64_t number_of(std::string_view word) {
  std::uint64_t number = 0;
  for (const char letter : word) number = mix(number * 31 + static_cast<unsigned char>(letter));
  return static_cast<std::int64_t>(number);
}

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
class Counts {
 public:
  void add(std::string_view word) {
    const auto found = counts_.find(word);
    if (found != counts_.end())
      ++found->second;
    else
      counts_.emplace(word, 1);
  }
  template <class Emit>
  void finish(Emit&& emit) const {
    for (const auto& [word, count] : counts_) emit(std::string_view(word), count);
  }

 private:
  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> counts_;
};

Totals expected_totals(const Text& text, std::uint64_t lines) {
  std::unordered_map<std::string, std::int64_t> counts;
  for (std::size_t at = 0; at < kLines; ++at) {
    const auto times = static_cast<std::int64_t>(lines / kLines + (at < lines % kLines ? 1 : 0));
    for_each_word(text.lines[at], [&](std::string_view word) { counts[std::string(word)] += times; });
  }
  Totals totals;
  for (const auto& [word, count] : counts)
    if (count > 0) totals.add({0, number_of(word), count, 0});
  return totals;
}

void run_loop(const Text& text, const Options& options, RunState& state) {
  Counts counts;
  state.start_ns = now_ns();
  for (std::uint64_t k = 0; k < options.events; ++k)
    for_each_word(text.lines[k % kLines], [&](std::string_view word) { counts.add(word); });
  counts.finish([&](std::string_view word, std::int64_t count) {
    state.totals.add({0, number_of(word), count, 0});
  });
  state.end_ns = now_ns();
}

// Source | split and count | sink; a message is lines, each ended by LF.
void run_zmq(const Text& text, const Options& options, RunState& state) {
  zmq::context_t context(1);
  zmq::socket_t lines_in(context, zmq::socket_type::pull), rows_in(context, zmq::socket_type::pull);
  zmq::socket_t lines_out(context, zmq::socket_type::push), rows_out(context, zmq::socket_type::push);
  lines_in.bind("inproc://lines");
  rows_in.bind("inproc://rows");
  lines_out.connect("inproc://lines");
  rows_out.connect("inproc://rows");
  std::thread worker([&] {
    Counts counts;
    for (zmq::message_t message; lines_in.recv(message) && message.size() > 0;) {
      std::string_view left = message.to_string_view();
      while (!left.empty()) {
        const std::size_t end = left.find('\n');
        for_each_word(left.substr(0, end), [&](std::string_view word) { counts.add(word); });
        left.remove_prefix(end + 1);
      }
    }
    std::vector<Row> rows;
    counts.finish([&](std::string_view word, std::int64_t count) {
      rows.push_back({0, number_of(word), count, 0});
    });
    rows_out.send(zmq::buffer(rows), zmq::send_flags::none);
    rows_out.send(zmq::message_t(), zmq::send_flags::none);
  });
  std::thread sink([&] {
    for (zmq::message_t message; rows_in.recv(message) && message.size() > 0;)
      for (std::size_t at = 0; at < message.size() / sizeof(Row); ++at)
        state.totals.add(message.data<Row>()[at]);
    state.end_ns = now_ns();
  });
  const std::uint64_t batch = options.batch == 0 ? kLineBatch : options.batch;
  std::string message;
  state.start_ns = now_ns();
  for (std::uint64_t k = 0; k < options.events;) {
    const std::uint64_t stop = std::min(options.events, k + batch);
    message.clear();
    for (; k < stop; ++k) (message += text.lines[k % kLines]) += '\n';
    lines_out.send(zmq::buffer(message), zmq::send_flags::none);
  }
  lines_out.send(zmq::message_t(), zmq::send_flags::none);
  worker.join();
  sink.join();
}

// ---- Leat ----

struct Bench {
  const Text* text = nullptr;
  const Options* options = nullptr;
  RunState* state = nullptr;
};
Bench bench_run;

struct NoConfig {};

class Lines final : public Source {
 public:
  using Config = NoConfig;
  static constexpr KindInfo kind{"bench.lines", "Makes lines."};
  static constexpr Port out{0, "out", "Lines."};
  static constexpr auto inputs = ports();
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  static void describe(Config&, Describe& describe) { describe.output(out, schema()); }
  explicit Lines(Config) : rows_(schema()) {}

  Result<Produced> produce(std::uint32_t rows_max, Context& ctx) override {
    if (next_ == 0) bench_run.state->start_ns = now_ns();
    const std::uint64_t stop = std::min(bench_run.options->events, next_ + std::min(rows_max, 512u));
    for (; next_ < stop; ++next_)
      rows_.column(0).append(std::string_view(bench_run.text->lines[next_ % kLines]));
    ctx.emit(out, rows_.finish());
    return next_ == bench_run.options->events ? Produced::end() : Produced::more();
  }

 private:
  static SchemaPtr schema() { return Schema::make({{"line", Type::string}}); }
  BatchBuilder rows_;
  std::uint64_t next_ = 0;
};

class Split final : public Actor {
 public:
  using Config = NoConfig;
  static constexpr KindInfo kind{"bench.split", "Makes a row of each word."};
  static constexpr Port in{0, "in", "Lines."};
  static constexpr Port out{0, "out", "Words."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  static void describe(Config&, Describe& describe) { describe.output(out, schema()); }
  explicit Split(Config) : rows_(schema()) {}

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    for (std::uint32_t row = 0; row < batch.row_count(); ++row)
      for_each_word(batch.column(0).text(row), [&](std::string_view word) { rows_.column(0).append(word); });
    ctx.emit(out, rows_.finish());
    return {};
  }

 private:
  static SchemaPtr schema() { return Schema::make({{"word", Type::string}}); }
  BatchBuilder rows_;
};

class Words final : public Actor {
 public:
  using Config = NoConfig;
  static constexpr KindInfo kind{"bench.words", "Checks the counts."};
  static constexpr Port in{0, "in", "Words and counts."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports();
  static Fields<Config> fields() { return {}; }
  explicit Words(Config) {}
  Status on_batch(const Port&, const Batch& batch, Context&) override {
    for (std::uint32_t row = 0; row < batch.row_count(); ++row)
      if (batch.column("final")->boolean(row))
        totals_.add({0, number_of(batch.column("word")->text(row)), batch.column("times")->int64(row), 0});
    return {};
  }
  Status on_end(Context&) override {
    bench_run.state->totals = totals_;
    bench_run.state->end_ns = now_ns();
    return {};
  }

 private:
  Totals totals_;
};

void add_kinds(Registry& registry) {
  registry.add<Lines>();
  registry.add<Split>();
  registry.add<Words>();
}

void run(const std::string& impl, const Options& options, RunResult& result) {
  const Text text;
  const Totals expected = expected_totals(text, options.events);
  const auto state = std::make_unique<RunState>();
  bench_run = {&text, &options, state.get()};
  const double before = cpu_seconds(Charge::self);
  if (impl == "loop") run_loop(text, options, *state);
  if (impl == "zmq") run_zmq(text, options, *state);
  if (impl == "leat") {
    set_batch_and_layout(options);
    run_topology("wordcount", "", add_kinds);
  }
  result.cpu_s = cpu_seconds(Charge::self) - before;
  result.rss_mb = peak_rss_mb();
  fill(options, impl, kLineBatch, *state, expected, result);
}

}  // namespace
}  // namespace leat::bench::windows

int main(int argc, char** argv) {
  using namespace leat::bench::windows;
  return run_program(
      {"wordcount", "How often does each word occur? An event is a line of ten words; every count checked.",
       2'000'000, run, flat_out_in_process},
      argc, argv);
}
