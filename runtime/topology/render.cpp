#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "topology/loader.hpp"

namespace leat {
namespace {

struct Style {
  bool colour;
  std::string paint(std::string_view text, std::string_view code) const {
    return colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }
};

// Source lines by file, read when a diagnostic needs one.
class Sources {
 public:
  std::optional<std::string> line(const Place& place) {
    if (!place.file || !place.known()) return std::nullopt;
    auto [entry, fresh] = lines_.try_emplace(*place.file);
    if (fresh) {
      std::ifstream stream(*place.file);
      for (std::string line; std::getline(stream, line);) entry->second.push_back(line);
    }
    if (place.line > entry->second.size()) return std::nullopt;
    return entry->second[place.line - 1];
  }

 private:
  std::map<std::string, std::vector<std::string>> lines_;
};

// Characters as a terminal counts them, roughly: UTF-8 continuation bytes take no column.
std::size_t shown_length(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// Blanks that bring the caret below the byte at `column`; tabs stay tabs.
std::string blanks(std::string_view line, std::size_t column) {
  const std::string_view before = line.substr(0, std::min(column - 1, line.size()));
  std::string out;
  for (const char c : before)
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) out += c == '\t' ? '\t' : ' ';
  out.append(column - 1 - before.size(), ' ');
  return out;
}

// Terminals obey control characters, and a file or a value may hold any.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' && c != '\t') c = ' ';
  return text;
}

// The part of a long line around the column; `column` moves with it.
std::string window(std::string line, std::uint32_t& column) {
  constexpr std::size_t kShown = 120;
  if (line.size() <= kShown) return line;
  const std::size_t begin = column > kShown / 2 ? column - kShown / 2 : 0;
  line = line.substr(std::min(begin, line.size()), kShown);
  column -= static_cast<std::uint32_t>(begin);
  return line;
}

std::uint32_t caret_length(const Place& place, const std::string& line) {
  const std::size_t begin = std::min<std::size_t>(place.column - 1, line.size());
  if (place.length != 0)
    return static_cast<std::uint32_t>(
        std::clamp<std::size_t>(place.length, 1, std::max<std::size_t>(1, line.size() - begin)));
  std::size_t end = begin;  // up to the end of the word
  while (end < line.size() && std::string_view(" :,]}#").find(line[end]) == std::string_view::npos) ++end;
  return static_cast<std::uint32_t>(std::max<std::size_t>(1, end - begin));
}

void render_one(const Diagnostic& diagnostic, Sources& sources, Style style, std::string& out) {
  const bool error = diagnostic.severity == Severity::error;
  const std::string place = diagnostic.place.text();
  out += fmt::format("{}{}{} {}  {}\n", style.paint(place, "1"), place.empty() ? "" : "  ",
                     style.paint(error ? "error" : "warning", error ? "1;31" : "1;33"),
                     code_number(diagnostic.code), printable(diagnostic.message));
  auto line = sources.line(diagnostic.place);
  const std::string gutter = fmt::format("{:>5} | ", diagnostic.place.line);
  if (line) {
    Place shown = diagnostic.place;
    line = window(printable(*std::move(line)), shown.column);
    out += gutter + *line + "\n";
    const std::size_t begin = std::min<std::size_t>(shown.column - 1, line->size());
    const std::string_view marked = std::string_view(*line).substr(begin, caret_length(shown, *line));
    const std::string caret(std::max<std::size_t>(1, shown_length(marked)), '^');
    out += fmt::format("      | {}{}{}{}\n", blanks(*line, shown.column),
                       style.paint(caret, error ? "31" : "33"), diagnostic.suggestion.empty() ? "" : "  ",
                       printable(diagnostic.suggestion));
  } else if (!diagnostic.suggestion.empty()) {
    out += fmt::format("      = {}\n", printable(diagnostic.suggestion));
  }
  if (!diagnostic.note.empty()) out += fmt::format("      = {}\n", printable(diagnostic.note));
}

std::string plural(std::size_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

}  // namespace

std::string render(const Diagnostics& diagnostics, bool colour) {
  std::string out;
  Sources sources;
  const std::vector<Diagnostic> list = diagnostics.sorted();
  if (list.empty()) return out;
  std::size_t errors = 0;
  const Diagnostic* first = &list.front();
  for (const Diagnostic& diagnostic : list) {
    render_one(diagnostic, sources, {colour}, out);
    if (diagnostic.severity == Severity::error && errors++ == 0) first = &diagnostic;
  }
  const std::size_t warnings = list.size() - errors;
  std::string count = errors != 0 ? plural(errors, "error") : std::string();
  if (warnings != 0) count += (count.empty() ? "" : ", ") + plural(warnings, "warning");
  return out + fmt::format("{} — `leat explain {}`\n", count, code_number(first->code));
}

}  // namespace leat
