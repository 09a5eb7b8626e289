#include <leat/codec.hpp>

#include "json/lines.hpp"

// The row codec as ingest.file uses it: told of the lines in each 256 KiB, line by line into a builder, a
// batch for every 256 rows.
namespace leat::bench::json {
namespace {

void fold(const Batch& batch, Totals& totals) {
  totals.rows += batch.row_count();
  for (const std::int64_t time : batch.column(0).int64s()) totals.add_time(time);
  for (std::size_t field = 1; field < batch.columns().size(); ++field)
    for (std::uint32_t row = 0; row < batch.row_count(); ++row)
      totals.add_text(batch.column(field).text(row));
}

}  // namespace

void run_leat(const Options& options, RunResult& result) {
  constexpr std::uint32_t kRows = 256;
  constexpr std::uint32_t kChunk = 256 << 10;  // bytes
  const SchemaPtr schema = Schema::make({{"event_time", Type::int64},
                                         {"user_id", Type::string},
                                         {"page_id", Type::string},
                                         {"ad_id", Type::string},
                                         {"ad_type", Type::string},
                                         {"event_type", Type::string},
                                         {"ip_address", Type::string}});
  JsonRows reader(schema);
  BatchBuilder rows(schema);
  run_passes(options, result, [&](const Lines& lines, Totals& totals) {
    std::size_t expected = 0;  // lines
    for (std::size_t i = 0; i < lines.count(); ++i) {
      if (i == expected) {
        while (expected < lines.count() && lines.begin[expected + 1] - lines.begin[i] <= kChunk) ++expected;
        reader.expect(
            std::string_view(lines.text).substr(lines.begin[i], lines.begin[expected] - lines.begin[i]));
      }
      if (!reader.read(lines.line(i), rows)) return;  // the totals will show it
      if (rows.row_count() == kRows) fold(rows.finish(), totals);
    }
    fold(rows.finish(), totals);
  });
  result.batch = kRows;
}

}  // namespace leat::bench::json
