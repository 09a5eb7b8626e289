#include "topology/source_text.hpp"

#include <algorithm>

namespace leat {
namespace {

constexpr std::string_view kBlank = " \t\r";

bool is_blank(std::string_view text) {
  return text.find_first_not_of(kBlank) == std::string_view::npos;
}

std::size_t utf8_length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
}

// Length of a double-quoted scalar's escape, with its backslash.
std::size_t escape_length(char kind) {
  return kind == 'x' ? 4 : kind == 'u' ? 6 : kind == 'U' ? 10 : 2;
}

enum class Style : std::uint8_t { plain, single_quoted, double_quoted, literal, folded };

// Walks through a scalar as the file shows it, one decoded byte at a time.
class Walk {
 public:
  Walk(const SourceText& source, const Place& start) : source_(source), at_(start), indent_(start.column) {
    style_ = style_of(start);
  }

  const Place& place() const { return at_; }

  /// Moves behind the source of one decoded byte; false if the source says something else.
  bool step(char byte) {
    if (inside_escape_ > 0) return --inside_escape_, true;
    if (style_ == Style::double_quoted) continue_lines();
    const bool line_ends = style_ == Style::literal ? rest().empty() : is_blank(rest());
    if (line_ends && (byte == ' ' || byte == '\n')) return next_line(byte);
    if (style_ == Style::double_quoted && source_.at(at_) == '\\') return escape(byte);
    if (source_.at(at_) != byte) return false;
    at_.column += style_ == Style::single_quoted && byte == '\'' ? 2 : 1;
    return true;
  }

  /// Skips what shows nothing before the next byte.
  void settle() {
    if (style_ == Style::double_quoted) continue_lines();
  }

 private:
  std::string_view rest() const { return source_.rest(at_); }

  Style style_of(const Place& start) const {
    Place before = start;
    before.column -= 1;
    if (before.column > 0 && source_.at(before) == '"') return Style::double_quoted;
    if (before.column > 0 && source_.at(before) == '\'') return Style::single_quoted;
    // A block's text begins below a line that ends in its indicator, such as `|` or `>-`.
    if (start.line < 2 || !is_blank(source_.line(start.line).substr(0, start.column - 1)))
      return Style::plain;
    std::string_view above = source_.line(start.line - 1);
    above = above.substr(0, above.find(" #"));
    const std::size_t last = above.find_last_not_of(" \t\r+-0123456789");
    if (last == std::string_view::npos) return Style::plain;
    return above[last] == '|' ? Style::literal : above[last] == '>' ? Style::folded : Style::plain;
  }

  // In double quotes, a backslash at the end of a line hides the break.
  void continue_lines() {
    while (source_.at(at_) == '\\' && rest().size() == 1 && at_.line < source_.line_count())
      begin_next_line();
  }

  void begin_next_line() {
    at_.line += 1;
    const std::string_view line = source_.line(at_.line);
    const std::size_t first = std::min(line.find_first_not_of(kBlank), line.size());
    const bool block = style_ == Style::literal || style_ == Style::folded;
    at_.column = block ? indent_ : static_cast<std::uint32_t>(first + 1);
  }

  // A line break shows as a space where lines are folded, and a blank line as a break.
  bool next_line(char byte) {
    if (at_.line >= source_.line_count()) return false;
    begin_next_line();
    if (style_ == Style::literal) return byte == '\n';
    while (is_blank(source_.line(at_.line)) && at_.line < source_.line_count()) begin_next_line();
    return true;
  }

  bool escape(char byte) {
    inside_escape_ = utf8_length(byte) - 1;
    at_.column += static_cast<std::uint32_t>(escape_length(rest().size() > 1 ? rest()[1] : ' '));
    return true;
  }

  const SourceText& source_;
  Place at_;
  std::uint32_t indent_;
  Style style_ = Style::plain;
  std::size_t inside_escape_ = 0;  ///< decoded bytes that the last escape still stands for
};

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// Length of the character that begins `text`, or 0. Overlong forms, surrogates and what is beyond Unicode are
// told by the first two bytes.
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return first >= ' ' || text[0] == '\t' || text[0] == '\r' ? 1 : 0;
  const std::size_t length = utf8_length(text[0]);
  if (length == 1 || text.size() < length || first > 0xF4) return 0;
  for (std::size_t at = 1; at < length; ++at)
    if (!is_continuation(text[at])) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool wrong = first < 0xC2 || (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return wrong ? 0 : length;
}

}  // namespace

std::optional<std::size_t> first_unreadable(std::string_view line) {
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t length = character_length(line.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

SourceText::SourceText(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines_.push_back(text.substr(at, end - at));
    at = end + 1;
  }
}

std::string_view SourceText::line(std::uint32_t line) const {
  return line >= 1 && line <= lines_.size() ? lines_[line - 1] : std::string_view();
}

char SourceText::at(const Place& place) const {
  const std::string_view text = line(place.line);
  return place.column >= 1 && place.column <= text.size() ? text[place.column - 1] : '\0';
}

std::string_view SourceText::rest(const Place& place) const {
  const std::string_view text = line(place.line);
  return text.substr(std::min<std::size_t>(place.column - 1, text.size()));
}

Place SourceText::find(const Place& start, std::string_view scalar, std::size_t offset) const {
  if (!start.known()) return start;
  Walk walk(*this, start);
  for (const char byte : scalar.substr(0, offset))
    if (!walk.step(byte)) break;
  walk.settle();
  return walk.place();
}

Place SourceText::closing_quote(const Place& open) const {
  const char quote = at(open);
  Place place = open;
  for (place.column += 1; place.line <= lines_.size(); place.line += 1, place.column = 1)
    for (; place.column <= line(place.line).size(); place.column += 1) {
      const char c = at(place);
      Place next = place;
      next.column += 1;
      if (c == quote && !(quote == '\'' && at(next) == '\'')) return place;
      if ((c == '\\' && quote == '"') || c == quote) place.column += 1;
    }
  return {};
}

}  // namespace leat
