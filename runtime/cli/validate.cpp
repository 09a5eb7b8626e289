#include <fmt/format.h>

#include "cli/common.hpp"
#include "testing/topology_test.hpp"

namespace leat::cli {

int validate(const ValidateArguments& arguments) {
  Registry registry;
  Diagnostics diagnostics;
  int exit = kOk;
  const auto topology = load(arguments, registry, diagnostics, exit);
  if (topology) read_tests(*topology, diagnostics);
  print_diagnostics(diagnostics, arguments.format);
  if (!topology || !diagnostics.ok()) return exit_code(diagnostics);
  const std::size_t warnings = diagnostics.sorted().size();
  if (arguments.format == Format::text)
    fmt::print("{}: {} actors, {} links, no errors{}\n", topology->file, topology->actors.size(),
               topology->links.size(),
               warnings == 0 ? "" : fmt::format(", {} warning{}", warnings, warnings == 1 ? "" : "s"));
  return arguments.strict && warnings != 0 ? kNegative : kOk;
}

}  // namespace leat::cli
