#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>

#include "expr/ast.hpp"

namespace leat::expr {

/// Whether texts equal one text of 4 to 16 bytes, which must outlive it. Without a branch or a call: whether
/// the next row of a filter passes is what a processor can't foresee.
class ShortTextEqual {
 public:
  static constexpr std::size_t kLeast = 4, kMost = 16;

  explicit ShortTextEqual(std::string_view wanted)
      : wanted_(wanted), head_(head(wanted.data())), tail_(tail(wanted.data())) {}

  bool operator()(std::string_view text) const {
    const bool fits = text.size() == wanted_.size();
    const char* const at = fits ? text.data() : wanted_.data();  // no byte beyond either is read
    return ((head(at) ^ head_) | (tail(at) ^ tail_) | std::uint64_t{!fits}) == 0;
  }

 private:
  template <class Word>
  static std::uint64_t word(const char* at) {
    Word bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    return bytes;
  }
  // The first and the last bytes, which may overlap.
  std::uint64_t head(const char* at) const {
    return wanted_.size() < 8 ? word<std::uint32_t>(at) : word<std::uint64_t>(at);
  }
  std::uint64_t tail(const char* at) const {
    return wanted_.size() < 8 ? word<std::uint32_t>(at + wanted_.size() - 4)
                              : word<std::uint64_t>(at + wanted_.size() - 8);
  }

  std::string_view wanted_;
  std::uint64_t head_;
  std::uint64_t tail_;
};

/// One loop per operator, so that the compiler can use vector instructions. `left` and `right` give the value
/// of a row, `out` becomes 0 or 1.
template <class Left, class Right>
void compare_all(Op op, std::uint32_t rows, Left left, Right right, std::uint8_t* out) {
  const auto loop = [&](auto test) {
    for (std::uint32_t row = 0; row < rows; ++row) out[row] = test(left(row), right(row)) ? 1 : 0;
  };
  switch (op) {
    case Op::eq:
      return loop(std::equal_to<>());
    case Op::ne:
      return loop(std::not_equal_to<>());
    case Op::lt:
      return loop(std::less<>());
    case Op::le:
      return loop(std::less_equal<>());
    case Op::gt:
      return loop(std::greater<>());
    default:
      return loop(std::greater_equal<>());
  }
}

}  // namespace leat::expr
