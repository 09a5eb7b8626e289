#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace leat {

/// Which parts of a text a model looks at, and into how many buckets they are hashed.
struct NgramShape {
  std::uint32_t buckets = 32'768;
  std::uint32_t words_max = 2;       ///< runs of 1 to so many words
  std::uint32_t characters_min = 3;  ///< runs of characters inside a word, with its ends marked;
  std::uint32_t characters_max = 5;  ///< 0: none
  friend bool operator==(const NgramShape&, const NgramShape&) = default;
};
/// Whether a model can have this shape.
bool sound(const NgramShape& shape);

/// Texts as sets of hashed n-grams ("the hashing trick"; K. Weinberger et al. 2009): no vocabulary is kept,
/// and n-grams that share a bucket share a weight. Equal for equal texts on every machine:
///
///   A text is put into lower case (ASCII and Latin-1). Its words are the runs of letters, digits,
///   apostrophes and all bytes from 0x80 on; `!` and `?` are words of their own. The parts of a text are
///     "w" word                   each word, and each 2 .. words_max words that follow each other, with one
///                                space between them;
///     "c" part of "<word>"       for each word the runs of characters_min .. characters_max bytes in it.
///   The number of a part is its 64-bit FNV-1a hash modulo `buckets`.
///
/// Holds scratch memory; one thread.
class NgramReader {
 public:
  explicit NgramReader(const NgramShape& shape) : shape_(shape) {}
  /// The text's numbers, each once, ascending. Valid until the next call.
  const std::vector<std::uint32_t>& read(std::string_view text);

 private:
  void split(std::string_view text);
  void add(char kind, std::string_view part);

  NgramShape shape_;
  std::string lower_;
  std::vector<std::string_view> words_;  // into `lower_`
  std::string part_;
  std::vector<std::uint32_t> numbers_;
};

}  // namespace leat
