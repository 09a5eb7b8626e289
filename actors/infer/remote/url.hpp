#pragma once

#include <leat/result.hpp>

namespace leat {

/// What an http or https URL says of where requests go.
struct HttpTarget {
  bool tls = false;
  std::string host;  ///< a name, or an address without brackets
  std::uint16_t port = 80;
  std::string path = "/";  ///< with the query

  /// As the Host header has it.
  std::string authority() const;
};

/// Refuses what could not be asked: other schemes, user names, fragments, spaces and control characters.
Result<HttpTarget> parse_url(std::string_view url);

}  // namespace leat
