#pragma once

#include <functional>
#include <leat/units.hpp>
#include <memory>

#include "infer/remote/http_calls.hpp"
#include "infer/remote/url.hpp"

// An HTTP/1.1 client for many requests at once. The only door to Boost in this room.
namespace leat {

struct HttpTls {
  std::string ca;      ///< file of certificates that are trusted; empty: the system's
  bool verify = true;  ///< the certificate, and that it is the host's
};

struct HttpEndpoint {
  HttpTarget target;
  HttpTls tls;
  std::vector<std::pair<std::string, std::string>> headers;
  std::uint64_t answer_bytes_max = 8u << 20;
};

/// Whether such connections can be made: the file of certificates can be read and is one.
Status check_tls(const HttpTls& tls);

/// Connections are kept open and used again, as many as there are calls at once. All clients of a process
/// share one thread, which begins with the first and ends with the last. `wake` is called by it when `take`
/// has something new.
Result<std::unique_ptr<HttpCalls>> open_http(const HttpEndpoint& endpoint, std::function<void()> wake);

}  // namespace leat
