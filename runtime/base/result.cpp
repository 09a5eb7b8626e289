#include <cstdio>
#include <cstdlib>
#include <leat/result.hpp>

namespace leat {

std::string Error::text() const {
  return fmt::format("{}{}{} ({})", place, place.empty() ? "" : ": ", message, code_number(code));
}

void assertion_failed(const char* condition, const char* file, int line) {
  fmt::print(stderr, "leat: bug: {} does not hold at {}:{}; please report it with the topology\n", condition,
             file, line);
  std::abort();
}

}  // namespace leat
