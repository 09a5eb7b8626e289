#pragma once

#include <leat/result.hpp>
#include <string>
#include <vector>

namespace leat {

/// Whether a path stands for several files: it has `*`, `?` or `[`, and no file has exactly this name.
bool is_pattern(const std::string& path);

/// The files that paths and patterns name: paths in the given order, files of one pattern sorted by name,
/// none twice. A pattern without a match adds nothing; a path is added whether or not it exists.
std::vector<std::string> expand_paths(const std::vector<std::string>& paths);

/// "/var/log" of "/var/log/app.log"
std::string folder_of(const std::string& path);

}  // namespace leat
