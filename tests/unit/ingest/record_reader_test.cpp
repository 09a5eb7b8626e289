#include "ingest/record_reader.hpp"

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using testing::TempFolder;

constexpr std::size_t kChunk = RecordReader::Format().chunk;

struct Cutting {
  const char* name;
  std::string text;
  std::vector<std::string> records;  // "line: text"; "!" before the text: too long
};

std::unique_ptr<RecordReader> reader_of(const std::string& path, RecordReader::Format format = {}) {
  auto stream = open_stream(path);
  EXPECT_TRUE(stream) << stream.error().text();
  auto reader = std::make_unique<RecordReader>(std::move(*stream), format);
  EXPECT_TRUE(reader->seek({}));
  return reader;
}

std::vector<std::string> rest_of(RecordReader& reader, bool final = true) {
  std::vector<std::string> records;
  RecordReader::Record record;
  for (;;) {
    const auto next = reader.next(record, final);
    EXPECT_TRUE(next) << next.error().text();
    if (!next || *next == RecordReader::Next::end) return records;
    records.push_back(fmt::format("{}: {}{}", record.at.line, record.too_long ? "!" : "", record.text));
  }
}

class Lines : public ::testing::TestWithParam<Cutting> {};

TEST_P(Lines, are_cut_at_line_ends) {
  const TempFolder folder;
  const auto reader = reader_of(folder.write("in", GetParam().text), {.record_max = 100});
  EXPECT_EQ(rest_of(*reader), GetParam().records);
}

INSTANTIATE_TEST_SUITE_P(
    , Lines,
    ::testing::Values(
        Cutting{"nothing", "", {}}, Cutting{"one", "a\n", {"1: a"}},
        Cutting{"no_end", "a\nb", {"1: a", "2: b"}},
        Cutting{"empty_lines", "\n\na\n", {"1: ", "2: ", "3: a"}},
        Cutting{"carriage_returns", "a\r\nb\r\n\r\n", {"1: a", "2: b", "3: "}},
        Cutting{"carriage_return_inside", "a\rb\n", {"1: a\rb"}},
        Cutting{"last_carriage_return", "a\r", {"1: a"}},
        Cutting{"mark",
                "\xEF\xBB\xBF"
                "a\nb\n",
                {"1: a", "2: b"}},
        Cutting{"mark_only", "\xEF\xBB\xBF", {}},
        Cutting{"mark_elsewhere",
                "a\n\xEF\xBB\xBF"
                "b\n",
                {"1: a",
                 "2: \xEF\xBB\xBF"
                 "b"}},
        Cutting{"quotes_are_text", "\"a\nb\"\n", {"1: \"a", "2: b\""}},
        Cutting{"exactly_the_most", std::string(100, 'x') + "\n", {"1: " + std::string(100, 'x')}},
        Cutting{"too_long", std::string(101, 'x') + "\nb\n", {"1: !" + std::string(100, 'x'), "2: b"}}),
    [](const auto& of) { return std::string(of.param.name); });

class CsvRecords : public ::testing::TestWithParam<Cutting> {};

TEST_P(CsvRecords, may_span_lines_inside_quotes_only) {
  const TempFolder folder;
  const auto reader = reader_of(folder.write("in", GetParam().text), {.quote = '"', .record_max = 100});
  EXPECT_EQ(rest_of(*reader), GetParam().records);
}

INSTANTIATE_TEST_SUITE_P(
    , CsvRecords,
    ::testing::Values(
        Cutting{"plain", "a,b\nc,d\n", {"1: a,b", "2: c,d"}},
        Cutting{"quoted", "\"a\",\"b\"\nc\n", {"1: \"a\",\"b\"", "2: c"}},
        Cutting{"line_end_inside", "\"a\nb\",c\nd\n", {"1: \"a\nb\",c", "3: d"}},
        Cutting{"two_line_ends_inside", "x,\"a\r\n\nb\"\r\nd\r\n", {"1: x,\"a\r\n\nb\"", "4: d"}},
        Cutting{"doubled_quotes", "\"a\"\"\nb\"\nc\n", {"1: \"a\"\"\nb\"", "3: c"}},
        Cutting{"only_doubled", "\"\"\"\"\nc\n", {"1: \"\"\"\"", "2: c"}},
        Cutting{"quote_inside_plain_field", "a\"b,c\nd\n", {"1: a\"b,c", "2: d"}},
        Cutting{"not_closed", "\"a,b\nc,d\ne\n", {"1: \"a,b", "2: c,d", "3: e"}},
        Cutting{"not_closed_without_end", "\"a,b", {"1: \"a,b"}},
        Cutting{"text_after_quote", "\"a\"b,c\nd\n", {"1: \"a\"b,c", "2: d"}},
        Cutting{"paired_with_a_later_quote", "\"a,b\nc,\"d\"\ne\n", {"1: \"a,b", "2: c,\"d\"", "3: e"}},
        Cutting{"closed_at_the_end", "\"a\"", {"1: \"a\""}},
        Cutting{"carriage_return_at_the_end", "\"a\"\r", {"1: \"a\""}},
        Cutting{"not_closed_and_long",
                "\"" + std::string(50, 'x') + "\n" + std::string(60, 'y') + "\nz\n",
                {"1: \"" + std::string(50, 'x'), "2: " + std::string(60, 'y'), "3: z"}}),
    [](const auto& of) { return std::string(of.param.name); });

TEST(RecordReader, cuts_the_same_records_when_they_cross_chunks) {
  const TempFolder folder;
  std::string text;
  std::vector<std::string> expected;
  for (int line = 1; text.size() < 3 * kChunk; ++line) {
    const std::string body(static_cast<std::size_t>(line * 7919 % 5000), static_cast<char>('a' + line % 26));
    text += body + "\n";
    expected.push_back(fmt::format("{}: {}", line, body));
  }
  EXPECT_EQ(rest_of(*reader_of(folder.write("in", text))), expected);
  EXPECT_EQ(rest_of(*reader_of(folder.write("in.gz", testing::gzipped(text)))), expected);
}

TEST(RecordReader, reads_on_behind_a_line_of_many_chunks) {
  const TempFolder folder;
  const std::string path = folder.write("in", "a\n" + std::string(5 * kChunk, 'x') + "\nb\n");
  const auto reader = reader_of(path, {.record_max = 1000});
  const auto records = rest_of(*reader);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[1].substr(0, 5), "2: !x");
  EXPECT_EQ(records[2], "3: b");
}

TEST(RecordReader, goes_on_from_every_position_it_was_at) {
  const TempFolder folder;
  const std::string path = folder.write("in",
                                        "\xEF\xBB\xBF"
                                        "a\n\n\"b\nc\"\n" +
                                            std::string(300'000, 'x') + "\nlast");
  const RecordReader::Format format{.quote = '"', .record_max = 1000};
  const auto whole = rest_of(*reader_of(path, format));
  const auto reader = reader_of(path, format);
  RecordReader::Record record;
  for (std::size_t read = 0; read <= whole.size(); ++read) {
    const auto other = reader_of(path, format);
    ASSERT_TRUE(other->seek(reader->position()));
    EXPECT_EQ(rest_of(*other),
              std::vector<std::string>(whole.begin() + static_cast<long>(read), whole.end()));
    if (read < whole.size()) {
      ASSERT_TRUE(reader->next(record, true));
    }
  }
}

TEST(RecordReader, cuts_alike_whatever_the_chunks_and_wherever_it_begins_anew) {
  const TempFolder folder;
  std::uint32_t random = 1;
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int at = 0; at < 60; ++at)
      text += "ab,,\"\"\n\n\r"[(random = random * 1664525 + 1013904223) >> 16 & 7];
    const std::string path = folder.write("in", text);
    for (const char quote : {'"', '\0'}) {
      RecordReader::Format format{.quote = quote, .record_max = 10};
      const auto whole = rest_of(*reader_of(path, format));
      for (const std::size_t chunk : {1, 2, 3, 5, 11}) {
        format.chunk = chunk;
        const auto reader = reader_of(path, format);
        RecordReader::Record record;
        for (std::size_t read = 0; read < whole.size(); ++read) {
          const auto other = reader_of(path, format);
          ASSERT_TRUE(other->seek(reader->position()));
          ASSERT_EQ(rest_of(*other),
                    std::vector<std::string>(whole.begin() + static_cast<long>(read), whole.end()))
              << text << " in chunks of " << chunk << " after " << read;
          ASSERT_TRUE(reader->next(record, true));
          const auto before = text.begin() + static_cast<long>(record.at.offset);
          ASSERT_EQ(record.at.line, 1u + static_cast<std::size_t>(std::count(text.begin(), before, '\n')));
        }
      }
    }
  }
}

TEST(RecordReader, keeps_a_line_without_an_end_for_later_unless_it_is_final) {
  const TempFolder folder;
  const auto reader = reader_of(folder.write("in", "a\nb"));
  EXPECT_EQ(rest_of(*reader, false), std::vector<std::string>{"1: a"});
  reader->release();
  folder.append("in", "c\nd");
  EXPECT_EQ(rest_of(*reader, false), std::vector<std::string>{"2: bc"});
  EXPECT_EQ(rest_of(*reader, true), std::vector<std::string>{"3: d"});
}

TEST(RecordReader, gives_a_record_again_that_was_put_back) {
  const TempFolder folder;
  const auto reader = reader_of(folder.write("in", "a\nb\n"));
  RecordReader::Record record;
  ASSERT_TRUE(reader->next(record, true));
  ASSERT_TRUE(reader->next(record, true));
  reader->put_back(record);
  EXPECT_EQ(rest_of(*reader), std::vector<std::string>{"2: b"});
}

TEST(RecordReader, leaves_readable_bytes_behind_the_last_record) {
  const TempFolder folder;
  const auto reader = reader_of(folder.write("in", std::string(kChunk, 'x')));
  RecordReader::Record record;
  ASSERT_TRUE(reader->next(record, true));
  const char* behind = record.text.data() + record.text.size();
  EXPECT_EQ(std::string(behind, RecordReader::kPadding), std::string(RecordReader::kPadding, '\0'));
}

}  // namespace
}  // namespace leat
