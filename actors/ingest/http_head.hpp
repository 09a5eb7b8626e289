#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace leat {

/// What one request's head may have; more is refused before anything of it is believed.
inline constexpr std::size_t kHttpHeadBytesMax = 16u << 10;
inline constexpr std::size_t kHttpLineBytesMax = 8u << 10;
inline constexpr std::size_t kHttpFieldsMax = 100;

struct HttpHeadProblem {
  unsigned status = 400;
  std::string message;
};

/// Looks at a whole head, up to and with its empty line, before it is parsed: its size, and what proxies and
/// servers are known to read differently, which is how requests are smuggled. Nothing if it may be parsed.
std::optional<HttpHeadProblem> check_http_head(std::string_view head);

}  // namespace leat
