#include "ingest/json_body.hpp"

#include <fmt/format.h>

namespace leat {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

/// Walks over a body from object to object.
class Cutter {
 public:
  explicit Cutter(std::string_view rest) : rest_(rest) { skip_space(); }

  bool at_end() const { return rest_.empty(); }
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    skip_space();
    return true;
  }

  /// One object, up to the brace that closes it. Braces inside texts do not count.
  Result<std::string_view> object() {
    if (rest_.empty()) return fail(Code::malformed_record, "a JSON object is missing");
    if (rest_.front() != '{')
      return fail(Code::malformed_record, fmt::format("not a JSON object: `{}`", rest_.substr(0, 20)));
    std::size_t depth = 0;
    bool in_text = false;
    for (std::size_t at = 0; at < rest_.size(); ++at) {
      const char byte = rest_[at];
      if (in_text) {
        if (byte == '\\') ++at;
        if (byte == '"') in_text = false;
        continue;
      }
      if (byte == '"') in_text = true;
      if (byte == '{' || byte == '[') ++depth;
      if ((byte == '}' || byte == ']') && --depth == 0) {
        const std::string_view object = rest_.substr(0, at + 1);
        rest_.remove_prefix(at + 1);
        skip_space();
        return object;
      }
    }
    return fail(Code::malformed_record, "the JSON object does not end");
  }

 private:
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size())); }

  std::string_view rest_;
};

}  // namespace

JsonBody JsonBody::cut(std::string_view body, std::size_t rows_max) {
  JsonBody result;
  Cutter cutter(body);
  if (cutter.at_end()) {
    result.problem = fail(Code::missing_value, "the body is empty");
    return result;
  }
  const bool array = cutter.take('[');
  if (array && cutter.take(']')) {
    if (!cutter.at_end()) result.problem = fail(Code::malformed_record, "more text behind the array");
    return result;
  }
  for (;;) {
    if (result.rows.size() == rows_max) {
      result.problem =
          fail(Code::too_large, fmt::format("more than {} rows in one request; send several", rows_max));
      return result;
    }
    const auto object = cutter.object();
    if (!object) {
      result.problem = Failure(object.error());
      return result;
    }
    result.rows.push_back(*object);
    if (array && cutter.take(']')) {
      if (!cutter.at_end()) result.problem = fail(Code::malformed_record, "more text behind the array");
      return result;
    }
    if (array && !cutter.take(',')) {
      result.problem = fail(Code::malformed_record, "a comma or `]` is missing in front of it");
      return result;
    }
    if (!array && cutter.at_end()) return result;
  }
}

}  // namespace leat
