#pragma once

#include <leat/config_node.hpp>
#include <optional>
#include <string_view>

namespace leat {

/// First byte that is no UTF-8 text: a malformed sequence, or a control character.
std::optional<std::size_t> first_unreadable(std::string_view line);

/// The lines of a topology file, to find where a part of a value stands: quotes, escapes and folded lines
/// make a scalar's text differ from what the file shows. Keeps views into the text.
class SourceText {
 public:
  explicit SourceText(std::string_view text);

  /// Empty beyond the end; `line` counts from 1.
  std::string_view line(std::uint32_t line) const;
  std::size_t line_count() const { return lines_.size(); }
  /// Zero beyond the end of the line.
  char at(const Place& place) const;

  /// From a place to the end of its line.
  std::string_view rest(const Place& place) const;

  /// Where byte `offset` of `scalar` stands, whose first byte is at `start`. Where the two can't be aligned
  /// (a `${env:}` was replaced), the place at which they part.
  Place find(const Place& start, std::string_view scalar, std::size_t offset) const;

  /// The closing quote of the quoted scalar that opens at `open`; not known() if there is none.
  Place closing_quote(const Place& open) const;

 private:
  std::vector<std::string_view> lines_;
};

}  // namespace leat
