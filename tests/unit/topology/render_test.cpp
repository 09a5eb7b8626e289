#include "support/temp_folder.hpp"
#include "unit/topology/small_kinds.hpp"

namespace leat {
namespace {

using testing::TempFolder;

std::string rendered(const std::string& text, bool colour = false) {
  const TempFolder folder;
  const std::string file = folder.write("news.yaml", text);
  Registry registry;
  testing::add_small_kinds(registry);
  Diagnostics diagnostics;
  load_topology(file, registry, diagnostics);
  std::string out = render(diagnostics, colour);
  for (std::size_t at = out.find(file); at != std::string::npos; at = out.find(file))
    out.replace(at, file.size(), "news.yaml");
  return out;
}

TEST(Render, has_position_source_caret_suggestion_note_and_count) {
  EXPECT_EQ(rendered("topology: t\n"
                     "delivery: best_effort\n"
                     "actors:\n"
                     "  headlines: { kind: numbers }\n"
                     "  s:\n"
                     "    kind: sink\n"
                     "    inputs: [headline]\n"),
            "news.yaml:7:14  error L0204  no actor or port named `headline`\n"
            "    7 |     inputs: [headline]\n"
            "      |              ^^^^^^^^  did you mean `headlines`?\n"
            "      = actors: headlines, s\n"
            "1 error — `leat explain L0204`\n");
}

TEST(Render, counts_errors_and_warnings_and_sorts_by_position) {
  Diagnostics diagnostics;
  const auto file = std::make_shared<const std::string>("t.yaml");
  diagnostics.warning(Code::unused_port, {file, 6, 1, 5}, "a warning");
  diagnostics.error(Code::unknown_key, {file, 5, 23, 5}, "an error");
  diagnostics.error(Code::unknown_key, {file, 3, 1, 5}, "another");
  const std::string out = render(diagnostics, false);
  EXPECT_LT(out.find(":3:1"), out.find(":5:23"));
  EXPECT_LT(out.find(":5:23"), out.find(":6:1  warning L0210"));
  EXPECT_NE(out.find("2 errors, 1 warning — `leat explain L0102`"), std::string::npos) << out;
}

TEST(Render, puts_the_caret_below_characters_not_bytes) {
  const std::string out = rendered(
      "topology: t\ndelivery: best_effort\nactors:\n  n: { kind: numbers }\n"
      "  f: { kind: filter, inputs: [n], where: \"name == '\xc3\xa9\xe2\x82\xac' || idd > 1\" }\n");
  EXPECT_NE(
      out.find(
          "\n      |                                                           ^^^  did you mean `id`?\n"),
      std::string::npos)
      << out;
}

TEST(Render, shows_a_part_of_long_lines_and_no_control_characters) {
  const std::string out =
      rendered("topology: t\ndelivery: best_effort\nactors:\n  n: { kind: numbers, \"\\x1b[31m\": 1, " +
               std::string(500, ' ') + "cuont: 1 }\n");
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  for (std::size_t at = 0, end = 0; at < out.size(); at = end + 1) {
    end = std::min(out.find('\n', at), out.size());
    EXPECT_LE(end - at, 160u);
  }
  EXPECT_NE(out.find("cuont: 1 }\n"), std::string::npos) << out;
}

TEST(Render, colours_on_request_only) {
  const std::string text = "topology: t\n";
  EXPECT_EQ(rendered(text).find('\x1b'), std::string::npos);
  EXPECT_NE(rendered(text, true).find("\x1b[1;31merror"), std::string::npos);
}

TEST(Render, says_nothing_about_nothing) {
  EXPECT_EQ(render(Diagnostics(), false), "");
}

}  // namespace
}  // namespace leat
