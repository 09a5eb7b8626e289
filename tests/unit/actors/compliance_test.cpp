// What every kind owes, checked for all that are registered: docs, an example that works, clear words about a
// wrong option, an errors port, one outcome per row, and a restart that does not show.

#include <algorithm>
#include <leat/testing.hpp>

#include "support/temp_folder.hpp"
#include "topology/loader.hpp"
#include "unit/actors/compliance_cases.hpp"

namespace leat {
namespace {

using testing::ComplianceCase;
using testing::TempFolder;

const Registry& standard_registry() {
  static const Registry registry = [] {
    Registry all;
    register_standard_actors(all);
    return all;
  }();
  return registry;
}

std::string file_name(std::string kind) {
  std::replace_if(
      kind.begin(), kind.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return kind;
}

/// A topology around one actor whose options stand in lines of their own, each with a place to be found.
struct Surroundings {
  static constexpr const char* kSchema =
      "{ id: string, time: timestamp, language: string, title: string, text: string, amount: float64, value: "
      "int64 }";

  explicit Surroundings(const Kind& kind, const std::string& extra = {}) {
    std::string options(kind.info.example);
    std::string text = "topology: compliance\ndelivery: best_effort\n";
    text += fmt::format("schemas: {{ input: {} }}\n", kSchema);
    text +=
        "actors:\n  feed: { kind: ingest.file, path: none.jsonl, on_missing: skip, schema: input }\n  "
        "tested:\n";
    text += fmt::format("    kind: {}\n", kind.info.name);
    // Most kinds read anything; an example that needs something else says so.
    if (!kind.source && !options.starts_with("inputs:")) text += "    inputs: [feed]\n";
    for (std::size_t at = 0; at < options.size();) {
      const std::size_t end = std::min(options.find('\n', at), options.size());
      text += "    " + options.substr(at, end - at) + "\n";
      at = end + 1;
    }
    if (!extra.empty()) text += "    " + extra + "\n";
    extra_line = static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n'));
    Registry registry = standard_registry();
    topology = load_topology(folder.write("topology.yaml", text), registry, diagnostics);
    if (topology)
      for (const ActorSpec& actor : topology->actors)
        if (actor.name == "tested")
          for (const OutputSpec& output : actor.outputs) outputs.push_back(output);
  }

  TempFolder folder;
  Diagnostics diagnostics;
  std::optional<Topology> topology;
  std::vector<OutputSpec> outputs;
  std::uint32_t extra_line = 0;
};

class EveryKind : public ::testing::TestWithParam<std::string> {
 protected:
  const Kind& kind() const { return *standard_registry().find(GetParam()); }
};

void check_documented(const FieldInfo& field, const std::string& owner) {
  EXPECT_THAT(field.doc, ::testing::MatchesRegex(".*[.)]")) << owner << "." << field.name;
  EXPECT_FALSE(field.type.empty()) << owner << "." << field.name;
  for (const FieldInfo& inner : field.nested) check_documented(inner, owner + "." + field.name);
}

TEST_P(EveryKind, is_documented) {
  EXPECT_THAT(std::string(kind().info.doc), ::testing::EndsWith("."));
  for (const FieldSpec& field : kind().fields) check_documented(field.info, GetParam());
  for (const std::vector<Port>& ports : {kind().inputs, kind().outputs})
    for (const Port& port : ports) EXPECT_THAT(std::string(port.doc), ::testing::EndsWith(".")) << port.name;
}

TEST_P(EveryKind, has_an_example_that_is_valid) {
  EXPECT_FALSE(kind().info.example.empty());
  const Surroundings surroundings(kind());
  EXPECT_TRUE(surroundings.diagnostics.ok()) << render(surroundings.diagnostics, false);
}

TEST_P(EveryKind, tells_an_unknown_option_where_it_stands) {
  const Surroundings surroundings(kind(), "no_such_option: 1");
  const std::vector<Diagnostic> problems = surroundings.diagnostics.sorted();
  const auto told = std::find_if(problems.begin(), problems.end(), [&](const Diagnostic& problem) {
    return problem.code == Code::unknown_key && problem.place.line == surroundings.extra_line &&
           problem.place.column == 5;
  });
  ASSERT_NE(told, problems.end()) << render(surroundings.diagnostics, false);
  EXPECT_THAT(render(surroundings.diagnostics, false), ::testing::HasSubstr("|     ^^^^^^^^^^^^^^"));
}

TEST_P(EveryKind, suggests_the_option_that_was_meant) {
  for (const FieldSpec& field : kind().fields) {
    std::string wrong = field.info.name;
    if (wrong.size() < 4) continue;
    std::swap(wrong[1], wrong[2]);
    if (wrong == field.info.name) continue;
    const Surroundings surroundings(kind(), wrong + ": 1");
    EXPECT_THAT(render(surroundings.diagnostics, false),
                ::testing::HasSubstr(fmt::format("did you mean `{}`?", field.info.name)));
  }
}

TEST_P(EveryKind, has_an_errors_port) {
  const Surroundings surroundings(kind());
  ASSERT_FALSE(surroundings.outputs.empty()) << render(surroundings.diagnostics, false);
  EXPECT_EQ(surroundings.outputs.back().name, "errors");
  const SchemaPtr& schema = surroundings.outputs.back().schema;
  for (const char* field : {"actor", "code", "message", "place", "attempt", "time", "record"})
    EXPECT_TRUE(schema->index_of(field)) << field;
}

INSTANTIATE_TEST_SUITE_P(, EveryKind, ::testing::ValuesIn(standard_registry().names()),
                         [](const auto& of) { return file_name(of.param); });

/// What came of a case: rows per port, errors without their time, and how many rows were dropped.
struct Outcome {
  std::vector<std::string> rows;
  std::uint64_t sent = 0;
  std::uint64_t errors = 0;
  std::uint64_t dropped = 0;
};

class Case : public ::testing::TestWithParam<ComplianceCase> {
 protected:
  Outcome run(bool restarts) {
    const TempFolder folder;
    const ComplianceCase& param = GetParam();
    const bool source = standard_registry().find(param.kind)->source;
    std::string options = param.options;
    for (std::size_t at; (at = options.find('$')) != std::string::npos;)
      options.replace(at, 1, folder.path(""));
    if (source) {
      std::string lines;
      for (const std::string& row : param.rows) lines += row + "\n";
      folder.write("input", lines);
    }
    for (const auto& [name, content] : param.files) folder.write(name, content);
    ActorHarness harness(param.kind, options, param.schema);
    EXPECT_EQ(harness.problems(), "");
    for (const std::string& row : param.rows) {
      if (restarts) restart(harness);
      const Status status = source ? produce_one(harness) : harness.feed(row);
      EXPECT_TRUE(status) << status.error().text();
    }
    if (restarts) restart(harness);
    EXPECT_TRUE(source ? harness.produce_all() : harness.end());
    return outcome_of(harness, param);
  }

 private:
  static void restart(ActorHarness& harness) { EXPECT_TRUE(harness.restart()); }

  static Status produce_one(ActorHarness& harness) {
    LEAT_TRY_ASSIGN(const Produced produced, harness.produce(1));
    static_cast<void>(produced);
    return {};
  }

  static Outcome outcome_of(ActorHarness& harness, const ComplianceCase& param) {
    Outcome outcome;
    for (const std::string& port : param.ports) {
      outcome.rows.push_back(harness.take(port));
      outcome.sent += static_cast<std::uint64_t>(
          std::count(outcome.rows.back().begin(), outcome.rows.back().end(), '\n'));
    }
    for (const Batch& batch : harness.take_batches("errors")) {
      outcome.errors += batch.row_count();
      for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
        EXPECT_EQ(batch.column("actor")->text(row), "tested");
        outcome.rows.emplace_back(batch.column("message")->text(row));
      }
    }
    if (!param.drop_reason.empty()) outcome.dropped = harness.dropped(param.drop_reason);
    return outcome;
  }
};

TEST_P(Case, gives_every_row_one_outcome) {
  const Outcome outcome = run(false);
  EXPECT_EQ(outcome.sent, GetParam().sent);
  EXPECT_EQ(outcome.dropped, GetParam().dropped);
  EXPECT_EQ(outcome.errors, GetParam().errors);
  if (!GetParam().ports.empty()) {
    EXPECT_EQ(outcome.sent + outcome.dropped + outcome.errors, GetParam().rows.size());
  }
}

TEST_P(Case, comes_out_the_same_when_it_is_restarted_between_any_two_rows) {
  EXPECT_EQ(run(true).rows, run(false).rows);
}

TEST(ComplianceCases, are_there_for_every_kind) {
  std::vector<std::string> kinds;
  for (const ComplianceCase& one : testing::compliance_cases()) kinds.push_back(one.kind);
  std::sort(kinds.begin(), kinds.end());
  EXPECT_EQ(kinds, standard_registry().names());
}

INSTANTIATE_TEST_SUITE_P(, Case, ::testing::ValuesIn(testing::compliance_cases()),
                         [](const auto& of) { return file_name(of.param.kind); });

}  // namespace
}  // namespace leat
