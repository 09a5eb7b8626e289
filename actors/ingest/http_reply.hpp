#pragma once

#include <string>
#include <string_view>

namespace leat {

struct HttpReply {
  unsigned status = 200;
  std::string body;     ///< JSON
  std::string headers;  ///< further ones, each with CR LF
};

/// A refusal that the server itself has to give: { error, message }.
HttpReply http_problem(unsigned status, std::string_view message, std::string headers = {});

/// As it is sent. `head_only`: the answer to a HEAD request.
std::string to_wire(const HttpReply& reply, bool close, bool head_only);

}  // namespace leat
