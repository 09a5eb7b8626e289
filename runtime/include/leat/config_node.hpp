#pragma once

#include <cstdint>
#include <leat/result.hpp>
#include <memory>
#include <string>
#include <vector>

namespace leat {

/// A position in a configuration file; lines and columns count from 1, 0 = unknown. Columns count bytes.
struct Place {
  std::shared_ptr<const std::string> file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t length = 0;  ///< bytes to underline; 0 = up to the end of the word

  bool known() const { return line != 0; }
  std::string text() const;  ///< "news.yaml:14:14"
  friend bool operator<(const Place& a, const Place& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  }
};

/// A YAML value with its place, free of any YAML library. Plain data: the loader makes it, actors' fields
/// read it.
struct ConfigNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  bool quoted = false;  ///< a quoted scalar is always text: "yes" and "10" stay strings
  std::string scalar;   ///< after `${env:}` substitution
  Place place;
  std::vector<ConfigNode> items;
  std::vector<Entry> entries;  ///< in file order; keys are unique

  const ConfigNode* find(std::string_view key) const;
  const Entry* find_entry(std::string_view key) const;
};

struct ConfigNode::Entry {
  std::string key;
  Place key_place;
  ConfigNode value;
};

enum class Severity : std::uint8_t { error, warning };

struct Diagnostic {
  Severity severity = Severity::error;
  Code code = Code::internal;
  Place place;
  std::string message;
  std::string suggestion;  ///< shown beside the caret: "did you mean `headlines`?"
  std::string note;        ///< shown below: "ports of `store`: changes, errors"
};

/// Collects all problems of one run; nothing stops at the first. One thread.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic) { list_.push_back(std::move(diagnostic)); }
  void error(Code code, Place place, std::string message, std::string suggestion = {},
             std::string note = {}) {
    add({Severity::error, code, std::move(place), std::move(message), std::move(suggestion),
         std::move(note)});
  }
  void warning(Code code, Place place, std::string message, std::string suggestion = {},
               std::string note = {}) {
    add({Severity::warning, code, std::move(place), std::move(message), std::move(suggestion),
         std::move(note)});
  }
  std::size_t error_count() const;
  bool ok() const { return error_count() == 0; }
  /// Sorted by place; equal ones once.
  std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> list_;
};

/// "did you mean `x`?" for the nearest candidate within a third of the word's length (Damerau-Levenshtein,
/// optimal string alignment); empty if none is near.
std::string suggest(std::string_view word, std::span<const std::string> candidates);

}  // namespace leat
