#include <simdjson.h>

#include <array>
#include <stdexcept>
#include <string>

#include "json/lines.hpp"

// Hand loops with simdjson On-Demand: fields asked for in the order they have, all checked by simdjson.
namespace leat::bench::json {
namespace {

static_assert(simdjson::SIMDJSON_PADDING <= kPaddingBytes);

constexpr std::array kTexts = {"user_id", "page_id", "ad_id", "ad_type", "event_type", "ip_address"};

// Calls `time(int64)` once and `text(index, string_view)` six times for each line.
template <class Time, class Text, class EndOfRow>
void parse(simdjson::ondemand::parser& parser, const Lines& lines, Time&& time, Text&& text, EndOfRow&& end) {
  for (std::size_t i = 0; i < lines.count(); ++i) {
    const std::string_view line = lines.line(i);
    const std::size_t room = line.size() + kPaddingBytes;
    simdjson::ondemand::document document = parser.iterate(line.data(), line.size(), room);
    simdjson::ondemand::object object = document.get_object();
    time(std::int64_t(object["event_time"].get_int64()));
    for (std::size_t field = 0; field < kTexts.size(); ++field)
      text(field, std::string_view(object[kTexts[field]].get_string()));
    end();
  }
}

// The columnar layout, written as plainly as can be.
struct TextColumn {
  std::string bytes;
  std::vector<std::int32_t> offsets;
};

struct Columns {
  std::vector<std::int64_t> times;
  std::array<TextColumn, kTexts.size()> texts;

  void fold(Totals& totals) const {
    totals.rows += times.size();
    for (const std::int64_t time : times) totals.add_time(time);
    for (const TextColumn& column : texts)
      for (std::size_t row = 0; row < times.size(); ++row)
        totals.add_text(std::string_view(column.bytes)
                            .substr(std::size_t(column.offsets[row]),
                                    std::size_t(column.offsets[row + 1] - column.offsets[row])));
  }
  void clear() {
    times.clear();
    for (TextColumn& column : texts) {
      column.bytes.clear();
      column.offsets.assign(1, 0);
    }
  }
};

}  // namespace

// Fields only: each is used where it stands and kept nowhere.
void run_loop(const Options& options, RunResult& result) {
  simdjson::ondemand::parser parser;
  run_passes(options, result, [&](const Lines& lines, Totals& totals) {
    parse(
        parser, lines, [&](std::int64_t time) { totals.add_time(time); },
        [&](std::size_t, std::string_view text) { totals.add_text(text); }, [&] { ++totals.rows; });
  });
  result.batch = 1;
}

// The same parse into columns of 256 rows: what a row codec has to produce.
void run_columns(const Options& options, RunResult& result) {
  constexpr std::size_t kRows = 256;
  simdjson::ondemand::parser parser;
  Columns columns;
  columns.clear();
  run_passes(options, result, [&](const Lines& lines, Totals& totals) {
    const auto flush = [&] {
      columns.fold(totals);
      columns.clear();
    };
    parse(
        parser, lines, [&](std::int64_t time) { columns.times.push_back(time); },
        [&](std::size_t field, std::string_view text) {
          TextColumn& column = columns.texts[field];
          column.bytes.append(text);
          column.offsets.push_back(std::int32_t(column.bytes.size()));
        },
        [&] {
          if (columns.times.size() == kRows) flush();
        });
    flush();
  });
  result.batch = kRows;
}

}  // namespace leat::bench::json
