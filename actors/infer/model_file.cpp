#include "infer/model_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "infer/installed.hpp"

namespace leat {
namespace {

namespace fs = std::filesystem;

struct EngineFile {
  std::string_view engine;
  std::string_view file;
};
constexpr EngineFile kFiles[] = {
    {"lexicon", "lexicon.tsv"},  {"onnx", "model.onnx"},    {"ngram", "model.ngram"},
    {"xgboost", "model.ubj"},    {"xgboost", "model.json"}, {"xgboost", "xgboost.ubj"},
    {"xgboost", "xgboost.json"},
};

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

const EngineFile* model_in(const fs::path& folder, std::string_view engine) {
  for (const EngineFile& file : kFiles)
    if ((engine.empty() || engine == file.engine) && is_file(folder / file.file)) return &file;
  return nullptr;
}

std::string_view engine_of(const fs::path& file) {
  const std::string ending = file.extension().string();
  return ending == ".onnx"                       ? "onnx"
         : ending == ".ubj" || ending == ".json" ? "xgboost"
         : ending == ".ngram"                    ? "ngram"
         : ending == ".tsv"                      ? "lexicon"
                                                 : "";
}

/// A file called model.onnx is known by its folder's name, others by their own.
std::string name_of(const fs::path& file) {
  const auto usual = [&](const EngineFile& known) { return known.file == file.filename().string(); };
  return std::ranges::any_of(kFiles, usual) ? file.parent_path().filename().string() : file.stem().string();
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size() && text[0] != '0';
  return whole ? std::optional(value) : std::nullopt;
}

std::string lexicon_file(const std::string& name) {
  const std::string file = name + ".tsv";
  if (const char* folder = std::getenv("LEAT_LEXICONS"); folder != nullptr && *folder != '\0')
    return (fs::path(folder) / file).string();
  return installed_file("lexicons/" + file, "share/leat/lexicons/" + file);
}

std::string usual_names(std::string_view engine) {
  std::string names;
  for (const EngineFile& file : kFiles)
    if (engine.empty() || engine == file.engine)
      names += (names.empty() ? "" : ", ") + std::string(file.file);
  return names;
}

Result<ModelFile> find_in_folder(fs::path folder, const std::string& engine,
                                 std::optional<std::uint64_t> version) {
  if (!folder.has_filename()) folder = folder.parent_path();  // "models/risk/"
  const EngineFile* here = version ? nullptr : model_in(folder, engine);
  if (here != nullptr)
    return ModelFile{{std::string(here->engine), folder.filename().string(), "", folder / here->file}};
  const std::vector<std::uint64_t> versions = model_versions(folder.string(), engine);
  if (!version) version = pinned_version(folder.string());
  if (!version && !versions.empty()) version = versions.back();
  if (!version)
    return fail(Code::model_missing,
                fmt::format("no model is here: no {}, and no folder named by a version with one",
                            usual_names(engine)),
                folder.string());
  const fs::path below = folder / std::to_string(*version);
  const EngineFile* file = model_in(below, engine);
  if (file == nullptr)
    return fail(Code::model_missing,
                fmt::format("there is no version {} with a model; there are: {}", *version,
                            versions.empty() ? "none" : fmt::format("{}", fmt::join(versions, ", "))),
                folder.string());
  return ModelFile{
      {std::string(file->engine), folder.filename().string(), std::to_string(*version), below / file->file}};
}

}  // namespace

std::string ModelFile::folder() const {
  return fs::path(path()).parent_path().string();
}

std::span<const std::string> model_engines() {
  static const std::string names[] = {"lexicon", "ngram", "onnx", "xgboost"};
  return names;
}

std::span<const std::string> built_in_lexicons() {
  static const std::string names[] = {"finance", "vader"};
  return names;
}

Result<ModelFile> find_model(const ModelSource& source, std::string engine,
                             std::optional<std::uint64_t> version) {
  if (source.path.empty()) return ModelFile{{"lexicon", source.name, "", lexicon_file(source.name)}, true};
  std::error_code ignored;
  if (fs::is_directory(source.path, ignored)) return find_in_folder(source.path, engine, version);
  if (engine.empty() && !fs::exists(source.path, ignored))
    return fail(Code::model_missing, "there is no such file or folder", source.path);
  if (engine.empty()) engine = engine_of(source.path);
  if (engine.empty())
    return fail(Code::bad_value, "which engine runs this file? .onnx, .ubj, .json, .ngram and .tsv are known",
                source.path);
  return ModelFile{{std::move(engine), name_of(source.path), "", source.path}};
}

std::vector<std::uint64_t> model_versions(const std::string& folder, const std::string& engine) {
  std::vector<std::uint64_t> versions;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (const auto version = number(entry->path().filename().string()))
      if (model_in(entry->path(), engine) != nullptr) versions.push_back(*version);
  std::ranges::sort(versions);
  return versions;
}

std::optional<std::uint64_t> pinned_version(const std::string& folder) {
  std::string line;
  std::ifstream(fs::path(folder) / "current") >> line;
  return line.empty() ? std::nullopt : number(line);
}

Status pin_version(const std::string& folder, std::optional<std::uint64_t> version) {
  const fs::path pin = fs::path(folder) / "current";
  std::error_code error;
  if (!version) {
    fs::remove(pin, error);
  } else {
    const fs::path aside = pin.string() + ".new";
    std::ofstream file(aside);
    file << *version << '\n';
    file.close();
    if (!file) return fail(Code::storage_failed, "it can't be written", aside.string());
    fs::rename(aside, pin, error);
  }
  if (error) return fail(Code::storage_failed, error.message(), pin.string());
  return {};
}

}  // namespace leat
