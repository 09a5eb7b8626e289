#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <leat/testing.hpp>
#include <random>
#include <set>

#include "infer/engines.hpp"
#include "infer/ngram/ngram_learner.hpp"
#include "infer/ngram/onnx_ngrams.hpp"
#include "infer/onnx_session.hpp"
#include "support/onnx_models.hpp"
#include "support/temp_folder.hpp"

namespace leat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TempFolder;

std::uint32_t number(const std::string& part, std::uint32_t buckets) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const unsigned char byte : part) hash = (hash ^ byte) * 0x100000001b3u;
  return static_cast<std::uint32_t>(hash % buckets);
}

std::vector<std::uint32_t> numbers(const std::vector<std::string>& parts, std::uint32_t buckets) {
  std::set<std::uint32_t> all;
  for (const std::string& part : parts) all.insert(number(part, buckets));
  return {all.begin(), all.end()};
}

TEST(Ngrams, are_the_words_their_runs_and_the_parts_of_each) {
  constexpr std::uint32_t kBuckets = 1u << 20;
  NgramReader words({.buckets = kBuckets, .words_max = 2, .characters_min = 1, .characters_max = 0});
  EXPECT_EQ(words.read("Not GOOD, not good!"),
            numbers({"wnot", "wgood", "w!", "wnot good", "wgood not", "wgood !"}, kBuckets));
  NgramReader parts({.buckets = kBuckets, .words_max = 0, .characters_min = 3, .characters_max = 4});
  EXPECT_EQ(parts.read("Ox bad"),
            numbers({"c<ox", "cox>", "c<ox>", "c<ba", "cbad", "cad>", "c<bad", "cbad>"}, kBuckets));
}

TEST(Ngrams, words_are_letters_digits_apostrophes_and_everything_beyond_ascii) {
  NgramReader reader({.buckets = 1u << 20, .words_max = 1, .characters_min = 1, .characters_max = 0});
  const struct {
    const char* text;
    std::vector<std::string> words;
  } cases[] = {
      {"", {}},
      {" .,;-()<>\t\n", {}},
      {"don't", {"wdon't"}},
      {"4TH QTR-LOSS", {"w4th", "wqtr", "wloss"}},
      {"GRÜSSE an Zoë", {"wgrüsse", "wan", "wzoë"}},
      {"what?!", {"wwhat", "w?", "w!"}},
      {"a a A", {"wa"}},
  };
  for (const auto& [text, words] : cases) EXPECT_EQ(reader.read(text), numbers(words, 1u << 20)) << text;
}

TEST(Ngrams, any_bytes_have_numbers_within_the_buckets) {
  std::mt19937_64 random(9);
  NgramReader reader({.buckets = 97, .words_max = 3, .characters_min = 1, .characters_max = 16});
  for (int times = 0; times < 2000; ++times) {
    std::string text(random() % 40, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    const std::vector<std::uint32_t> once = reader.read(text);
    EXPECT_TRUE(std::ranges::is_sorted(once) && std::ranges::adjacent_find(once) == once.end());
    EXPECT_TRUE(once.empty() || once.back() < 97);
    EXPECT_EQ(reader.read(text), once);
  }
}

/// Sentences of made-up words, of which some say good and some bad.
struct Opinions {
  explicit Opinions(std::uint64_t seed, int count) {
    std::mt19937_64 random(seed);
    for (int at = 0; at < count; ++at) {
      const bool good = random() % 2 == 0;
      std::string text;
      for (int word = 0; word < 6; ++word) text += fmt::format("filler{} ", random() % 40);
      text += fmt::format("{}{}", good ? "lovely" : "dreadful", random() % 5);
      texts.push_back(text);
      labels.push_back(good ? 1.0f : 0.0f);
    }
  }
  Examples rows() const { return {{nullptr, 0, 0}, texts, labels}; }
  std::vector<std::string> texts;
  std::vector<float> labels;
};

TEST(NgramLearner, learns_which_words_decide_and_tells_it_of_new_sentences) {
  const Opinions learn(1, 300), ask(2, 200);
  const auto learnt = learn_ngrams({.rounds = 20, .eta = 0.05}, learn.rows());
  ASSERT_TRUE(learnt);
  std::vector<float> answers;
  ASSERT_TRUE((*learnt)->predict(ask.rows(), answers));
  int right = 0;
  for (std::size_t at = 0; at < answers.size(); ++at)
    right += (answers[at] >= 0.5f) == (ask.labels[at] > 0.5f);
  EXPECT_GE(right, 196);
}

TEST(NgramLearner, the_same_rows_and_seed_give_the_same_model) {
  const Opinions opinions(3, 100);
  const auto weights = [&](std::uint64_t seed) {
    return learn_ngram_weights({.rounds = 5, .eta = 0.1, .seed = seed}, opinions.rows(), {.buckets = 512})
        .weights;
  };
  EXPECT_EQ(weights(1), weights(1));
  EXPECT_NE(weights(1), weights(2));
}

TEST(NgramLearner, labels_between_are_learnt_as_probabilities) {
  const std::vector<std::string> texts(400, "the same again");
  std::vector<float> labels;
  for (int at = 0; at < 400; ++at) labels.push_back(at % 4 == 0 ? 1.0f : 0.0f);
  const NgramWeights model =
      learn_ngram_weights({.rounds = 50, .eta = 0.05}, {{nullptr, 0, 0}, texts, labels}, {});
  NgramReader reader(model.shape);
  EXPECT_NEAR(model.probability(reader.read("the same again")), 0.25, 0.05);
}

NgramWeights random_model(std::uint64_t seed) {
  NgramWeights model{.shape = {.buckets = 1000}, .bias = -0.25f, .weights = {}};
  std::mt19937_64 random(seed);
  for (int at = 0; at < 1000; ++at) model.weights.push_back(static_cast<float>(random() % 2001) / 1000 - 1);
  return model;
}

TEST(NgramFile, is_read_back_bit_by_bit_and_damage_is_told) {
  const TempFolder folder;
  const NgramWeights model = random_model(1);
  ASSERT_TRUE(write_ngrams(model, folder.path("m.ngram")));
  const auto read = read_ngrams(folder.path("m.ngram"));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->shape, model.shape);
  EXPECT_EQ(read->bias, model.bias);
  EXPECT_EQ(read->weights, model.weights);
  const std::string bytes = folder.read("m.ngram");
  const struct {
    std::string bytes;
    const char* says;
  } cases[] = {
      {"", "not a model of hashed n-grams"},
      {"good\t1\n", "not a model of hashed n-grams"},
      {bytes.substr(0, bytes.size() - 1), "should end with 1000 weights"},
      {bytes + "x", "should end with 1000 weights"},
      {"leat-ngram 1\nbuckets 0\nwords 2\ncharacters 3 5\nbias 0\n\n", "not a model"},
      {"leat-ngram 1\nbuckets 99999999999\nwords 2\ncharacters 3 5\nbias 0\n\n", "not a model"},
      {"leat-ngram 1\nbuckets 8\nwords 2000000\ncharacters 3 5\nbias 0\n\n", "not a model"},
      {"leat-ngram 1\nbuckets 1\nwords 2\ncharacters 3 5\nbias 1e30\n\n" + std::string(4, '\0'),
       "far too large"},
      {bytes.substr(0, bytes.size() - 4) + std::string("\0\0\xc0\x7f", 4), "a weight is not a number"},
  };
  for (const auto& one : cases) {
    const auto bad = read_ngrams(folder.write("bad.ngram", one.bytes));
    ASSERT_FALSE(bad);
    EXPECT_THAT(bad.error().message, HasSubstr(one.says));
  }
  EXPECT_EQ(read_ngrams(folder.path("none.ngram")).error().code, Code::model_missing);
}

TEST(NgramFile, its_graph_gives_the_same_answers_in_onnx_runtime) {
  LEAT_NEEDS_ONNX();
  const TempFolder folder;
  const NgramWeights model = random_model(2);
  ASSERT_TRUE(export_ngrams(model).write(folder.path("model.onnx")));
  const auto session = open_onnx(folder.path("model.onnx"), 1);
  ASSERT_TRUE(session) << session.error().text();
  const char* texts[] = {"Profits rise", "", "A very, very bad film about nothing at all!", "x"};
  NgramReader reader(model.shape);
  std::vector<std::vector<std::uint32_t>> read;
  std::size_t longest = 0;
  for (const char* text : texts) longest = std::max(longest, read.emplace_back(reader.read(text)).size());
  Tensor rows{Element::int64, {4, static_cast<std::int64_t>(longest)}, Memory::allocate(4 * longest * 8), {}};
  auto* values = reinterpret_cast<std::int64_t*>(rows.values.data());
  std::fill_n(values, 4 * longest, model.shape.buckets);
  for (std::size_t row = 0; row < 4; ++row) std::ranges::copy(read[row], values + row * longest);
  const std::size_t first[] = {0};
  const auto outputs = (*session)->run({&rows, 1}, first);
  ASSERT_TRUE(outputs) << outputs.error().text();
  const auto* found = reinterpret_cast<const float*>((*outputs)[0].values.data());
  for (std::size_t row = 0; row < 4; ++row)
    EXPECT_NEAR(found[row], model.probability(read[row]), 1e-6) << texts[row];
}

TEST(NgramEngine, answers_with_the_probability_or_with_labels) {
  const TempFolder folder;
  std::filesystem::create_directories(folder.path("mood/3"));
  NgramWeights model{.shape = {.buckets = 4096, .words_max = 1, .characters_min = 1, .characters_max = 0},
                     .bias = 0,
                     .weights = std::vector<float>(4096)};
  model.weights[number("wgood", 4096)] = 2;
  model.weights[number("wbad", 4096)] = -2;
  ASSERT_TRUE(write_ngrams(model, folder.path("mood/3/model.ngram")));
  const std::string rows = "{\"s\":\"good\"}\n{\"s\":\"so bad\"}\n{\"s\":null}\n";
  const std::string base =
      fmt::format("engine: ngram, model: {}, map: {{ in: s, out: mood }}", folder.path("mood"));
  ActorHarness plain("infer", "{ " + base + " }", "{ s: 'string?' }");
  ASSERT_EQ(plain.problems(), "");
  ASSERT_TRUE(plain.feed(rows).has_value());
  EXPECT_EQ(plain.take(),
            "{\"s\":\"good\",\"mood_score\":0.8807970285415649,\"mood_model\":\"ngram/mood@3\"}\n"
            "{\"s\":\"so bad\",\"mood_score\":0.11920291930437088,\"mood_model\":\"ngram/mood@3\"}\n");
  EXPECT_THAT(plain.take("errors"), HasSubstr("`s` is null"));
  ActorHarness named("infer", "{ " + base + ", labels: [negative, positive], on_null: keep }",
                     "{ s: 'string?' }");
  ASSERT_EQ(named.problems(), "");
  ASSERT_TRUE(named.feed(rows).has_value());
  const std::string lines = named.take();
  EXPECT_THAT(lines, HasSubstr(R"("mood_label":"positive","mood_score":0.88)"));
  EXPECT_THAT(lines, HasSubstr(R"("mood_label":"negative","mood_score":0.88)"));
  EXPECT_THAT(lines, HasSubstr(R"("mood_label":null,"mood_score":null)"));
  EXPECT_THAT(named.take("errors"), IsEmpty());
  ActorHarness three("infer", "{ " + base + ", labels: [a, b, c] }", "{ s: string }");
  EXPECT_THAT(three.problems(), HasSubstr("`labels` are two"));
  ActorHarness numbers(
      "infer",
      fmt::format("{{ engine: ngram, model: {}, map: {{ in: n, out: mood }} }}", folder.path("mood")),
      "{ n: int64 }");
  EXPECT_NE(numbers.problems(), "");
}

TEST(NgramEngine, what_is_exported_answers_texts_in_engine_onnx_too) {
  LEAT_NEEDS_ONNX();
  const TempFolder folder;
  const NgramWeights model = random_model(4);
  ASSERT_TRUE(write_ngrams(model, folder.path("m.ngram")));
  ASSERT_TRUE(export_ngrams(model).write(folder.path("m.onnx")));
  ASSERT_TRUE(write_ngram_shape(model.shape, folder.path("m.onnx")));
  const auto scores = [&](const std::string& engine) {
    ActorHarness infer("infer",
                       fmt::format("{{ engine: {0}, model: {1}.{0}, map: {{ in: s, out: mood }} }}", engine,
                                   folder.path("m")),
                       "{ s: string }");
    EXPECT_EQ(infer.problems(), "");
    EXPECT_TRUE(
        infer.feed("{\"s\":\"Profits rise\"}\n{\"s\":\"\"}\n{\"s\":\"a loss, alas!\"}\n").has_value());
    const auto batches = infer.take_batches();
    const auto values = batches.at(0).column("mood_score")->float64s();
    return std::vector<double>(values.begin(), values.end());
  };
  EXPECT_THAT(scores("onnx"), ::testing::Pointwise(::testing::DoubleNear(1e-6), scores("ngram")));
  for (const char* bad :
       {"", "{}", "{\"buckets\":0,\"words_max\":2,\"characters_min\":3,\"characters_max\":5}"}) {
    folder.write("m.ngrams.json", bad);
    ActorHarness infer(
        "infer",
        fmt::format("{{ engine: onnx, model: {}, map: {{ in: s, out: mood }} }}", folder.path("m.onnx")),
        "{ s: string }");
    EXPECT_THAT(infer.problems(), HasSubstr("m.ngrams.json")) << bad;
  }
}

TEST(NgramEngine, train_writes_what_infer_reads_and_no_worse_version_after_it) {
  const TempFolder folder;
  const std::string options = fmt::format(
      "{{ model: {}, text: s, label: good, algorithm: ngram, rounds: 10, eta: 0.05 }}", folder.path("mood"));
  const Opinions opinions(5, 200);
  std::string rows;
  for (std::size_t at = 0; at < opinions.texts.size(); ++at)
    rows += fmt::format("{{\"s\":\"{}\",\"good\":{}}}\n", opinions.texts[at], opinions.labels[at] > 0.5f);
  for (const char* due : {"\"version\":1,\"taken\":true", "not better than the version that is there"}) {
    ActorHarness train("train", options, "{ s: string, good: bool }");
    ASSERT_EQ(train.problems(), "");
    ASSERT_TRUE(train.feed(rows).has_value());
    ASSERT_TRUE(train.end().has_value());
    EXPECT_THAT(train.take(), HasSubstr(due));
  }
  ActorHarness infer(
      "infer",
      fmt::format("{{ engine: ngram, model: {}, map: {{ in: s, out: mood }} }}", folder.path("mood")),
      "{ s: string }");
  ASSERT_EQ(infer.problems(), "");
  ASSERT_TRUE(infer.feed("{\"s\":\"filler1 lovely2\"}\n{\"s\":\"filler1 dreadful3\"}\n").has_value());
  const auto batches = infer.take_batches();
  EXPECT_GT(batches.at(0).column("mood_score")->float64(0), 0.6);
  EXPECT_LT(batches.at(0).column("mood_score")->float64(1), 0.4);
  for (const auto& [wrong, says] : std::vector<std::pair<std::string, std::string>>{
           {"objective: 'reg:squarederror', text: s, label: n", "`ngram` learns labels only"},
           {"features: { n: n }, label: n", "`ngram` learns from a `text`"}}) {
    ActorHarness bad("train", fmt::format("{{ model: {}, algorithm: ngram, {} }}", folder.path("x"), wrong),
                     "{ s: string, n: int64 }");
    EXPECT_THAT(bad.problems(), HasSubstr(says));
  }
}

}  // namespace
}  // namespace leat
