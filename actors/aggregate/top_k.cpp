// top_k: frequent items by Misra and Gries (1982), pruned in batches: when twice `track` values are counted,
// the (track + 1)-th largest count is taken from all and what is left without a count is dropped. So each
// count is too low by at most rows / track.
#include <algorithm>
#include <unordered_map>

#include "aggregate/functions.hpp"
#include "aggregate/msgpack_value.hpp"

namespace leat {
namespace {

struct Tally {
  std::unordered_map<std::string, std::int64_t> counts;  // by value as MessagePack
};

class TopK final : public StatePerGroup<TopK, Tally> {
 public:
  TopK(std::uint32_t k, std::uint32_t track) : k_(k), track_(std::max(k, track)) {}
  std::unique_ptr<Accumulator> make_empty() const override { return std::make_unique<TopK>(k_, track_); }

  void add(Tally& tally, const Column& values, std::uint32_t row, std::int64_t) const {
    scratch_.clear();
    write_msgpack(values, row, scratch_);
    ++tally.counts[scratch_];
    if (tally.counts.size() > std::size_t{2} * track_) prune(tally);
  }
  void merge_states(Tally& tally, const Tally& from) const {
    for (const auto& [value, count] : from.counts) tally.counts[value] += count;
    if (tally.counts.size() > std::size_t{2} * track_) prune(tally);
  }
  // Most frequent first; equals by value, so that the result does not hang on the hash table.
  Status emit_state(const Tally& tally, ColumnBuilder& out) const {
    std::vector<std::pair<std::int64_t, std::string_view>> ranked;
    for (const auto& [value, count] : tally.counts) ranked.emplace_back(-count, value);
    const std::size_t kept = std::min<std::size_t>(k_, ranked.size());
    std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(kept), ranked.end());
    std::string array;
    begin_msgpack_array(static_cast<std::uint32_t>(kept), array);
    for (std::size_t at = 0; at < kept; ++at) {
      array += '\x82';  // a map of two
      array += to_msgpack("value");
      array += ranked[at].second;
      array += to_msgpack("count");
      array += '\xd3';  // an int64
      for (int shift = 56; shift >= 0; shift -= 8)
        array += static_cast<char>(-ranked[at].first >> shift & 0xff);
    }
    out.append(std::string_view(array));
    return {};
  }
  void save_state(const Tally& tally, StateOut& out) const {
    out.put(static_cast<std::uint32_t>(tally.counts.size()));
    for (const auto& [value, count] : tally.counts) {
      out.put_text(value);
      out.put(count);
    }
  }
  void load_state(Tally& tally, StateIn& in) const {
    tally = {};
    for (std::uint32_t left = in.get_count(2 * sizeof(std::uint64_t)); left > 0; --left) {
      const std::string value(in.get_text());
      tally.counts[value] = in.get<std::int64_t>();
    }
  }
  static std::size_t heap_bytes(const Tally& tally) {
    return tally.counts.bucket_count() * sizeof(void*) + tally.counts.size() * 64;
  }

 private:
  void prune(Tally& tally) const {
    std::vector<std::int64_t> counts;
    for (const auto& [value, count] : tally.counts) counts.push_back(count);
    std::nth_element(counts.begin(), counts.begin() + track_, counts.end(), std::greater<>());
    const std::int64_t least = counts[track_];
    std::erase_if(tally.counts, [least](const auto& entry) { return entry.second <= least; });
    for (auto& [value, count] : tally.counts) count -= least;
  }

  std::uint32_t k_;
  std::uint32_t track_;
  mutable std::string scratch_;
};

}  // namespace

std::unique_ptr<Accumulator> make_top_k(std::uint32_t k, std::uint32_t track) {
  return std::make_unique<TopK>(k, track);
}

}  // namespace leat
