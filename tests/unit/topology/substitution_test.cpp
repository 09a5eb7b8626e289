#include <cstdlib>

#include "support/temp_folder.hpp"
#include "unit/topology/small_kinds.hpp"

namespace leat {
namespace {

using testing::Loaded;

constexpr const char* kHead = "topology: t\ndelivery: best_effort\n";

LoadOptions with(std::map<std::string, std::string> variables, std::string secrets = {}) {
  LoadOptions options;
  options.environment = [variables =
                             std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  options.secrets_dir = std::move(secrets);
  return options;
}

std::string linger(const std::string& value, const LoadOptions& options) {
  const Loaded loaded(
      std::string(kHead) + "linger: " + value + "\nactors:\n  n: { kind: numbers, discard: [out] }\n",
      options);
  return loaded.topology ? to_text(loaded.topology->linger) : loaded.said();
}

TEST(Substitution, takes_the_variable_then_the_default) {
  EXPECT_EQ(linger("${env:WAIT}", with({{"WAIT", "5ms"}})), "5ms");
  EXPECT_EQ(linger("${env:WAIT=7ms}", with({{"WAIT", "5ms"}})), "5ms");
  EXPECT_EQ(linger("${env:WAIT=7ms}", with({})), "7ms");
  EXPECT_EQ(linger("${env:N}${env:UNIT=ms}", with({{"N", "3"}})), "3ms");
}

TEST(Substitution, names_what_is_not_set_and_how_to_set_it) {
  EXPECT_EQ(linger("${env:WAIT}", with({})),
            "3:9 L0107 the environment has no `WAIT`; set it, or give a default: `${env:WAIT=...}`\n");
  EXPECT_EQ(linger("${WAIT}", with({{"WAIT", "5ms"}})),
            "3:9 L0106 `${WAIT}` is neither `${env:NAME}` nor `${secret:NAME}`\n");
  EXPECT_EQ(linger("${env:WAIT", with({})), "3:9 L0106 `${` without `}`\n");
}

TEST(Substitution, never_shows_a_secret) {
  const leat::testing::TempFolder folder;
  folder.write("token", "hunter22\n");
  const LoadOptions options = with({}, folder.path(""));
  const std::string said = linger("${secret:token}", options);
  EXPECT_EQ(said.find("hunter22"), std::string::npos) << said;
  EXPECT_NE(said.find("***"), std::string::npos) << said;
  EXPECT_NE(linger("${secret:other}", options).find("no secret `other`"), std::string::npos);
  EXPECT_NE(linger("${secret:../token}", options).find("L0107"), std::string::npos);
}

}  // namespace
}  // namespace leat
