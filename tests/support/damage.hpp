#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace leat::testing {

/// One to four small damages: bytes set, bits turned, parts cut out or repeated, the end cut off.
inline std::string damaged(std::string bytes, std::mt19937_64& random) {
  static constexpr char kBytes[] = {0, 1, '\x7f', '\x80', '\xff', '"', ',', '{', '\xdd', '\n'};
  for (std::uint64_t count = 1 + random() % 4; count > 0 && !bytes.empty(); --count) {
    const std::size_t at = random() % bytes.size();
    switch (random() % 6) {
      case 0:
        bytes[at] = kBytes[random() % sizeof kBytes];
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
        break;
      case 2:
        bytes[at] = static_cast<char>(random());
        break;
      case 3:
        bytes.erase(at, random() % 8);
        break;
      case 4:
        bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 16));
        break;
      default:
        bytes.resize(bytes.size() - random() % std::min<std::size_t>(bytes.size(), 64));
    }
  }
  return bytes;
}

/// The seeds as they are, then `rounds` of them damaged: the same ones in every run.
template <class Try>
void try_damaged(const std::vector<std::string>& seeds, int rounds, Try&& entry) {
  std::mt19937_64 random(20261121);
  for (const std::string& seed : seeds) entry(seed);
  for (int round = 0; round < rounds; ++round) entry(damaged(seeds[random() % seeds.size()], random));
}

}  // namespace leat::testing
