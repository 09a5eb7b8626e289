#include "transform/row_choice.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace leat {
namespace {

constexpr std::uint32_t kAhead = 8;  // rows that may be written beyond the chosen ones

// Row r is bit r - first of the word.
template <class Byte>
std::uint64_t word(const Byte* bits, std::uint32_t first) {
  std::uint64_t word = 0;
  std::memcpy(&word, bits + first / 8, sizeof word);
  static_assert(std::endian::native == std::endian::little);
  return word;
}

// Eight at a time without asking whether there are so many: whether a row passes is what a processor can't
// foresee.
std::uint32_t* add_set_bits(std::uint64_t bits, std::uint32_t first, std::uint32_t* to) {
  const int count = std::popcount(bits);
  for (int done = 0; done < count; done += static_cast<int>(kAhead))
    for (std::uint32_t at = 0; at < kAhead; ++at) {
      to[static_cast<std::uint32_t>(done) + at] = first + static_cast<std::uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
    }
  return to + count;
}

}  // namespace

void RowChoice::choose_true(const Evaluated& condition) {
  const Column& values = condition.values;
  const std::uint32_t count = values.row_count();
  rows_.resize(count + kAhead);
  std::uint32_t* next = rows_.data();
  std::uint32_t row = 0;
  if (values.parts().offset % 8 == 0)
    for (; row + 64 <= count; row += 64) {
      std::uint64_t bits = word(values.parts().values, values.parts().offset + row);
      if (values.null_count() != 0) bits &= word(values.parts().validity, values.parts().offset + row);
      next = add_set_bits(bits, row, next);
    }
  for (; row < count; ++row) {
    *next = row;
    next += values.boolean(row) && !values.is_null(row) ? 1 : 0;
  }
  rows_.resize(static_cast<std::size_t>(next - rows_.data()));
  if (condition.failed.empty()) return;
  auto failed = condition.failed.begin();
  std::erase_if(rows_, [&](std::uint32_t chosen) {
    while (failed != condition.failed.end() && failed->row < chosen) ++failed;
    return failed != condition.failed.end() && failed->row == chosen;
  });
}

Batch RowChoice::of(const Batch& batch) const {
  if (rows_.size() == batch.row_count()) return batch;
  if (rows_.empty()) return {};
  if (rows_.back() - rows_.front() + 1 == rows_.size())
    return batch.slice(rows_.front(), static_cast<std::uint32_t>(rows_.size()));
  return batch.take(rows_);
}

}  // namespace leat
