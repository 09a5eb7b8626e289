#include "ingest/http_head.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

bool equals(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char one, char other) {
    return (one >= 'A' && one <= 'Z' ? static_cast<char>(one | 0x20) : one) == other;
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

struct Counts {
  std::size_t fields = 0, hosts = 0, lengths = 0, encodings = 0;
};

std::optional<HttpHeadProblem> check_field(std::string_view line, Counts& counts) {
  const auto bad = [](std::string message) { return HttpHeadProblem{400, std::move(message)}; };
  if (line.front() == ' ' || line.front() == '\t') return bad("folded header lines are refused");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return bad("a header line without a name");
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (++counts.fields > kHttpFieldsMax)
    return HttpHeadProblem{431, fmt::format("more than {} header fields", kHttpFieldsMax)};
  if (name.find_first_of(" \t") != std::string_view::npos) return bad("a space in a header's name");
  if (equals(name, "host")) ++counts.hosts;
  if (equals(name, "content-length")) {
    ++counts.lengths;
    if (!is_number(value)) return bad("Content-Length must be one number");
  }
  if (equals(name, "transfer-encoding")) {
    ++counts.encodings;
    if (!equals(value, "chunked")) return HttpHeadProblem{501, "the only Transfer-Encoding is chunked"};
  }
  if (equals(name, "content-encoding") && !equals(value, "identity"))
    return HttpHeadProblem{415, "packed bodies are not read; send it as it is"};
  return std::nullopt;
}

}  // namespace

std::optional<HttpHeadProblem> check_http_head(std::string_view head) {
  const auto bad = [](std::string message) { return HttpHeadProblem{400, std::move(message)}; };
  if (head.size() > kHttpHeadBytesMax)
    return HttpHeadProblem{431, fmt::format("the head has more than {} bytes", kHttpHeadBytesMax)};
  if (head.find('\0') != std::string_view::npos) return bad("a zero byte in the head");
  Counts counts;
  bool request_line = true;
  while (!head.empty()) {
    const std::size_t end = head.find('\n');
    if (end == std::string_view::npos || end == 0 || head[end - 1] != '\r')
      return bad("lines must end with CR LF");
    const std::string_view line = head.substr(0, end - 1);
    head.remove_prefix(end + 1);
    if (line.find('\r') != std::string_view::npos) return bad("a CR inside a line");
    if (line.size() > kHttpLineBytesMax)
      return HttpHeadProblem{request_line ? 414u : 431u,
                             fmt::format("a line of more than {} bytes", kHttpLineBytesMax)};
    if (line.empty() && request_line) return bad("an empty line in front of the request");
    if (line.empty()) break;
    if (!request_line)
      if (auto problem = check_field(line, counts)) return problem;
    request_line = false;
  }
  if (counts.hosts > 1) return bad("two Host headers");
  if (counts.lengths + counts.encodings > 1)
    return bad("a body has one Content-Length or one Transfer-Encoding, not several");
  return std::nullopt;
}

}  // namespace leat
