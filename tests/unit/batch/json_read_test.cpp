#include <gtest/gtest.h>

#include <random>

#include "support/sample_batches.hpp"

namespace leat {
namespace {

using testing::all_types, testing::cells, testing::random_batch;

SchemaPtr headline() {
  static const SchemaPtr schema = Schema::make({{"id", Type::string},
                                                {"n", Type::int64},
                                                {"score", Type::float64, true},
                                                {"flag", Type::boolean, true}});
  return schema;
}

// The rows as JSON, or the error.
std::string read(const SchemaPtr& schema, std::string_view line) {
  JsonRows reader(schema);
  BatchBuilder rows(schema);
  const Status status = reader.read_copy(line, rows);
  EXPECT_EQ(rows.row_count(), status ? 1u : 0u);
  if (!status) return code_number(status.error().code) + " " + status.error().message;
  std::string text = to_json_lines(rows.finish());
  text.pop_back();
  return text;
}

std::string read_as(Type type, std::string_view value) {
  const std::string row = read(Schema::make({{"v", type, true}}), R"({"v": )" + std::string(value) + "}");
  return row.starts_with("{\"v\":") ? row.substr(5, row.size() - 6) : row;
}

TEST(JsonRows, fields_come_in_any_order_and_strangers_are_skipped) {
  const char* wanted = R"({"id":"a","n":1,"score":2.5,"flag":true})";
  for (const char* line : {
           R"({"id":"a","n":1,"score":2.5,"flag":true})",
           R"(  { "flag" : true , "score" : 2.5 , "n" : 1 , "id" : "a" }  )",
           R"({"x":{"id":"no","deep":[1,{}]},"id":"a","y":[[]],"n":1,"score":2.5,"z":"\"}","flag":true})",
           R"({"n":1,"id":"a","flag":true,"score":2.5,"ID":"b","i":0,"idd":0})",
       })
    EXPECT_EQ(read(headline(), line), wanted) << line;
}

TEST(JsonRows, what_one_row_had_is_forgotten_for_the_next) {
  const SchemaPtr schema =
      Schema::make({{"a", Type::int64, true}, {"b", Type::int64, true}, {"c", Type::int64, true}});
  const std::pair<const char*, const char*> lines[] = {
      {R"({"a":1,"b":2,"c":3})", R"({"a":1,"b":2,"c":3})"},
      {R"({"c":3,"b":2,"a":1})", R"({"a":1,"b":2,"c":3})"},
      {R"({"a":1,"c":3})", R"({"a":1,"b":null,"c":3})"},
      {R"({"b":2})", R"({"a":null,"b":2,"c":null})"},
      {R"({"a":1,"b":2,"c":3,"a":4})", "a"},
      {R"({"a":1,"a":2})", "a"},
      {R"({"a":1,"b":2,"b":3})", "b"},
      {R"({"c":1,"a":1,"b":2,"c":3})", "c"},
      {R"({"a":1,"x":0,"b":2,"x":0,"c":3,"x":0})", R"({"a":1,"b":2,"c":3})"},
      {R"({"a":1,"x":0,"a":2})", "a"},
      {R"({})", R"({"a":null,"b":null,"c":null})"},
      {R"({"a":1,"b":2})", R"({"a":1,"b":2,"c":null})"},
  };
  JsonRows reader(schema);
  BatchBuilder rows(schema);
  for (const auto& [before, no_matter] : lines)
    for (const auto& [line, wanted] : lines) {
      (void)reader.read_copy(before, rows);
      rows.truncate(0);
      const Status status = reader.read_copy(line, rows);
      if (!status)
        EXPECT_EQ(status.error().message, "field `" + std::string(wanted) + "` stands twice")
            << before << " then " << line;
      else
        EXPECT_EQ(to_json_lines(rows.finish()), std::string(wanted) + "\n") << before << " then " << line;
    }
}

TEST(JsonRows, texts_of_every_length_are_whole_wherever_an_escape_stands) {
  const SchemaPtr schema = Schema::make({{"a", Type::string}, {"b", Type::string}});
  JsonRows reader(schema);
  BatchBuilder rows(schema);
  for (std::size_t length = 0; length < 70; ++length)
    for (std::size_t at = 0; at <= length; ++at) {
      const std::string plain = std::string(at, 'x') + std::string(length - at, 'y');
      const std::string spelt = std::string(at, 'x') + "\\u0000\\n\\\"" + std::string(length - at, 'y');
      const std::string meant =
          std::string(at, 'x') + std::string("\0\n\"", 3) + std::string(length - at, 'y');
      ASSERT_TRUE(reader.read_copy("{\"a\":\"" + spelt + "\",\"b\":\"" + plain + "\"}", rows));
      ASSERT_TRUE(reader.read_copy("{\"a\":\"" + plain + "\",\"b\":\"" + spelt + "\"}", rows));
      ASSERT_FALSE(reader.read_copy("{\"a\":\"" + plain + "\",\"b\":\"" + plain + "\\q\"}", rows));
      const Batch batch = rows.finish();
      ASSERT_EQ(batch.row_count(), 2u);
      EXPECT_EQ(batch.column(0).text(0), meant);
      EXPECT_EQ(batch.column(1).text(0), plain);
      EXPECT_EQ(batch.column(0).text(1), plain);
      EXPECT_EQ(batch.column(1).text(1), meant);
    }
}

TEST(JsonRows, texts_beyond_what_is_written_in_place_are_whole_too) {
  for (const std::size_t length : {65'500u, 65'536u, 70'000u}) {
    const std::string text(length, 'x');
    EXPECT_EQ(read(Schema::make({{"v", Type::string}}), "{\"v\":\"" + text + "\\t\"}"),
              "{\"v\":\"" + text + "\\t\"}");
  }
}

TEST(JsonRows, names_with_escapes_are_the_names_they_spell) {
  EXPECT_EQ(read(headline(), R"({"\u0069d":"a","\u006e":1})"),
            R"({"id":"a","n":1,"score":null,"flag":null})");
  EXPECT_EQ(read(Schema::make({{"a\"b", Type::int64}}), R"({"a\"b":1})"), R"({"a\"b":1})");
}

TEST(JsonRows, a_name_longer_than_the_padding_is_compared_within_the_line) {
  const std::string name(200, 'n');
  const SchemaPtr schema = Schema::make({{name, Type::int64, true}});
  EXPECT_EQ(read(schema, R"({"n":1})"), "{\"" + name + "\":null}");
  EXPECT_EQ(read(schema, "{\"" + name + "\":1}"), "{\"" + name + "\":1}");
}

TEST(JsonRows, absent_and_null_are_null_where_that_is_allowed) {
  EXPECT_EQ(read(headline(), R"({"id":"a","n":1})"), R"({"id":"a","n":1,"score":null,"flag":null})");
  EXPECT_EQ(read(headline(), R"({"id":"a","n":1,"score":null,"flag":null})"),
            R"({"id":"a","n":1,"score":null,"flag":null})");
}

TEST(JsonRows, errors_name_field_expected_and_found) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"n":1})", "L0503 field `id` is missing"},
      {R"({"id":null,"n":1})", "L0503 field `id` is null"},
      {R"({"id":"a","n":"1"})", "L0501 field `n` is a int64, found a string"},
      {R"({"id":"a","n":1.5})", "L0501 field `n` is a int64, found a number"},
      {R"({"id":"a","n":[1]})", "L0501 field `n` is a int64, found an array"},
      {R"({"id":7,"n":1})", "L0501 field `id` is a string, found a number"},
      {R"({"id":"a","n":1,"score":true})", "L0501 field `score` is a float64, found a boolean"},
      {R"({"id":"a","n":1,"flag":"true"})", "L0501 field `flag` is a bool, found a string"},
      {R"({"id":"a","n":9223372036854775808})", "L0502 field `n`: the number does not fit an int64"},
      {R"({"id":"a","n":-9223372036854775809})", "L0502 field `n`: the number does not fit an int64"},
      {R"({"id":"a","n":123456789012345678901234567890})",
       "L0502 field `n`: the number does not fit an int64"},
      {R"({"id":"a","id":"b","n":1})", "L0501 field `id` stands twice"},
      {R"([1])", "L0501 not a JSON object"},
      {R"(7)", "L0501 not a JSON object"},
      {R"({"id":"a","n":1} {})", "L0501 more text after the JSON object"},
      {R"({"id":"a","n":1}x)", "L0501 not a JSON object"},
  };
  for (const auto& [line, error] : cases) EXPECT_EQ(read(headline(), line), error) << line;
}

TEST(JsonRows, broken_text_is_malformed) {
  for (const char* line :
       {"", " ", "{", "}", R"({"id":"a)", R"({"id":"a","n":1)", R"({"id":"a" "n":1})", R"({"id":"a","n":1,})",
        R"({"id":"a","n":01})", R"({"id":"a","n":1e})", R"({"id":"a","n":tru})", R"({'id':'a','n':1})",
        R"({id:"a","n":1})", R"({"id":"\ud800","n":1})", R"({"id":"\udc00","n":1})", R"({"id":"\x","n":1})",
        "{\"id\":\"\xff\",\"n\":1}", "null"})
    EXPECT_TRUE(read(headline(), line).starts_with("L0501 ")) << line << " gave " << read(headline(), line);
}

TEST(JsonRows, every_type_reads_its_values) {
  struct Case {
    Type type;
    const char* json;
    const char* wanted;
  };
  const Case cases[] = {
      {Type::int64, "-9223372036854775808", "-9223372036854775808"},
      {Type::int64, "9223372036854775807", "9223372036854775807"},
      {Type::float64, "1", "1.0"},
      {Type::float64, "-2.5e-3", "-0.0025"},
      {Type::string, R"("\u00e4\n\"\\\/\ud83d\ude00")", R"("ä\n\"\\/😀")"},
      {Type::string, R"("\u0000")", R"("\u0000")"},
      {Type::bytes, R"("AP8=")", R"("AP8=")"},
      {Type::bytes, R"("AP8")", "L0501 field `v` is not base64"},
      {Type::timestamp, R"("2026-11-21T04:50:00+01:00")", R"("2026-11-21T03:50:00Z")"},
      {Type::timestamp, "1500000", R"("1970-01-01T00:00:01.5Z")"},
      {Type::timestamp, "9223372036854775807", "9223372036854775807"},
      {Type::float32_list, "[1, 2.5, -3e1]", "[1,2.5,-30]"},
      {Type::float32_list, "[]", "[]"},
      {Type::float32_list, R"([1, "2"])", "L0501 field `v`: element 1 is not a number"},
      {Type::float32_list, "1", "L0501 field `v` is a list<float32>, found a number"},
      {Type::any, "null", "null"},
      {Type::any, R"({"a":[1,-2,2.5,"x",null,true,{}],"b":18446744073709551615})",
       R"({"a":[1,-2,2.5,"x",null,true,{}],"b":18446744073709551615})"},
  };
  for (const auto& [type, json, wanted] : cases)
    EXPECT_EQ(read_as(type, json), wanted) << to_text(type) << " " << json;
  EXPECT_TRUE(
      read_as(Type::timestamp, R"("yesterday")").starts_with("L0501 field `v`: `yesterday` is not a time"));
}

TEST(JsonRows, any_values_nest_as_deep_as_frames_allow) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(read_as(Type::any, nested(32)), nested(32));
  EXPECT_EQ(read_as(Type::any, nested(33)), "L0501 nested deeper than 32");
  EXPECT_TRUE(read_as(Type::any, nested(100'000)).starts_with("L0501 "));
}

TEST(JsonRows, a_bad_line_leaves_no_trace_between_good_ones) {
  const Batch batch = random_batch(all_types(), 20, 1);
  JsonRows reader(all_types());
  BatchBuilder rows(all_types());
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    std::string line;
    write_json(batch, row, line);
    EXPECT_FALSE(reader.read_copy(line.substr(0, line.size() / 2), rows));
    EXPECT_FALSE(reader.read_copy(line + line, rows));
    ASSERT_TRUE(reader.read_copy(line, rows)) << line;
  }
  EXPECT_EQ(cells(rows.finish()), cells(batch));
}

TEST(JsonRows, a_hint_changes_neither_rows_nor_errors) {
  const char* lines[] = {
      R"({"id":"a","n":1})",
      R"({"id":"a","n":1,"score":2.5,"flag":true})",
      R"({"flag":true,"x":[1,{"y":"}"}],"n":1,"id":"\u00e9\n"})",
      R"(  {"id":"a","n":1})",
      R"({"id":"a","n":1}  )",
      "",
      "  ",
      "{",
      "}",
      "[",
      R"({"id":"a","n":1)",
      R"({"id":"a","n":1}})",
      R"({"id":"a","n":1} {"id":"b","n":2})",
      R"({"id":"a","n":1}{"id":"b","n":2})",
      R"({"id":"a","n":1},)",
      R"({"id":"a",)",
      R"("n":1})",
      R"({"id":"a","n":[})",
      R"({"id":"a","n":})",
      R"({"id":"a" "n":1})",
      R"({"id":"a","n":"1"})",
      R"({"id":"a","id":"b","n":1})",
      R"({"id":"a})",
      R"(","n":1})",
      R"({"id":"\q","n":1})",
      R"(["id"])",
      "null",
      "7",
      "\"",
      "\\",
      "{\"id\":\"\xff\",\"n\":1}",
      "{\"id\":\"\x01\",\"n\":1}",
      "{\"id\":\"\xc3",
  };
  std::minstd_rand random(5);
  for (int round = 0; round < 5000; ++round) {
    // Mostly good lines, or the first bad one would end the hint at once.
    std::string text;
    std::vector<std::pair<std::size_t, std::size_t>> at;
    const int bad_in = 1 + static_cast<int>(random() % 10);
    for (int count = 1 + static_cast<int>(random() % 12); count > 0; --count) {
      const std::string line = lines[random() % bad_in == 0 ? random() % std::size(lines) : random() % 3];
      at.emplace_back(text.size(), line.size());
      text += line + (random() % 8 != 0 ? "\n" : random() % 2 != 0 ? "\r\n" : "");
    }
    std::string padded = text;
    padded.resize(text.size() + kJsonPadding, "\0 }\"x"[random() % 5]);
    JsonRows with_hint(headline()), without(headline());
    BatchBuilder rows(headline()), wanted(headline());
    with_hint.expect(std::string_view(padded).substr(0, text.size()));
    for (const auto& [begin, size] : at) {
      if (random() % 30 == 0) continue;  // nobody reads it
      const Status one = with_hint.read(std::string_view(padded).substr(begin, size), rows);
      const Status other = without.read(std::string_view(padded).substr(begin, size), wanted);
      ASSERT_EQ(one ? "good" : one.error().text(), other ? "good" : other.error().text())
          << text << "\n: " << text.substr(begin, size);
    }
    ASSERT_EQ(cells(rows.finish()), cells(wanted.finish())) << text;
  }
}

TEST(JsonRows, lines_are_read_where_they_stand_in_a_padded_chunk) {
  const Batch batch = random_batch(all_types(), 20, 2);
  std::string chunk = to_json_lines(batch);
  const std::size_t size = chunk.size();
  chunk.resize(size + kJsonPadding);
  JsonRows reader(all_types());
  BatchBuilder rows(all_types());
  for (std::size_t at = 0; at < size;) {
    const std::size_t end = chunk.find('\n', at);
    ASSERT_TRUE(reader.read(std::string_view(chunk).substr(at, end - at), rows));
    at = end + 1;
  }
  EXPECT_EQ(cells(rows.finish()), cells(batch));
}

}  // namespace
}  // namespace leat
