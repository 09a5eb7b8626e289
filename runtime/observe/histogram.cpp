#include "observe/histogram.hpp"

namespace leat {

std::uint64_t Histogram::upper_bound(unsigned bucket) {
  if (bucket < (1u << kStepBits)) return bucket;
  const unsigned octave = (bucket >> kStepBits) + kStepBits - 1;
  const std::uint64_t step = (bucket & ((1u << kStepBits) - 1)) + 1;
  return (std::uint64_t{1} << octave) + (step << (octave - kStepBits)) - 1;
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (const Counter& bucket : buckets_) total += bucket.get();
  return total;
}

std::uint64_t Histogram::quantile(double share) const {
  const std::uint64_t total = count();
  if (total == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(share * static_cast<double>(total - 1)) + 1;
  std::uint64_t seen = 0;
  for (unsigned bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket].get();
    if (seen >= rank) return upper_bound(bucket);
  }
  return upper_bound(kBuckets - 1);
}

void Histogram::merge(const Histogram& other) {
  for (unsigned bucket = 0; bucket < kBuckets; ++bucket) buckets_[bucket].add(other.buckets_[bucket].get());
  sum_.add(other.sum());
}

std::uint64_t Histogram::count_up_to(std::uint64_t bound) const {
  std::uint64_t total = 0;
  for (unsigned bucket = 0; bucket < kBuckets && upper_bound(bucket) <= bound; ++bucket)
    total += buckets_[bucket].get();
  return total;
}

}  // namespace leat
