#include <dlfcn.h>
#include <fmt/format.h>
#include <leat/plugin.h>

#include <filesystem>

#include "topology/reader.hpp"

namespace leat {

Status load_plugin(const std::string& path, Registry& registry) {
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
  registry.set_origin(path);
  add_kinds(&registry);  // the library stays loaded: the registry points into it
  registry.set_origin("built in");
  return {};
}

}  // namespace leat
