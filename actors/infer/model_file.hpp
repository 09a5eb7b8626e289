#pragma once

#include <optional>

#include "infer/model.hpp"

namespace leat {

/// A model's file and what it is called.
struct ModelFile {
  ModelIdentity identity;
  bool built_in = false;

  const std::string& path() const { return identity.file; }
  /// The folder it lies in, where its vocabulary and labels are.
  std::string folder() const;
};

/// The engines, as `engine:` names them.
std::span<const std::string> model_engines();

/// The names that need no path.
std::span<const std::string> built_in_lexicons();

/// The file that a source means. A path is
///
///   a file;
///   a folder with a model: lexicon.tsv, model.onnx, model.ngram, model.ubj or model.json (also xgboost.ubj,
///   xgboost.json); a versioned folder: subfolders named by numbers, each with a model. The greatest counts,
///   or the one whose number stands in the file `current` (see pin_version), or `version`.
///
/// An empty engine: whichever fits what is there. The file of a built-in name or of a path to a file need not
/// exist.
Result<ModelFile> find_model(const ModelSource& source, std::string engine,
                             std::optional<std::uint64_t> version = {});

/// The versions in a folder that have a model, ascending; empty for a folder without versions.
std::vector<std::uint64_t> model_versions(const std::string& folder, const std::string& engine);
/// What the folder's `current` says.
std::optional<std::uint64_t> pinned_version(const std::string& folder);
/// Writes `current`, at once or not at all; nothing takes it away.
Status pin_version(const std::string& folder, std::optional<std::uint64_t> version);

}  // namespace leat
