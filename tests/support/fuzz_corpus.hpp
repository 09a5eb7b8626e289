#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace leat::testing {

/// Gives every file of tests/fuzz/corpus/NAME to `entry`, which aborts when a promise is broken. Returns how
/// many; ctest names the source folder.
inline int try_corpus(const std::string& name, void (*entry)(std::string_view)) {
  const char* source = std::getenv("LEAT_SOURCE_DIR");
  const std::filesystem::path root = source != nullptr ? source : ".";
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(root / "tests/fuzz/corpus" / name)) {
    std::ostringstream bytes;
    bytes << std::ifstream(file.path(), std::ios::binary).rdbuf();
    entry(bytes.str());
    ++files;
  }
  return files;
}

}  // namespace leat::testing
