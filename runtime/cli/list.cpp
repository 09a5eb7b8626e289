#include <fmt/format.h>

#include "cli/common.hpp"

namespace leat::cli {

int list(const ListArguments& arguments) {
  Registry registry;
  if (!fill_registry(registry, arguments.plugins)) return kInvalid;
  for (const auto& [name, kind] : registry.kinds()) {
    if (arguments.format == Format::json)
      fmt::print("{{\"kind\":{},\"doc\":{},\"source\":{},\"origin\":{}}}\n", json_text(name),
                 json_text(kind.info.doc), kind.source, json_text(kind.origin));
    else
      fmt::print("{:<16} {}\n", name, kind.info.doc);
  }
  return kOk;
}

}  // namespace leat::cli
