#pragma once

#include <simdjson.h>

#include <string_view>

namespace leat {

/// JSON documents that were found in one pass over many lines; for short lines that pass is half of the work.
/// It vouches for a line only if the line is exactly one document, and after the first one that is not, for
/// none.
class ExpectedJsonLines {
 public:
  void expect(std::string_view text) {
    forget();
    if (text.empty()) {
      parser_ = simdjson::ondemand::parser();
      return;
    }
#ifdef SIMDJSON_THREADS_ENABLED
    parser_.threaded = false;
#endif
    if (parser_.iterate_many(text.data(), text.size(), text.size()).get(stream_)) return;
    next_ = stream_.begin();
    if (next_ != stream_.end()) text_ = text;
  }

  /// False for a line that was not expected now; then nothing is expected any more.
  bool next_is(std::string_view line) {
    if (text_.empty()) return false;
    if (line.data() == text_.data() + next_.current_index() &&
        line.data() + line.size() <= text_.data() + text_.size())
      return true;
    forget();
    return false;
  }
  void forget() {
    text_ = {};
  }
  const simdjson::ondemand::parser& parser() const {
    return parser_;
  }

  /// False when the line begins with something else.
  bool open(simdjson::ondemand::object& object) {
    auto document = *next_;
    return document.get_object().get(object) == simdjson::SUCCESS;
  }
  /// After the object was read to its end. False when it ended elsewhere than the line, and for the last one:
  /// what is cut off behind it does not show, so it must be read alone.
  bool close(std::string_view line) {
    const auto end = static_cast<std::size_t>(line.data() + line.size() - text_.data());
    ++next_;
    if (next_ != stream_.end() && is_blank(end, next_.current_index())) return true;
    forget();
    return false;
  }

 private:
  // Between where the line ends and the next document begins, there may be no part of either.
  bool is_blank(std::size_t begin, std::size_t end) const {
    return begin <= end &&
           text_.substr(begin, end - begin).find_first_not_of(" \t\r\n") == std::string_view::npos;
  }

  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document_stream stream_;  // reads in parser_
  simdjson::ondemand::document_stream::iterator next_;
  std::string_view text_;  // empty: nothing is expected
};

}  // namespace leat
