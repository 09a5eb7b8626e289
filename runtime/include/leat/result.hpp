#pragma once

#include <fmt/core.h>

#include <leat/codes.hpp>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace leat {

/// One failure: what (code), in words (message), and where (a file position, an actor, an address; may be
/// empty).
struct Error {
  Code code = Code::internal;
  std::string message;
  std::string place;

  /// "place: message (L0204)"
  std::string text() const;
};

/// What `fail` returns: converts into every Result<T>.
using Failure = tl::unexpected<Error>;

[[nodiscard]] inline Failure fail(Code code, std::string message, std::string place = {}) {
  return Failure(Error{code, std::move(message), std::move(place)});
}

/// A value or an Error. Thin, so that ignoring one is a compiler warning.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Failure failure) : tl::expected<T, Error>(std::move(failure)) {}  // NOLINT: implicit by design
};

template <>
class [[nodiscard]] Result<void> : public tl::expected<void, Error> {
 public:
  using tl::expected<void, Error>::expected;
  Result() = default;
  Result(Failure failure) : tl::expected<void, Error>(std::move(failure)) {}  // NOLINT: implicit by design
};

using Status = Result<void>;

/// Prints message and place to stderr and aborts: for bugs, never for input.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace leat

#define LEAT_ASSERT(condition) \
  (static_cast<bool>(condition) ? void(0) : ::leat::assertion_failed(#condition, __FILE__, __LINE__))

/// Returns the error of a Status-valued expression to the caller.
#define LEAT_TRY(expression)                                  \
  do {                                                        \
    if (auto leat_status = (expression); !leat_status)        \
      return ::leat::Failure(std::move(leat_status).error()); \
  } while (false)

#define LEAT_CONCAT_INNER(a, b) a##b
#define LEAT_CONCAT(a, b) LEAT_CONCAT_INNER(a, b)

/// LEAT_TRY_ASSIGN(const auto x, make_x()): declares x, or returns the error to the caller.
#define LEAT_TRY_ASSIGN(declaration, expression) \
  LEAT_TRY_ASSIGN_INNER(LEAT_CONCAT(leat_result_, __LINE__), declaration, expression)
#define LEAT_TRY_ASSIGN_INNER(result, declaration, expression)    \
  auto result = (expression);                                     \
  if (!result) return ::leat::Failure(std::move(result).error()); \
  declaration = *std::move(result)
