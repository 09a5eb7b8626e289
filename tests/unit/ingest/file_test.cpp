#include <leat/testing.hpp>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::gzipped;
using testing::TempFolder;

const std::string kSchema = "{ id: int64, name: string, score: 'float64?' }";

/// What a source sent: its rows, and its errors as "code place".
struct Sent {
  std::string rows;
  std::vector<std::string> errors;
};

Sent taken(ActorHarness& source) {
  Sent sent{source.take(), {}};
  for (const Batch& batch : source.take_batches("errors"))
    for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
      const std::string_view place = batch.column("place")->text(row);
      sent.errors.push_back(
          fmt::format("{} {}", batch.column("code")->text(row), place.substr(place.rfind('/') + 1)));
    }
  return sent;
}

Sent all_of(const std::string& options, const std::string& schema = {}) {
  ActorHarness source("ingest.file", options, schema);
  EXPECT_EQ(source.problems(), "") << options;
  const Status status = source.produce_all();
  EXPECT_TRUE(status) << status.error().text();
  return taken(source);
}

std::string row(int id, const std::string& name, const std::string& score = "null") {
  return fmt::format("{{\"id\":{},\"name\":\"{}\",\"score\":{}}}\n", id, name, score);
}

struct Input {
  const char* name;
  std::string text;
  std::string rows;
  std::vector<std::string> errors;
};

class CsvFile : public ::testing::TestWithParam<Input> {};

TEST_P(CsvFile, gives_every_record_one_outcome) {
  const TempFolder folder;
  const Sent sent =
      all_of(fmt::format("{{ path: {}, schema: input }}", folder.write("in.csv", GetParam().text)), kSchema);
  EXPECT_EQ(sent.rows, GetParam().rows);
  EXPECT_EQ(sent.errors, GetParam().errors);
}

INSTANTIATE_TEST_SUITE_P(
    , CsvFile,
    ::testing::Values(
        Input{"empty", "", "", {}}, Input{"only_header", "id,name,score\n", "", {}},
        Input{"plain", "id,name,score\n1,a,0.5\n2,b,\n", row(1, "a", "0.5") + row(2, "b"), {}},
        Input{"other_order", "score,extra,name,id\n0.5,x,a,1\n", row(1, "a", "0.5"), {}},
        Input{"windows_and_mark",
              "\xEF\xBB\xBFid,name,score\r\n1,a,\r\n\r\n2,b,",
              row(1, "a") + row(2, "b"),
              {}},
        Input{"quotes", "id,name,score\n1,\"a, \"\"b\"\"\",\n", row(1, "a, \\\"b\\\""), {}},
        Input{"line_end_in_quotes",
              "id,name,score\n1,\"a\nb\",\nx,c,\n",
              row(1, "a\\nb"),
              {"malformed_record in.csv:4"}},
        Input{"wrong_types",
              "id,name,score\none,a,\n2,b,much\n3,c,\n",
              row(3, "c"),
              {"malformed_record in.csv:2", "malformed_record in.csv:3"}},
        Input{"missing_value", "id,name,score\n,a,\n2,b,\n", row(2, "b"), {"missing_value in.csv:2"}},
        Input{"too_few_columns", "id,name,score\n1\n2,b,\n", row(2, "b"), {"malformed_record in.csv:2"}},
        Input{
            "too_many_columns", "id,name,score\n1,a,1,1\n2,b,\n", row(2, "b"), {"malformed_record in.csv:2"}},
        Input{"quote_not_closed",
              "id,name,score\n1,\"a,\n2,b,\n3,c,\n",
              row(2, "b") + row(3, "c"),
              {"malformed_record in.csv:2"}},
        Input{"text_behind_quote",
              "id,name,score\n1,\"a\"x,\n2,b,\n",
              row(2, "b"),
              {"malformed_record in.csv:2"}},
        Input{"unicode", "id,name,score\n1,\xC3\xA4\xE2\x82\xAC,\n", row(1, "\xC3\xA4\xE2\x82\xAC"), {}},
        Input{"not_utf8", "id,name,score\n1,\xFF,\n2,b,\n", row(2, "b"), {"malformed_record in.csv:2"}}),
    [](const auto& of) { return std::string(of.param.name); });

class JsonFile : public ::testing::TestWithParam<Input> {};

TEST_P(JsonFile, gives_every_line_one_outcome) {
  const TempFolder folder;
  const Sent sent = all_of(
      fmt::format("{{ path: {}, schema: input }}", folder.write("in.jsonl", GetParam().text)), kSchema);
  EXPECT_EQ(sent.rows, GetParam().rows);
  EXPECT_EQ(sent.errors, GetParam().errors);
}

INSTANTIATE_TEST_SUITE_P(
    , JsonFile,
    ::testing::Values(
        Input{"empty", "", "", {}},
        Input{"blank_lines", "\n  \n{\"id\":1,\"name\":\"a\"}\n\n", row(1, "a"), {}},
        Input{"any_order", "{\"name\":\"a\",\"other\":[1,{}],\"id\":1}\n", row(1, "a"), {}},
        Input{"windows_and_mark",
              "\xEF\xBB\xBF{\"id\":1,\"name\":\"a\"}\r\n{\"id\":2,\"name\":\"b\"}",
              row(1, "a") + row(2, "b"),
              {}},
        Input{"broken",
              "{\"id\":1,\n{\"id\":2,\"name\":\"b\"}\nnull\n[1]\n",
              row(2, "b"),
              {"malformed_record in.jsonl:1", "malformed_record in.jsonl:3", "malformed_record in.jsonl:4"}},
        Input{"two_on_a_line",
              "{\"id\":1,\"name\":\"a\"} {\"id\":2,\"name\":\"b\"}\n{\"id\":3,\"name\":\"c\"}\n",
              row(3, "c"),
              {"malformed_record in.jsonl:1"}},
        Input{"wrong_types",
              "{\"id\":\"1\",\"name\":\"a\"}\n{\"id\":2,\"name\":3}\n{\"id\":3,\"name\":\"c\",\"score\":"
              "\"x\"}\n",
              "",
              {"malformed_record in.jsonl:1", "malformed_record in.jsonl:2", "malformed_record in.jsonl:3"}},
        Input{"missing_and_null",
              "{\"id\":1}\n{\"id\":null,\"name\":\"b\"}\n{\"id\":3,\"name\":\"c\",\"score\":null}\n",
              row(3, "c"),
              {"missing_value in.jsonl:1", "missing_value in.jsonl:2"}},
        Input{"too_large_number",
              "{\"id\":9223372036854775808,\"name\":\"a\"}\n{\"id\":9223372036854775807,\"name\":\"b\"}\n",
              "{\"id\":9223372036854775807,\"name\":\"b\",\"score\":null}\n",
              {"out_of_range in.jsonl:1"}},
        Input{"not_utf8",
              "{\"id\":1,\"name\":\"\xFF\"}\n{\"id\":2,\"name\":\"b\"}\n",
              row(2, "b"),
              {"malformed_record in.jsonl:1"}}),
    [](const auto& of) { return std::string(of.param.name); });

TEST(IngestFile, reads_lines_as_they_are) {
  const TempFolder folder;
  const Sent sent = all_of(fmt::format("{{ path: {} }}", folder.write("in.txt", "a\n\n\"b\r\n\xFF\nlast")));
  EXPECT_EQ(sent.rows, "{\"line\":\"a\"}\n{\"line\":\"\"}\n{\"line\":\"\\\"b\"}\n{\"line\":\"last\"}\n");
  EXPECT_EQ(sent.errors, std::vector<std::string>{"malformed_record in.txt:4"});
}

TEST(IngestFile, keeps_the_refused_line_for_the_errors_port) {
  const TempFolder folder;
  ActorHarness source(
      "ingest.file",
      fmt::format("{{ path: {}, schema: input }}", folder.write("in.jsonl", "{\"id\":oops}\n")), kSchema);
  ASSERT_TRUE(source.produce_all());
  EXPECT_THAT(source.take("errors"), ::testing::HasSubstr("{\\\"id\\\":oops}"));
}

TEST(IngestFile, refuses_too_long_lines_and_reads_on) {
  const TempFolder folder;
  const std::string text =
      "a\n" + std::string(3'000'000, 'x') + "\nb\n" + std::string(101, 'y') + "\n" + std::string(100, 'z');
  const Sent sent = all_of(fmt::format("{{ path: {}, line_max: 100B }}", folder.write("in.txt", text)));
  EXPECT_EQ(sent.rows, "{\"line\":\"a\"}\n{\"line\":\"b\"}\n{\"line\":\"" + std::string(100, 'z') + "\"}\n");
  EXPECT_EQ(sent.errors, (std::vector<std::string>{"limit_reached in.txt:2", "limit_reached in.txt:4"}));
}

TEST(IngestFile, takes_csv_without_header_and_with_other_characters) {
  const TempFolder folder;
  EXPECT_EQ(all_of(fmt::format("{{ path: {}, schema: input, header: false, delimiter: ';', quote: \"'\" }}",
                               folder.write("a.csv", "1;'a;b';0.5\n")),
                   kSchema)
                .rows,
            row(1, "a;b", "0.5"));
  EXPECT_EQ(all_of(fmt::format("{{ path: {}, schema: input }}",
                               folder.write("a.tsv", "id\tname\tscore\n1\ta,b\t\n")),
                   kSchema)
                .rows,
            row(1, "a,b"));
  EXPECT_EQ(all_of(fmt::format("{{ path: {}, schema: input, format: csv, delimiter: tab, quote: none }}",
                               folder.write("a.dat", "id\tname\tscore\n1\t\"a\t\n")),
                   kSchema)
                .rows,
            row(1, "\\\"a"));
}

TEST(IngestFile, reads_the_files_of_a_pattern_by_name_and_unpacks_them) {
  const TempFolder folder;
  folder.write("b.txt.gz", gzipped("b1\nb2\n"));
  folder.write("a.txt", "a1");
  folder.write("c.txt", "c1\n");
  const std::string rows = "{\"line\":\"a1\"}\n{\"line\":\"b1\"}\n{\"line\":\"b2\"}\n{\"line\":\"c1\"}\n";
  EXPECT_EQ(all_of(fmt::format("{{ path: {}, format: lines }}", folder.path("*.txt*"))).rows, rows);
  EXPECT_EQ(all_of(fmt::format("{{ path: [{}, {}, {}] }}", folder.path("a.txt"), folder.path("b.txt.gz"),
                               folder.path("c.txt")))
                .rows,
            rows);
}

TEST(IngestFile, gives_what_is_good_of_a_cut_off_archive_and_goes_on_with_the_next_file) {
  const TempFolder folder;
  std::string text;
  for (int line = 0; line < 50'000; ++line) text += std::to_string(line * 7919) + "\n";
  const std::string packed = gzipped(text);
  folder.write("a.txt.gz", packed.substr(0, packed.size() / 2));
  folder.write("b.txt", "b\n");
  const Sent sent = all_of(fmt::format("{{ path: {}, format: lines }}", folder.path("*")));
  EXPECT_THAT(sent.rows, ::testing::StartsWith("{\"line\":\"0\"}\n{\"line\":\"7919\"}\n"));
  EXPECT_THAT(sent.rows, ::testing::EndsWith("{\"line\":\"b\"}\n"));
  ASSERT_EQ(sent.errors.size(), 1u);
  EXPECT_THAT(sent.errors[0], ::testing::StartsWith("malformed_record a.txt.gz:"));
}

TEST(IngestFile, loses_and_doubles_nothing_when_restarted_anywhere) {
  const TempFolder folder;
  std::string csv = "id,name,score\n";
  for (int id = 0; id < 40; ++id) csv += id % 7 == 3 ? "bad\n" : fmt::format("{},\"a\nb\",\n", id);
  folder.write("a.csv", csv);
  folder.write("b.csv.gz", gzipped(csv));
  folder.write("c.csv", "id,name,score\n");
  folder.write("d.csv", csv);
  const std::string options = fmt::format("{{ path: {}, schema: input, format: csv }}", folder.path("*"));
  const Sent whole = all_of(options, kSchema);
  EXPECT_EQ(std::count(whole.rows.begin(), whole.rows.end(), '\n'), 3 * 34);

  for (const std::uint32_t step : {1u, 7u, 40u, 41u}) {
    ActorHarness source("ingest.file", options, kSchema);
    for (Produced::Next next = Produced::Next::more; next != Produced::Next::end;) {
      const Result<Produced> produced = source.produce(step);
      ASSERT_TRUE(produced);
      next = produced->next;
      ASSERT_TRUE(source.restart());
    }
    const Sent parts = taken(source);
    EXPECT_EQ(parts.rows, whole.rows) << step;
    EXPECT_EQ(parts.errors, whole.errors) << step;
  }
}

TEST(IngestFile, does_not_need_a_file_any_more_that_was_read_before_a_restart) {
  const TempFolder folder;
  folder.write("a.txt", "a1\na2\n");
  folder.write("b.txt", "b1\nb2\n");
  const std::string options = fmt::format("{{ path: {} }}", folder.path("*.txt"));
  ActorHarness source("ingest.file", options);
  ASSERT_TRUE(source.produce(3));
  folder.rename("a.txt", "a.done");
  folder.write("0.txt", "new\n");
  ASSERT_TRUE(source.restart());
  ASSERT_TRUE(source.produce_all());
  EXPECT_EQ(
      source.take(),
      "{\"line\":\"a1\"}\n{\"line\":\"a2\"}\n{\"line\":\"b1\"}\n{\"line\":\"new\"}\n{\"line\":\"b2\"}\n");
}

TEST(IngestFile, fails_when_a_file_is_gone_that_was_not_read_to_its_end) {
  const TempFolder folder;
  folder.write("a.txt", "a1\na2\n");
  folder.write("b.txt", "b1\n");
  ActorHarness source("ingest.file", fmt::format("{{ path: {} }}", folder.path("*.txt")));
  ASSERT_TRUE(source.produce(1));
  folder.rename("a.txt", "a.moved");
  ASSERT_TRUE(source.restart());
  const Status status = source.produce_all();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::input_missing);
  EXPECT_EQ(status.error().place, folder.path("a.txt"));
}

TEST(IngestFile, is_refused_where_the_file_is_named_when_it_is_missing) {
  const TempFolder folder;
  const std::string missing = folder.path("none.txt");
  ActorHarness source("ingest.file", fmt::format("{{ path: {} }}", missing));
  EXPECT_THAT(source.problems(), ::testing::HasSubstr("L0703"));
  EXPECT_THAT(source.problems(), ::testing::HasSubstr("no file " + missing));

  ActorHarness skipping("ingest.file", fmt::format("{{ path: {}, on_missing: skip }}", missing));
  EXPECT_EQ(skipping.problems(), "");
  ASSERT_TRUE(skipping.produce_all());
  EXPECT_EQ(skipping.take(), "");
}

TEST(IngestFile, fails_at_start_when_a_pattern_matches_nothing) {
  const TempFolder folder;
  ActorHarness source("ingest.file", fmt::format("{{ path: {} }}", folder.path("*.txt")));
  EXPECT_THAT(source.problems(), ::testing::HasSubstr("warning L0703"));
  const Status status = source.produce_all();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::input_missing);
}

TEST(IngestFile, is_refused_when_the_header_lacks_a_column) {
  const TempFolder folder;
  for (const std::string& path : {folder.write("in.csv", "id,nam\n1,a\n"), folder.path("*.csv")}) {
    ActorHarness source("ingest.file", fmt::format("{{ path: {}, schema: input }}", path), kSchema);
    EXPECT_THAT(source.problems(), ::testing::HasSubstr("in.csv: no column `name` in the header"));
    EXPECT_THAT(source.problems(), ::testing::HasSubstr("write `header: false`"));
  }
}

TEST(IngestFile, fails_when_a_header_lacks_a_column_that_was_not_checked_before) {
  const TempFolder folder;
  ActorHarness source("ingest.file",
                      fmt::format("{{ path: {}, schema: input }}", folder.write("in.csv", "id,name,score\n")),
                      kSchema);
  folder.write("in.csv", "id,nam\n1,a\n");
  const Status status = source.produce_all();
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().text(), ::testing::HasSubstr("in.csv:1: no column `name` in the header"));
}

TEST(IngestFile, keeps_a_stated_pace) {
  const TempFolder folder;
  std::string text;
  for (int line = 0; line < 100; ++line) text += "x\n";
  ActorHarness source("ingest.file", fmt::format("{{ path: {}, pace: 10/s }}", folder.write("in.txt", text)));
  ASSERT_EQ(source.problems(), "");
  const auto count = [&] {
    EXPECT_TRUE(source.produce_all());
    const std::string rows = source.take();
    return std::count(rows.begin(), rows.end(), '\n');
  };
  EXPECT_EQ(count(), 1);
  EXPECT_EQ(count(), 0);
  ASSERT_TRUE(source.advance(1s));
  EXPECT_EQ(count(), 10);
  ASSERT_TRUE(source.restart());
  EXPECT_EQ(count(), 0);
  ASSERT_TRUE(source.advance(100ms));
  EXPECT_EQ(count(), 1);
}

TEST(IngestFile, replays_at_the_recorded_pace) {
  const TempFolder folder;
  folder.write("a.jsonl",
               "{\"id\":1,\"at\":\"2026-01-01T00:00:00Z\"}\n{\"id\":2,\"at\":\"2026-01-01T00:00:10Z\"}\nbad\n"
               "{\"id\":3,\"at\":null}\n{\"id\":4,\"at\":\"2026-01-01T00:00:05Z\"}\n");
  folder.write("b.jsonl", "{\"id\":5,\"at\":\"2026-01-01T00:00:30Z\"}\n");
  const std::string options = fmt::format(
      "{{ path: {}, schema: input, pace: recorded, time_field: at, speed: 10x }}", folder.path("*.jsonl"));
  for (const bool restarted : {false, true}) {
    ActorHarness source("ingest.file", options, "{ id: int64, at: 'timestamp?' }");
    ASSERT_EQ(source.problems(), "");
    const auto step = [&] {
      if (restarted) {
        EXPECT_TRUE(source.restart());
      }
      EXPECT_TRUE(source.produce_all());
      std::string ids;
      for (const Batch& batch : source.take_batches())
        for (std::uint32_t at = 0; at < batch.row_count(); ++at)
          ids += std::to_string(batch.column(0).int64(at));
      const Sent rest = taken(source);
      return ids + (rest.errors.empty() ? "" : "!");
    };
    EXPECT_EQ(step(), "1");
    ASSERT_TRUE(source.advance(999ms));
    EXPECT_EQ(step(), "");
    ASSERT_TRUE(source.advance(1ms));
    EXPECT_EQ(step(), "234!");
    ASSERT_TRUE(source.advance(1999ms));
    EXPECT_EQ(step(), "");
    ASSERT_TRUE(source.advance(1ms));
    EXPECT_EQ(step(), "5");
  }
}

struct Problem {
  const char* name;
  const char* options;
  std::vector<std::string> shown;
};

class FileProblems : public ::testing::TestWithParam<Problem> {};

TEST_P(FileProblems, are_told_with_what_to_write) {
  const TempFolder folder;
  folder.write("in.csv", "");
  folder.write("in.txt", "");
  folder.write("in.bin", "");
  std::filesystem::create_directory(folder.path("in.dir"));
  std::string options = GetParam().options;
  for (std::size_t at; (at = options.find('$')) != std::string::npos;)
    options.replace(at, 1, folder.path("in"));
  const ActorHarness source("ingest.file", options, kSchema);
  for (const std::string& text : GetParam().shown) EXPECT_THAT(source.problems(), ::testing::HasSubstr(text));
}

INSTANTIATE_TEST_SUITE_P(
    , FileProblems,
    ::testing::Values(
        Problem{"no_path", "{ format: lines }", {"`path` is missing"}},
        Problem{"unknown_ending", "{ path: $.bin }", {"does not tell its format", "format: lines"}},
        Problem{"two_formats", "{ path: [$.txt, $.csv] }", {"several formats"}},
        Problem{"no_schema", "{ path: $.csv }", {"a schema is needed", "schema: NAME"}},
        Problem{"unknown_schema", "{ path: $.csv, schema: inptu }", {"did you mean `input`?"}},
        Problem{"schema_of_lines", "{ path: $.txt, schema: input }", {"{ line: string }"}},
        Problem{"csv_option", "{ path: $.txt, delimiter: ';' }", {"`delimiter` is for CSV only"}},
        Problem{"long_delimiter", "{ path: $.csv, schema: input, delimiter: '::' }", {"one ASCII character"}},
        Problem{"same_characters", "{ path: $.csv, schema: input, delimiter: '\"' }", {"must differ"}},
        Problem{"misspelt_format", "{ path: $.csv, schema: input, format: cvs }", {"did you mean `csv`?"}},
        Problem{"misspelt_pace", "{ path: $.txt, pace: recoded }", {"did you mean `recorded`?", "500/s"}},
        Problem{"pace_without_field", "{ path: $.csv, schema: input, pace: recorded }", {"time_field"}},
        Problem{"pace_with_unknown_field",
                "{ path: $.csv, schema: input, pace: recorded, time_field: scoer }",
                {"did you mean `score`?"}},
        Problem{"pace_with_no_time",
                "{ path: $.csv, schema: input, pace: recorded, time_field: id }",
                {"int64, not timestamp"}},
        Problem{"speed_alone", "{ path: $.txt, speed: 10x }", {"`speed` needs `pace: recorded`"}},
        Problem{"bad_speed", "{ path: $.txt, speed: fast }", {"`fast` is no speed", "10x"}},
        Problem{"wait_alone", "{ path: $.txt, on_missing: wait }", {"needs `follow: true`"}},
        Problem{"below_a_file", "{ path: $.txt/a, format: lines }", {"L0703"}},
        Problem{"folder", "{ path: $.dir, format: lines }", {"is a folder; for all files in it write"}},
        Problem{"tiny_limit", "{ path: $.txt, line_max: 1B }", {"line_max"}}),
    [](const auto& of) { return std::string(of.param.name); });

}  // namespace
}  // namespace leat
