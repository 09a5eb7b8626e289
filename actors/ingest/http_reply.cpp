#include "ingest/http_reply.hpp"

#include <fmt/format.h>

#include <leat/codec.hpp>

namespace leat {
namespace {

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 202:
      return "Accepted";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

}  // namespace

HttpReply http_problem(unsigned status, std::string_view message, std::string headers) {
  std::string body = "{\"error\":";
  write_json_string(reason_of(status), body);
  body += ",\"message\":";
  write_json_string(message, body);
  return {status, body + "}\n", std::move(headers)};
}

std::string to_wire(const HttpReply& reply, bool close, bool head_only) {
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}{}\r\n{}",
                     reply.status, reason_of(reply.status), reply.body.size(), reply.headers,
                     close ? "Connection: close\r\n" : "",
                     head_only ? std::string_view() : std::string_view(reply.body));
}

}  // namespace leat
