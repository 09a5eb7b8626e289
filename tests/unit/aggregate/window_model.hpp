#pragma once

#include <leat/batch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace leat::windowtest {

/// One step of a stream: rows that come together, then perhaps a watermark.
struct Row {
  std::int64_t key = 0;  ///< -1: null
  std::int64_t time = 0;
  std::int64_t value = 0;
  bool has_value = true;
  friend bool operator==(const Row&, const Row&) = default;
};
struct Step {
  std::vector<Row> rows;
  std::optional<std::int64_t> watermark;
};

struct ModelSpec {
  enum class Kind { hopping, session } kind = Kind::hopping;
  std::int64_t size = 10, every = 10, gap = 10, lateness = 0;
};

/// What the windows of a stream must be, by the definition and without any cleverness: every window keeps its
/// rows.
struct ModelWindow {
  std::int64_t start = 0, end = 0, key = 0;
  std::vector<Row> rows;
  std::string text() const;  ///< all functions' results, to compare
};

struct ModelResult {
  std::vector<std::string> finals;  ///< sorted
  std::vector<Row> late;
  /// The watermark that closed each final, in the same form: "WATERMARK TEXT", sorted; the end counts as max.
  std::vector<std::string> closed_at;
};

ModelResult run_model(const ModelSpec& spec, const std::vector<Step>& steps);

}  // namespace leat::windowtest
