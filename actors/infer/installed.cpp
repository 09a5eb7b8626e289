#include "infer/installed.hpp"

#include <dlfcn.h>

#include <filesystem>

namespace leat {
namespace {

namespace fs = std::filesystem;

/// The folder of the file this code was loaded from; empty when the loader cannot say.
fs::path own_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&installed_file), &info) == 0 || info.dli_fname == nullptr)
    return {};
  std::error_code error;
  const fs::path file = fs::canonical(info.dli_fname, error);
  return error ? fs::path() : file.parent_path();
}

}  // namespace

std::string installed_file(const std::string& relative, const std::string& installed) {
  std::string first;
  std::error_code error;
  for (fs::path folder = own_folder(); folder.has_relative_path(); folder = folder.parent_path())
    for (const fs::path& candidate : {folder / "third_party" / relative, folder / installed}) {
      if (fs::exists(candidate, error)) return candidate.string();
      // The name to report when there is none: beside the sources of this build.
      if (fs::exists(folder / "scripts" / "bootstrap", error) && first.empty()) first = candidate.string();
    }
  return first.empty() ? "third_party/" + relative : first;
}

}  // namespace leat
