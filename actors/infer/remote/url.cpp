#include "infer/remote/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace leat {
namespace {

constexpr std::size_t kBytesMax = 8192;

bool plain(char c) {
  return c > ' ' && c < 127;
}

Failure wrong(std::string message) {
  return fail(Code::bad_endpoint, std::move(message));
}

Status read_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.begin(), text.end(), port);
  if (error == std::errc() && end == text.end() && port != 0) return {};
  return wrong(fmt::format("`{}` is not a port", text));
}

/// "[::1]:8080", "host", "host:80" into host and port.
Status read_authority(std::string_view text, HttpTarget& target) {
  const std::size_t at = text.starts_with('[') ? text.find(']') : text.find(':');
  if (text.starts_with('[')) {
    if (at == std::string_view::npos) return wrong("the bracket of the address is not closed");
    target.host = text.substr(1, at - 1);
    text.remove_prefix(at + 1);
  } else {
    target.host = text.substr(0, at);
    text.remove_prefix(std::min(at, text.size()));
  }
  if (target.host.empty()) return wrong("the URL has no host");
  if (text.empty()) return {};
  if (text.front() != ':') return wrong(fmt::format("`{}` is not a port", text));
  return read_port(text.substr(1), target.port);
}

}  // namespace

std::string HttpTarget::authority() const {
  const bool usual = port == (tls ? 443 : 80);
  const std::string name = host.find(':') == std::string::npos ? host : '[' + host + ']';
  return usual ? name : fmt::format("{}:{}", name, port);
}

Result<HttpTarget> parse_url(std::string_view url) {
  if (url.size() > kBytesMax) return wrong("the URL is too long");
  if (!std::ranges::all_of(url, plain)) return wrong("write spaces and other characters as %20 ...");
  HttpTarget target;
  target.tls = url.starts_with("https://");
  if (!target.tls && !url.starts_with("http://")) return wrong("a URL begins with http:// or https://");
  target.port = target.tls ? 443 : 80;
  url.remove_prefix(target.tls ? 8 : 7);
  if (url.find('#') != std::string_view::npos) return wrong("`#` and what follows stays in browsers");
  const std::string_view authority = url.substr(0, url.find_first_of("/?"));
  if (authority.find('@') != std::string_view::npos)
    return wrong("user names in a URL are not sent; write `headers: { Authorization: ... }`");
  LEAT_TRY(read_authority(authority, target));
  url.remove_prefix(authority.size());
  if (url.starts_with('?')) target.path += url;
  if (url.starts_with('/')) target.path = url;
  return target;
}

}  // namespace leat
