#include "transform/dedupe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/context.hpp>
#include <leat/state.hpp>
#include <unordered_map>

#include "transform/option_values.hpp"
#include "transform/row_choice.hpp"
#include "transform/row_key.hpp"
#include "transform/snapshot.hpp"

namespace leat {
namespace {

struct DedupeConfig {
  Expression key;
  Duration within{};
  EventTime time;
  std::uint64_t keys_max = 1'000'000;
};

std::uint64_t distance(std::int64_t a, std::int64_t b) {
  return a < b ? static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a)
               : static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

/// Sends the first row of a key, and none of the same key less than `within` before or after it. Remembers
/// the key and time of each row it sent until no row that is in time can be that close (swept each quarter of
/// `within`); at most `keys_max` of them. What comes behind the watermark cannot be judged: it goes to
/// `late`.
class Dedupe final : public Actor {
 public:
  using Config = DedupeConfig;
  static constexpr KindInfo kind{.name = "dedupe",
                                 .doc = "Sends the first row of each key within a time.",
                                 .example = "key: id\nwithin: 10m",
                                 .each_row = true,
                                 .rescales = true};
  static constexpr Port in{0, "in", "Rows, some of them doubled."};
  static constexpr Port out{0, "out", "The first row of each key."};
  static constexpr Port late{1, "late",
                             "Rows behind the watermark that no remembered row shows to be duplicates."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out, late);
  static Fields<Config> fields() {
    return {
        required("key", &Config::key, "Rows with equal keys are the same; null is a key like any other."),
        required("within", &Config::within,
                 "A row is a duplicate, dropped and counted as `duplicate`, when a row of its key was sent "
                 "whose time is less than this before or after its own.")
            .example("10m"),
        optional("time", &Config::time,
                 "When a row happened: a timestamp, or `processing` for the clock's time. Left out: the "
                 "input's only timestamp field."),
        optional("keys_max", &Config::keys_max,
                 "Most rows remembered at once; a row that would be one more goes to `errors`."),
    };
  }
  static void describe(Config& config, Describe& describe) {
    config.time.describe(describe.input(), describe);
    describe.partition_by(0, {config.key});
    if (config.within.count() <= 0)
      describe.problem(Code::bad_value, describe.place_of("within"), "`within` is more than nothing");
    if (config.keys_max == 0)
      describe.problem(Code::bad_value, describe.place_of("keys_max"), "`keys_max` is at least 1");
  }

  explicit Dedupe(Config config) : config_(std::move(config)) {}

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override;
  Status on_watermark(Time watermark, Context&) override {
    if (!config_.time.processing()) pass(watermark.time_since_epoch().count());
    return {};
  }
  void save(StateWriter& state) const override;
  Status load(StateReader& state) override;

 private:
  enum class Fate : std::uint8_t { first, duplicate, late, no_room };

  std::uint64_t within() const { return static_cast<std::uint64_t>(config_.within.count()); }
  Fate judge(std::int64_t time);
  void pass(std::int64_t time);
  void sweep();

  Config config_;
  std::unordered_multimap<std::string, std::int64_t, KeyHash, std::equal_to<>> sent_;
  std::int64_t passed_ = INT64_MIN;  // no row that is in time is at or before this
  std::int64_t swept_ = INT64_MIN;
  RowChoice first_;
  RowChoice late_;
  std::string key_;
};

Status Dedupe::on_batch(const Port&, const Batch& batch, Context& ctx) {
  first_.clear();
  late_.clear();
  std::uint64_t duplicates = 0;
  OptionValues keys(config_.key, "key", batch);
  // By the clock nothing is late, not even when it is set back.
  const Time now = std::max(ctx.now(), Time(Duration(passed_)) + Duration(1));
  if (config_.time.processing()) pass(now.time_since_epoch().count() - 1);
  RowTimes times(config_.time, batch, now);
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    auto failure = keys.failure(row);
    auto time = times.at(row);
    if (failure || !time) {
      ctx.reject(batch, row, failure ? std::move(*failure) : std::move(time).error());
      continue;
    }
    key_.clear();
    append_key(keys.column(), row, key_);
    switch (judge(*time)) {
      case Fate::first:
        sent_.emplace(key_, *time);
        first_.add(row);
        break;
      case Fate::duplicate:
        ++duplicates;
        break;
      case Fate::late:
        late_.add(row);
        break;
      case Fate::no_room:
        ctx.reject(batch, row,
                   Error{Code::limit_reached,
                         fmt::format("{} rows are remembered already; raise `keys_max` or shorten `within`",
                                     config_.keys_max),
                         {}});
        break;
    }
  }
  if (duplicates > 0) ctx.drop(duplicates, "duplicate");
  if (!late_.rows().empty()) {
    ctx.late(late_.rows().size());
    ctx.emit(late, late_.of(batch));
  }
  if (!first_.rows().empty()) ctx.emit(out, first_.of(batch));
  return {};
}

Dedupe::Fate Dedupe::judge(std::int64_t time) {
  const auto [begin, end] = sent_.equal_range(std::string_view(key_));
  for (auto at = begin; at != end; ++at)
    if (distance(at->second, time) < within()) return Fate::duplicate;
  if (time <= passed_) return Fate::late;
  if (sent_.size() >= config_.keys_max) sweep();
  return sent_.size() < config_.keys_max ? Fate::first : Fate::no_room;
}

void Dedupe::pass(std::int64_t time) {
  if (time <= passed_) return;
  passed_ = time;
  if (distance(passed_, swept_) >= within() / 4) sweep();
}

// What comes from now on is after `passed_`.
void Dedupe::sweep() {
  if (swept_ == passed_) return;
  swept_ = passed_;
  std::erase_if(sent_, [&](const auto& one) {
    return one.second < passed_ && distance(one.second, passed_) + 1 >= within();
  });
}

void Dedupe::save(StateWriter& state) const {
  SnapshotWriter snapshot;
  snapshot.put(passed_);
  snapshot.put_count(sent_.size());
  for (const auto& [key, time] : sent_) {
    snapshot.put_text(key);
    snapshot.put(time);
  }
  state.write_bytes("sent", snapshot.take());
}

Status Dedupe::load(StateReader& state) {
  const std::string* bytes = state.bytes("sent");
  if (bytes == nullptr) return fail(Code::missing_value, "the state has no part `sent`");
  SnapshotReader snapshot(*bytes);
  passed_ = std::max(passed_, snapshot.get());
  const std::uint64_t count = snapshot.get_count(16);
  std::vector<std::string_view> keys;
  std::vector<std::int64_t> times;
  for (std::uint64_t at = 0; at < count; ++at) {
    keys.push_back(snapshot.get_text());
    times.push_back(snapshot.get());
  }
  const KeyShare* share = state.share();
  const std::vector<bool> ours =
      share == nullptr ? std::vector<bool>(keys.size(), true) : keys_of(*share, keys, config_.key.type());
  for (std::size_t at = 0; at < keys.size(); ++at)
    if (ours[at]) sent_.emplace(keys[at], times[at]);
  return snapshot.finish("sent");
}

}  // namespace

void register_dedupe(Registry& registry) {
  registry.add<Dedupe>();
}

}  // namespace leat
