#include "infer/remote/status.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace leat {
namespace {

/// The first words of a body, on one line, for people.
std::string words_of(const std::string& body) {
  constexpr std::size_t kMost = 200;
  std::string words;
  for (std::size_t at = 0; at < std::min(body.size(), kMost); ++at) {
    const char c = body[at];
    const bool space = static_cast<unsigned char>(c) <= ' ';
    if (!space) words += c;
    if (space && !words.empty() && words.back() != ' ') words += ' ';
  }
  // Not in the middle of a character.
  if (body.size() > kMost)
    while (!words.empty() && (static_cast<unsigned char>(words.back()) & 0x80) != 0) words.pop_back();
  return words;
}

Fault fault_of(int status) {
  if (status == 429) return Fault::busy;
  if (status == 408) return Fault::timeout;
  return status >= 500 ? Fault::server : Fault::refused;
}

}  // namespace

AttemptFailure failure_of(const HttpAnswer& answer, const std::string& place) {
  if (answer.status == 0) return {Fault::connection, false, {}, {Code::endpoint_failed, answer.error, place}};
  const std::string words = words_of(answer.body);
  const Fault fault = fault_of(answer.status);
  return {.fault = fault,
          // A model that fails on its input says 500; gateways in front of it say 502 to 504.
          .divides = fault == Fault::refused || answer.status == 500,
          .pause = answer.retry_after,
          .error = {fault == Fault::refused ? Code::endpoint_refused : Code::endpoint_failed,
                    fmt::format("status {}{}{}", answer.status, words.empty() ? "" : ": ", words), place}};
}

}  // namespace leat
