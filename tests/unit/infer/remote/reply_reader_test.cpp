#include "infer/remote/reply_reader.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

std::string read(ReplyReader& reader, const std::string& body, std::uint32_t rows) {
  const Result<Reply> reply = reader.read(body, rows);
  return reply ? to_json_lines(reply->outputs) : "error: " + reply.error().message;
}

ReplyReader kserve(std::vector<Field> fields) {
  return ReplyReader({Protocol::kserve_v2, Schema::make(std::move(fields)), {}});
}

TEST(ReplyReader, kserve_reads_tensors_by_name) {
  ReplyReader reader = kserve({{"minutes", Type::float64}, {"label", Type::string}});
  const Result<Reply> reply = reader.read(
      R"({"model_name":"delay","model_version":"3","outputs":[{"name":"label","shape":[2],"datatype":"BYTES",)"
      R"("data":["a","b"]},{"name":"minutes","shape":[2,1],"datatype":"FP32","data":[[1.5],[2]]}]})",
      2);
  ASSERT_TRUE(reply);
  EXPECT_EQ(to_json_lines(reply->outputs),
            "{\"minutes\":1.5,\"label\":\"a\"}\n{\"minutes\":2.0,\"label\":\"b\"}\n");
  EXPECT_EQ(reply->model, "delay");
  EXPECT_EQ(reply->version, "3");
}

TEST(ReplyReader, kserve_reads_every_type_flat_or_nested) {
  struct Case {
    Type type;
    const char* data;
    const char* rows;
  };
  const Case cases[] = {
      {Type::int64, "[1,2]", "{\"x\":1}\n{\"x\":2}\n"},
      {Type::int64, "[1.0,-2e0]", "{\"x\":1}\n{\"x\":-2}\n"},
      {Type::float64, "[[1],[2]]", "{\"x\":1.0}\n{\"x\":2.0}\n"},
      {Type::boolean, "[true,false]", "{\"x\":true}\n{\"x\":false}\n"},
      {Type::float32_list, "[1,2,3,4]", "{\"x\":[1,2]}\n{\"x\":[3,4]}\n"},
      {Type::float32_list, "[[1,2,3],[4,5,6]]", "{\"x\":[1,2,3]}\n{\"x\":[4,5,6]}\n"},
      {Type::int64, "[1]", "error: `x` has 1 values for 2 rows"},
      {Type::int64, "[1,2,3]", "error: `x` has 3 values for 2 rows"},
      {Type::int64, "[]", "error: `x` has 0 values for 2 rows"},
      {Type::int64, "[1,2.5]", "error: `x` of the answer is not int64: 2.5"},
      {Type::int64, "[1,null]", "error: `x` of the answer is not int64: null"},
      {Type::float64, "[1,\"2\"]", "error: `x` of the answer is not float64: \"2\""},
      {Type::boolean, "[1,0]", "error: `x` of the answer is not bool: 1"},
      {Type::float32_list, "[1,2,3]", "error: `x` has 3 values, which 2 rows cannot share"},
      {Type::float32_list, "[]", "error: `x` has 0 values, which 2 rows cannot share"},
      {Type::float32_list, "[1,\"a\"]", "error: `x` has values that are no numbers"},
  };
  for (const Case& with : cases) {
    ReplyReader reader = kserve({{"x", with.type}});
    EXPECT_EQ(read(reader, std::string(R"({"outputs":[{"name":"x","data":)") + with.data + "}]}", 2),
              with.rows)
        << with.data;
  }
}

TEST(ReplyReader, what_is_no_answer_is_said_and_leaves_nothing_behind) {
  ReplyReader reader = kserve({{"x", Type::int64}, {"y", Type::int64}});
  for (const char* body :
       {"", "no", "{", "[]", "{}", "7", R"({"outputs":{}})", R"({"outputs":[]})", R"({"outputs":[7]})",
        R"({"outputs":[{"name":"x","data":[1]}]})", R"({"outputs":[{"name":"x"},{"name":"y"}]})",
        R"({"outputs":[{"name":"x","data":[1]},{"name":"x","data":[1]},{"name":"y","data":[1]}]})",
        "{\"outputs\":[{\"name\":\"\xff\"}]}"})
    EXPECT_FALSE(reader.read(body, 1)) << body;
  EXPECT_EQ(read(reader, R"({"outputs":[{"name":"x","data":[1]},{"name":"y","data":[2]}]})", 1),
            "{\"x\":1,\"y\":2}\n");
}

TEST(ReplyReader, invocations_read_objects_values_or_a_bare_list) {
  ReplyReader two(
      {Protocol::invocations, Schema::make({{"score", Type::float64}, {"label", Type::any, true}}), {}});
  EXPECT_EQ(read(two, R"({"predictions":[{"score":1,"label":"a","more":0},{"label":null,"score":2.5}]})", 2),
            "{\"score\":1.0,\"label\":\"a\"}\n{\"score\":2.5,\"label\":null}\n");
  EXPECT_EQ(read(two, R"({"predictions":[1]})", 1), "error: the answer has no `score`");
  EXPECT_EQ(read(two, R"({"predictions":[{"score":1}]})", 1), "error: the answer has no `label`");
  EXPECT_EQ(read(two, R"({"predictions":[]})", 1), "error: the answer has 0 predictions for 1 rows");
  EXPECT_EQ(read(two, R"({"results":[]})", 1), "error: the answer has no `predictions`");
  ReplyReader one({Protocol::invocations, Schema::make({{"p", Type::float32_list}}), {}});
  EXPECT_EQ(read(one, "[[0.5,0.5],[1,0]]", 2), "{\"p\":[0.5,0.5]}\n{\"p\":[1,0]}\n");
}

TEST(ReplyReader, template_reads_by_pointer) {
  ReplyReader reader({Protocol::body,
                      Schema::make({{"label", Type::string}, {"score", Type::float64}}),
                      {"/0/label", "/0/the~1score"}});
  EXPECT_EQ(read(reader, R"([{"label":"good","the/score":0.9}])", 1), "{\"label\":\"good\",\"score\":0.9}\n");
  EXPECT_EQ(read(reader, R"([{"label":"good"}])", 1), "error: the answer has nothing at `/0/the~1score`");
  ReplyReader whole({Protocol::body, Schema::make({{"answer", Type::any}}), {""}});
  EXPECT_EQ(read(whole, R"({"a":[1,2]})", 1), "{\"answer\":{\"a\":[1,2]}}\n");
}

TEST(ReplyReader, json_pointers_are_told_from_other_texts) {
  for (const char* good : {"", "/", "/a", "/0/b", "/a~0b~1c"}) EXPECT_TRUE(is_json_pointer(good)) << good;
  for (const char* bad : {"a", "$.a", "/a~", "/a~2"}) EXPECT_FALSE(is_json_pointer(bad)) << bad;
}

}  // namespace
}  // namespace leat
