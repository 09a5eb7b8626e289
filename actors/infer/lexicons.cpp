#include "infer/lexicons.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "infer/lexicon_finance.hpp"
#include "infer/lexicon_vader.hpp"

namespace leat {
namespace {

namespace fs = std::filesystem;

/// The folder of the file this code was loaded from; empty when the loader cannot say.
fs::path own_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&built_in_lexicons), &info) == 0 || info.dli_fname == nullptr)
    return {};
  std::error_code error;
  const fs::path file = fs::canonical(info.dli_fname, error);
  return error ? fs::path() : file.parent_path();
}

std::string built_in_file(const std::string& name) {
  const std::string file = name + ".tsv";
  if (const char* folder = std::getenv("LEAT_LEXICONS"); folder != nullptr && *folder != '\0')
    return (fs::path(folder) / file).string();
  std::string first;
  std::error_code error;
  for (fs::path folder = own_folder(); folder.has_relative_path(); folder = folder.parent_path())
    for (const char* below : {"third_party/lexicons", "share/leat/lexicons"}) {
      const fs::path candidate = folder / below / file;
      if (fs::exists(candidate, error)) return candidate.string();
      // The name to report when there is none: beside the sources of this build.
      if (fs::exists(folder / "scripts" / "bootstrap", error) && first.empty()) first = candidate.string();
    }
  return first.empty() ? "third_party/lexicons/" + file : first;
}

}  // namespace

std::span<const std::string> built_in_lexicons() {
  static const std::string names[] = {"finance", "vader"};
  return names;
}

std::string lexicon_file(const ModelSource& source) {
  if (source.path.empty()) return built_in_file(source.name);
  std::error_code error;
  return fs::is_directory(source.path, error) ? (fs::path(source.path) / "lexicon.tsv").string()
                                              : source.path;
}

Result<ModelPtr> load_lexicon(const ModelSource& source, LexiconRules rules) {
  auto entries = words::read_lexicon(lexicon_file(source));
  if (!entries) {
    Error error = std::move(entries).error();
    if (error.code == Code::model_missing && source.path.empty())
      error.message += "; `scripts/bootstrap` fetches it";
    return fail(error.code, std::move(error.message), std::move(error.place));
  }
  if (rules == LexiconRules::vader || (rules == LexiconRules::automatic && source.name == "vader"))
    return std::make_shared<const VaderLexicon>(*entries);
  return std::make_shared<const WordSumLexicon>(*entries);
}

}  // namespace leat
