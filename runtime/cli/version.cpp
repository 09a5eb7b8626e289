#include <fmt/format.h>
#include <leat/plugin.h>

#include "cli/cli.hpp"

namespace leat::cli {

int version(Format format) {
  if (format == Format::json)
    fmt::print("{{\"version\":\"{}\",\"plugin_abi\":{}}}\n", LEAT_VERSION, LEAT_PLUGIN_ABI);
  else
    fmt::print("leat {} (plugin ABI {})\n", LEAT_VERSION, LEAT_PLUGIN_ABI);
  return kOk;
}

}  // namespace leat::cli
