#include <fmt/format.h>

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

std::uint32_t caret_length(const Diagnostic& diagnostic, const std::string& line) {
  const std::size_t begin = std::min<std::size_t>(diagnostic.place.column - 1, line.size());
  if (diagnostic.place.length != 0)
    return static_cast<std::uint32_t>(
        std::clamp<std::size_t>(diagnostic.place.length, 1, std::max<std::size_t>(1, line.size() - begin)));
  std::size_t end = begin;  // up to the end of the word
  while (end < line.size() && std::string_view(" :,]}#").find(line[end]) == std::string_view::npos) ++end;
  return static_cast<std::uint32_t>(std::max<std::size_t>(1, end - begin));
}

void render_one(const Diagnostic& diagnostic, Sources& sources, Style style, std::string& out) {
  const bool error = diagnostic.severity == Severity::error;
  const std::string place = diagnostic.place.text();
  out += fmt::format("{}{}{} {}  {}\n", style.paint(place, "1"), place.empty() ? "" : "  ",
                     style.paint(error ? "error" : "warning", error ? "1;31" : "1;33"),
                     code_number(diagnostic.code), diagnostic.message);
  const auto line = sources.line(diagnostic.place);
  const std::string gutter = fmt::format("{:>5} | ", diagnostic.place.line);
  if (line) {
    out += gutter + *line + "\n";
    const std::string caret(caret_length(diagnostic, *line), '^');
    out += fmt::format("      | {}{}{}{}\n", std::string(diagnostic.place.column - 1, ' '),
                       style.paint(caret, error ? "31" : "33"), diagnostic.suggestion.empty() ? "" : "  ",
                       diagnostic.suggestion);
  } else if (!diagnostic.suggestion.empty()) {
    out += fmt::format("      = {}\n", diagnostic.suggestion);
  }
  if (!diagnostic.note.empty()) out += fmt::format("      = {}\n", diagnostic.note);
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
