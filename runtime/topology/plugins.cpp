#include <dlfcn.h>
#include <fmt/format.h>
#include <leat/plugin.h>

#include <exception>
#include <filesystem>

#include "topology/reader.hpp"

namespace leat {

Status load_plugin(const std::string& given, Registry& registry) {
  std::error_code ignored;
  const std::string path = std::filesystem::weakly_canonical(given, ignored).string();
  const auto failed = [&](std::string message) {
    return fail(Code::plugin_failed, std::move(message), path);
  };
  if (!std::filesystem::exists(path)) return failed("no such file; build the plugin first");
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return failed(fmt::format("can't be loaded: {}", ::dlerror()));
  const auto abi = reinterpret_cast<std::uint32_t (*)()>(::dlsym(library, "leat_plugin_abi"));
  const auto add_kinds = reinterpret_cast<void (*)(void*)>(::dlsym(library, "leat_plugin_register"));
  if (abi == nullptr || add_kinds == nullptr)
    return failed(
        "is no Leat plugin: it must export leat_plugin_abi and leat_plugin_register (see leat/plugin.h)");
  if (abi() != LEAT_PLUGIN_ABI)
    return failed(
        fmt::format("was built for plugin ABI {}, this leat has {}; build it again", abi(), LEAT_PLUGIN_ABI));
  Registry kinds;  // of its own, so that a clash leaves the other one as it is
  kinds.set_origin(path);
  try {
    add_kinds(&kinds);
  } catch (const std::exception& error) {
    return failed(fmt::format("threw while it added its kinds: {}", error.what()));
  }
  for (const auto& [name, kind] : kinds.kinds())
    if (const Kind* other = registry.find(name); other != nullptr && other->origin != path)
      return failed(fmt::format("brings a kind `{}`, which there is already ({})", name, other->origin));
  for (const auto& [name, kind] : kinds.kinds())  // the library stays loaded: its kinds point into it
    if (registry.find(name) == nullptr) registry.add(kind);
  return {};
}

}  // namespace leat
