#pragma once

#include "cli/common.hpp"
#include "infer/model_file.hpp"

namespace leat::cli {

/// A model as it is named on the command line: a built-in one, unless a file has that name.
ModelSource source_of(const std::string& text);
/// Prints an error of a model; the exit code.
int fail_with(const Error& error);

}  // namespace leat::cli
