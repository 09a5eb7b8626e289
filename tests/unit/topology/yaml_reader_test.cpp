#include "topology/yaml_reader.hpp"

#include <fmt/format.h>

namespace leat {
namespace {

struct Read {
  ConfigNode root;
  std::string said;
};

Read read(const std::string& text) {
  Diagnostics diagnostics;
  Read result;
  result.root = read_yaml(text, std::make_shared<const std::string>("f.yaml"), diagnostics);
  for (const Diagnostic& d : diagnostics.sorted())
    result.said += fmt::format("{}:{} {}{}{}\n", d.place.line, d.place.column, d.message,
                               d.suggestion.empty() ? "" : " | ", d.suggestion);
  return result;
}

TEST(YamlReader, keeps_the_place_of_keys_and_values) {
  const Read file = read("a: 1\nbig:\n  - x\n  - { k: 'v w', l: \"q\" }\n");
  ASSERT_EQ(file.said, "");
  const ConfigNode::Entry& big = *file.root.find_entry("big");
  EXPECT_EQ(big.key_place.text(), "f.yaml:2:1");
  EXPECT_EQ(big.value.items[0].place.text(), "f.yaml:3:5");
  const ConfigNode::Entry& quoted = *big.value.items[1].find_entry("k");
  EXPECT_EQ(quoted.key_place.text(), "f.yaml:4:7");
  EXPECT_EQ(quoted.value.place.text(), "f.yaml:4:10");
  EXPECT_EQ(quoted.value.place.length, 5u);
  EXPECT_TRUE(quoted.value.quoted);
  EXPECT_FALSE(file.root.find("a")->quoted);
}

TEST(YamlReader, shows_absent_values_and_blocks_at_their_key) {
  const Read file = read("a:\nb:\n  c: 1\nd: ~\ne: { f: 1 }\n");
  EXPECT_EQ(file.root.find("a")->place.text(), "f.yaml:1:1");
  EXPECT_EQ(file.root.find("b")->place.text(), "f.yaml:2:1");
  EXPECT_EQ(file.root.find("d")->place.text(), "f.yaml:4:4");
  EXPECT_EQ(file.root.find("e")->place.text(), "f.yaml:5:4");
}

TEST(YamlReader, leaves_the_words_of_yaml_1_1_as_text) {
  const Read file = read("a: yes\nb: off\nc: 0o7\nd: 2001-01-01\n");
  EXPECT_EQ(file.root.find("a")->scalar, "yes");
  EXPECT_EQ(file.root.find("b")->scalar, "off");
  EXPECT_EQ(file.root.find("c")->scalar, "0o7");
}

TEST(YamlReader, reads_blocks_of_text) {
  const Read file = read("a: |\n\n  x &&\n    y\nb: >-\n  p\n  q\n");
  ASSERT_EQ(file.said, "");
  EXPECT_EQ(file.root.find("a")->scalar, "\nx &&\n  y");
  EXPECT_EQ(file.root.find("b")->scalar, "p q");
  EXPECT_EQ(file.root.find("b")->place.text(), "f.yaml:6:3");
  EXPECT_FALSE(file.root.find("b")->quoted);
}

struct Case {
  const char* text;
  const char* said;
};

class Refused : public ::testing::TestWithParam<Case> {};

TEST_P(Refused, with_place_and_plain_words) {
  EXPECT_EQ(read(GetParam().text).said, GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    YamlReader, Refused,
    ::testing::Values(
        Case{"a: 1\nb: 2\na: 3\n", "3:1 `a` stands twice in this map\n"},
        Case{"a: { b: 1, b: 2 }\n", "1:12 `b` stands twice in this map\n"},
        Case{"a: &x 1\n", "1:4 Leat does not read anchors; write the value out\n"},
        Case{"a: &x 1\nb: *x\n",
             "1:4 Leat does not read anchors; write the value out\n2:4 Leat does not read aliases; write the "
             "value out\n"},
        Case{"a: *x\n", "1:4 Leat does not read aliases; write the value out\n"},
        Case{"a: !!str x\n", "1:4 Leat does not read tags; remove `tag:yaml.org,2002:str`\n"},
        Case{"a: 1\n---\nb: 1\n",
             "2:1 Leat does not read a second document; put each topology into a file of its own\n"},
        Case{",", "1:1 a topology can't begin with this\n"},
        Case{"a: [1, 2\nb: 3\n", "1:4 this `[` is never closed\n"},
        Case{"a: { b: 1\n", "1:4 this `{` is never closed\n"},
        Case{"a: { b: string? }\n",
             "1:15 inside `{}`, YAML reads this `?` as its own | quote the type: 'string?'\n"},
        Case{"a: { b: string?, c: d }\n",
             "1:15 inside `{}`, YAML reads this `?` as its own | quote the type: 'string?'\n"},
        Case{"a: 1}\nb: {1}}\n", "2:7 this bracket closes nothing\n"},
        Case{"a: \"x\nb: 1\n", "1:4 this quote is never closed\n"},
        Case{"a: 1\nb: 'x\n", "2:4 this quote is never closed\n"},
        Case{"'x", "1:1 this quote is never closed\n"},
        Case{"a: b: c\n",
             "1:5 a `:` that begins no value here; align the key with its neighbours, or quote the text\n"},
        Case{"a: @b\n", "1:4 `@` can't begin a value; put the value in quotes\n"},
        Case{"x: { a: > }\n", "1:9 a block of text can't stand inside `{}` or `[]`; quote the text\n"},
        Case{"a:\n\tb: 1\n", "2:1 a tab in the indentation | use spaces\n"},
        Case{"a: \xff\n", "1:4 this is not UTF-8 text\n"},
        Case{"a: \xc0\xaf\n", "1:4 this is not UTF-8 text\n"},
        Case{"a: b\x1b[31m\n", "1:5 this is not UTF-8 text\n"},
        Case{"? [a]: b\n", "1:3 a key must be a plain word\n"}));

TEST(YamlReader, refuses_what_is_too_deep_or_too_large) {
  EXPECT_EQ(read(std::string(32, '[') + std::string(32, ']')).said, "");
  EXPECT_EQ(read(std::string(33, '[') + std::string(33, ']')).said,
            "1:33 Leat does not read nesting deeper than 32\n");
  EXPECT_NE(read(std::string(100'000, '[')).said, "");
  EXPECT_EQ(read("# " + std::string((1u << 20) - 2, 'x')).said, "");
  EXPECT_EQ(read("# " + std::string(1u << 20, 'x')).said,
            "1:1 a topology may have 1 MiB; this file has more\n");
}

TEST(YamlReader, survives_every_prefix_of_a_file) {
  const std::string text =
      "topology: t\na: { b: [1, 'x', \"y\\\"z\"], c: 'd?' }\ne: |\n  f\n  g\nh:\n  - i: j\n    k: >-\n      "
      "l\n";
  for (std::size_t length = 0; length <= text.size(); ++length) read(text.substr(0, length));
  for (std::size_t at = 0; at < text.size(); ++at)
    for (const char c :
         {'{', '}', '[', ']', ':', '-', '\'', '"', '|', '>', '&', '*', '!', '%', '?', '\n', '#'}) {
      std::string broken = text;
      broken[at] = c;
      read(broken);
    }
}

}  // namespace
}  // namespace leat
