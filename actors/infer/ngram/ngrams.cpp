#include "infer/ngram/ngrams.hpp"

#include <algorithm>

#include "infer/words.hpp"

namespace leat {
namespace {

constexpr std::uint32_t kBucketsMax = 1u << 24;
constexpr std::uint32_t kRunMax = 16;

bool is_word_byte(char c) {
  return words::is_ascii_letter(c) || words::is_digit(c) || c == '\'' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

bool sound(const NgramShape& shape) {
  return shape.buckets >= 1 && shape.buckets <= kBucketsMax && shape.words_max <= kRunMax &&
         shape.characters_max <= kRunMax && (shape.characters_min >= 1 || shape.characters_max == 0);
}

const std::vector<std::uint32_t>& NgramReader::read(std::string_view text) {
  numbers_.clear();
  split(text);
  for (std::size_t first = 0; first < words_.size(); ++first) {
    part_.clear();
    for (std::size_t count = 1; count <= shape_.words_max && first + count <= words_.size(); ++count) {
      if (count > 1) part_ += ' ';
      part_ += words_[first + count - 1];
      add('w', part_);
    }
  }
  for (const std::string_view word : words_) {
    part_.assign(1, '<').append(word) += '>';
    for (std::size_t size = shape_.characters_min; size <= shape_.characters_max && size <= part_.size();
         ++size)
      for (std::size_t at = 0; at + size <= part_.size(); ++at)
        add('c', std::string_view(part_).substr(at, size));
  }
  std::ranges::sort(numbers_);
  numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
  return numbers_;
}

void NgramReader::split(std::string_view text) {
  lower_.clear();
  words_.clear();
  words::append_lower(text, lower_);
  for (std::size_t at = 0; at < lower_.size();) {
    std::size_t end = at;
    while (end < lower_.size() && is_word_byte(lower_[end])) ++end;
    if (end == at && (lower_[at] == '!' || lower_[at] == '?')) end = at + 1;
    if (end > at) words_.push_back(std::string_view(lower_).substr(at, end - at));
    at = std::max(end, at + 1);
  }
}

void NgramReader::add(char kind, std::string_view part) {
  constexpr std::uint64_t kPrime = 0x100000001b3u;
  std::uint64_t hash = (0xcbf29ce484222325u ^ static_cast<unsigned char>(kind)) * kPrime;
  for (const char byte : part) hash = (hash ^ static_cast<unsigned char>(byte)) * kPrime;
  numbers_.push_back(static_cast<std::uint32_t>(hash % shape_.buckets));
}

}  // namespace leat
