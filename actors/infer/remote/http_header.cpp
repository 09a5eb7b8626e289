#include "infer/remote/http_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace leat {
namespace {

bool token(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

Status check_header(std::string_view name, std::string_view value) {
  if (name.empty() || !std::ranges::all_of(name, token))
    return fail(Code::bad_value, fmt::format("`{}` is not the name of a header", name));
  for (const std::string_view ours : {"host", "content-length", "transfer-encoding", "connection"})
    if (std::ranges::equal(name, ours, [](char a, char b) { return std::tolower(a) == b; }))
      return fail(Code::bad_value, fmt::format("`{}` is not yours to set", name));
  if (std::ranges::any_of(value, [](char c) { return (c < ' ' && c != '\t' && c >= 0) || c == 127; }))
    return fail(Code::bad_value, fmt::format("the value of `{}` has a control character in it", name));
  return {};
}

}  // namespace leat
