#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "common/clock.hpp"
#include "common/histogram.hpp"
#include "common/options.hpp"
#include "common/result.hpp"
#include "common/splitmix.hpp"
#include "common/usage.hpp"

// Rows grouped by key in tumbling windows. Every contender uses these functions, so that what differs is only
// how records get from the source to the operator and results to the sink.
namespace leat::bench::windows {

inline constexpr std::size_t kRecords = 65'536;  // in memory; event k is record k mod kRecords
/// Latency counts from this moment of a paced run on; before it caches and schedulers settle.
inline constexpr std::int64_t kWarmUpNs = 500'000'000;
inline constexpr std::uint64_t kHandBatch = 256;

/// One result row.
struct Row {
  std::int64_t window = 0;
  std::int64_t key = 0;
  std::int64_t count = 0;
  std::int64_t sum = 0;
};

/// MurmurHash3's 64-bit finaliser.
inline std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccdULL;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return value ^ (value >> 33);
}

/// What all result rows add up to, in any order.
struct Totals {
  std::uint64_t rows = 0;
  std::uint64_t counted = 0;
  std::uint64_t checksum = 0;

  void add(const Row& row) {
    ++rows;
    counted += static_cast<std::uint64_t>(row.count);
    const auto place =
        static_cast<std::uint64_t>(row.window) * 1'000'003 + static_cast<std::uint64_t>(row.key);
    checksum +=
        mix(mix(place) + static_cast<std::uint64_t>(row.count) + mix(static_cast<std::uint64_t>(row.sum)));
  }
  friend bool operator==(const Totals&, const Totals&) = default;
};

/// Event time of a run. Flat out: five windows of ten seconds in all. Paced: an event's time is its place in
/// the schedule, windows of 250 ms.
struct Pace {
  std::int64_t step_ns;
  std::int64_t window_ns;

  explicit Pace(const Options& options)
      : step_ns(std::max<std::int64_t>(1, options.rate > 0
                                              ? static_cast<std::int64_t>(std::llround(1e9 / options.rate))
                                              : 50'000'000'000 / static_cast<std::int64_t>(options.events))),
        window_ns(options.rate > 0 ? 250'000'000 : 10'000'000'000) {}
};

/// Counts and sums per key of the window at hand; event time never goes back.
class WindowFold {
 public:
  WindowFold(std::size_t keys, std::int64_t window_ns) : counts_(keys), sums_(keys), window_ns_(window_ns) {}

  template <class Emit>
  void add(std::int64_t time_ns, std::int64_t key, std::int64_t value, Emit&& emit) {
    if (time_ns >= end_ns_) [[unlikely]]
      next(time_ns, emit);
    const auto at = static_cast<std::size_t>(key);
    ++counts_[at];
    sums_[at] += value;
  }
  template <class Emit>
  void finish(Emit&& emit) {
    for (std::size_t key = 0; key < counts_.size(); ++key)
      if (counts_[key] != 0)
        emit(Row{end_ns_ / window_ns_ - 1, static_cast<std::int64_t>(key), counts_[key], sums_[key]});
    std::fill(counts_.begin(), counts_.end(), 0);
    std::fill(sums_.begin(), sums_.end(), 0);
  }

 private:
  template <class Emit>
  void next(std::int64_t time_ns, Emit&& emit) {
    if (end_ns_ != 0) finish(emit);
    end_ns_ = (time_ns / window_ns_ + 1) * window_ns_;
  }

  std::vector<std::int64_t> counts_, sums_;
  std::int64_t window_ns_;
  std::int64_t end_ns_ = 0;
};

/// Yahoo Streaming Benchmark: which of 1000 ads belong to which of 100 campaigns, and how often each
/// campaign's ads were viewed.
struct Ysb {
  struct Record {
    std::int64_t user_id, page_id, ad_id, event_time_ns;
    std::int32_t ad_type, event_type;
    std::uint32_t ip;
    std::uint32_t unused = 0;
  };
  static_assert(sizeof(Record) == 48);
  static constexpr std::size_t kAds = 1000, kCampaigns = 100;
  static constexpr std::int32_t kView = 0;

  /// Ad to campaign: open addressing in one flat table.
  class Ads {
   public:
    explicit Ads(const std::vector<std::int64_t>& ads) {
      for (std::size_t at = 0; at < ads.size(); ++at) {
        std::size_t slot = slot_of(ads[at]);
        while (slots_[slot].ad != 0) slot = (slot + 1) % kSlots;
        slots_[slot] = {ads[at], static_cast<std::int64_t>(at / (kAds / kCampaigns))};
      }
    }
    std::int64_t campaign(std::int64_t ad) const {
      std::size_t slot = slot_of(ad);
      while (slots_[slot].ad != ad) slot = (slot + 1) % kSlots;
      return slots_[slot].campaign;
    }

   private:
    static constexpr std::size_t kSlots = 4096;
    struct Slot {
      std::int64_t ad = 0, campaign = 0;
    };
    static std::size_t slot_of(std::int64_t ad) {
      return static_cast<std::uint64_t>(ad) * 0x9e3779b97f4a7c15ULL >> 52;
    }
    std::array<Slot, kSlots> slots_{};
  };

  std::vector<std::int64_t> ads;
  std::vector<Record> records;

  Ysb() {
    SplitMix64 random(42);
    for (std::size_t at = 0; at < kAds; ++at) ads.push_back(static_cast<std::int64_t>(random.next() | 1));
    for (std::size_t at = 0; at < kRecords; ++at) {
      Record record{};
      record.user_id = static_cast<std::int64_t>(random.next());
      record.page_id = static_cast<std::int64_t>(random.next());
      record.ad_id = ads[random.next() % kAds];
      record.ad_type = static_cast<std::int32_t>(random.next() % 5);
      record.event_type = static_cast<std::int32_t>(random.next() % 3);
      record.ip = static_cast<std::uint32_t>(random.next());
      records.push_back(record);
    }
  }

  class Operator {
   public:
    Operator(const Ysb& data, std::int64_t window_ns) : ads_(data.ads), fold_(kCampaigns, window_ns) {}
    template <class Emit>
    void take(const Record& record, Emit&& emit) {
      if (record.event_type == kView) fold_.add(record.event_time_ns, ads_.campaign(record.ad_id), 0, emit);
    }
    template <class Emit>
    void end(Emit&& emit) {
      fold_.finish(emit);
    }

   private:
    Ads ads_;
    WindowFold fold_;
  };

  /// The published totals, for the sizes that have them.
  static const Totals* published(const Options& options) {
    static constexpr Totals million{500, 330'524, 0x23f7061b5bddf499},
        twenty{500, 6'611'599, 0x5632a3f717c267aa};
    if (options.rate > 0) return nullptr;
    return options.events == 1'000'000 ? &million : options.events == 20'000'000 ? &twenty : nullptr;
  }
};

/// Sums per key, 10,000 keys.
struct KeySum {
  struct Record {
    std::int64_t key, value, event_time_ns;
  };
  static constexpr std::size_t kKeys = 10'000;
  std::vector<Record> records;

  KeySum() {
    SplitMix64 random(7);
    for (std::size_t at = 0; at < kRecords; ++at) {
      const auto key = static_cast<std::int64_t>(random.next() % kKeys);
      records.push_back({key, static_cast<std::int64_t>(random.next() % 1000), 0});
    }
  }

  class Operator {
   public:
    Operator(const KeySum&, std::int64_t window_ns) : fold_(kKeys, window_ns) {}
    template <class Emit>
    void take(const Record& record, Emit&& emit) {
      fold_.add(record.event_time_ns, record.key, record.value, emit);
    }
    template <class Emit>
    void end(Emit&& emit) {
      fold_.finish(emit);
    }

   private:
    WindowFold fold_;
  };

  static const Totals* published(const Options&) { return nullptr; }
};

/// Adds a moment's latency, if it is past the warm-up and sampled.
inline void sample(Histogram& latency, std::int64_t start_ns, std::int64_t due_ns) {
  if (due_ns >= kWarmUpNs) latency.add(now_ns() - start_ns - due_ns);
}

/// What the stages of one run report, wherever they live.
struct RunState {
  static constexpr std::size_t kStages = 3;  // source, operators, sink
  std::atomic<std::int64_t> start_ns{0};
  std::atomic<std::int64_t> end_ns{0};
  Totals totals;
  Histogram event_latency;   ///< schedule to operator, one event in 64
  Histogram window_latency;  ///< end of a window to each of its rows at the sink
  std::array<double, kStages> cpu_s{};
  std::array<double, kStages> rss_mb{};
};

/// The direct computation that every run is checked against.
template <class Work>
Totals expected_totals(const Work& data, const Options& options) {
  if (const Totals* published = Work::published(options)) return *published;
  Totals totals;
  const Pace pace(options);
  typename Work::Operator fold(data, pace.window_ns);
  const auto emit = [&](const Row& row) { totals.add(row); };
  for (std::uint64_t k = 0; k < options.events; ++k) {
    typename Work::Record record = data.records[k % kRecords];
    record.event_time_ns = static_cast<std::int64_t>(k) * pace.step_ns;
    fold.take(record, emit);
  }
  fold.end(emit);
  return totals;
}

/// Fills times and the check; CPU and memory too when the stages were processes.
void conclude(const Options& options, const std::string& impl, const RunState& state, const Totals& expected,
              RunResult& result);

}  // namespace leat::bench::windows
