#include "aggregate/join.hpp"

#include <algorithm>
#include <leat/codec.hpp>
#include <leat/context.hpp>
#include <leat/event_time.hpp>
#include <leat/state.hpp>
#include <queue>

#include "aggregate/join_side.hpp"
#include "aggregate/key_table.hpp"
#include "aggregate/windows.hpp"

namespace leat {
namespace {

struct WithinOptions {
  Duration before{};
  Duration after{};
};

enum class JoinType : std::uint8_t { inner, left };

struct JoinConfig {
  std::vector<Expression> left_key;
  std::vector<Expression> right_key;
  std::optional<WithinOptions> within;
  JoinType type = JoinType::inner;
  EventTime left_time;
  EventTime right_time;
  std::string right_prefix;
  Rows rows{1'000'000};
  Rows rows_per_key{10'000};

  SchemaPtr left, right, output;
};

/// Pairs of rows from two streams with equal keys, the right one's time within an interval around the left
/// one's. Every pair comes once, as soon as both rows are there (Flink's interval join). Holds the rows that
/// may still find partners: at most `rows`.
class Join final : public Actor {
 public:
  using Config = JoinConfig;
  static constexpr KindInfo kind{
      .name = "join",
      .doc = "Pairs rows of two streams with equal keys whose times are near each other.",
      .example = "left_key: id\nright_key: id\nwithin: { after: 10m }\nright_prefix: r_",
      .rescales = true};
  static constexpr Port left{0, "left", "Rows to find partners for."};
  static constexpr Port right{1, "right", "The partners."};
  static constexpr Port out{0, "out", "A row per pair: the left one's fields, then the right one's."};
  static constexpr Port late{1, "late", "Left rows that came after their time was complete."};
  static constexpr Port late_right{2, "late_right", "Right rows that came after their time was complete."};
  static constexpr auto inputs = ports(left, right);
  static constexpr auto outputs = ports(out, late, late_right);
  static Fields<Config> fields() {
    return {
        required("left_key", &Config::left_key, "Expressions over the left row that must be equal to ...")
            .bind_in_describe()
            .example("[card]"),
        required("right_key", &Config::right_key,
                 "... these over the right row. A null equals nothing, not even null.")
            .bind_in_describe()
            .example("[card_id]"),
        group(
            "within", &Config::within,
            Fields<WithinOptions>{
                optional("before", &WithinOptions::before,
                         "How much earlier than the left row the right one may be."),
                optional("after", &WithinOptions::after,
                         "How much later than the left row the right one may be."),
            },
            "The right row's time is at least the left one's less `before`, and at most that plus `after`."),
        choice("type", &Config::type, {{"inner", JoinType::inner}, {"left", JoinType::left}},
               "`left` also sends left rows without a partner, with nulls, when none can come any more."),
        optional("left_time", &Config::left_time,
                 "Time of a left row: a timestamp expression. Default: its only timestamp field."),
        optional("right_time", &Config::right_time, "The same for right rows."),
        optional("right_prefix", &Config::right_prefix,
                 "Put before the names of the right row's fields, so that they differ from the left one's.")
            .example("click_"),
        optional("rows", &Config::rows,
                 "Most rows held, of both sides together. A row that would be one more is rejected."),
        optional("rows_per_key", &Config::rows_per_key, "Most rows held of one key and side."),
    };
  }
  static void describe(Config& config, Describe& describe);

  explicit Join(Config config)
      : config_(std::move(config)),
        before_(config_.within->before.count()),
        after_(config_.within->after.count()),
        keys_(key_types(config_.left_key), true),
        table_(keys_.form()),
        pairs_(config_.output) {}

  Status on_batch(const Port& port, const Batch& batch, Context& ctx) override {
    const bool is_left = port.index == left.index;
    const Evaluation evaluation = evaluate(is_left, batch, ctx);
    keys_.assign(evaluation.keys, batch.row_count());
    numbers_.resize(evaluation.rows.size());
    table_.find_or_add(keys_, evaluation.rows, UINT32_MAX, numbers_);
    JoinSide& mine = is_left ? left_ : right_;
    mine.begin_batch(batch);
    late_rows_.clear();
    std::uint32_t unmatched = 0;
    for (std::size_t at = 0; at < evaluation.rows.size(); ++at) {
      const std::uint32_t row = evaluation.rows[at];
      const std::int64_t time = evaluation.times.int64(row);
      if (time <= watermark_) {
        late_rows_.push_back(row);
      } else if (has_null_key(evaluation, row)) {
        if (is_left && config_.type == JoinType::left)
          add_unmatched(batch, row, ctx);
        else
          ++unmatched;
      } else {
        take_row(is_left, batch, row, numbers_[at], time, ctx);
      }
    }
    if (unmatched > 0) ctx.drop(unmatched, "unmatched");
    send_pairs(ctx);
    if (!late_rows_.empty()) {
      ctx.late(late_rows_.size());
      ctx.emit(is_left ? late : late_right, batch.take(late_rows_));
    }
    return {};
  }

  Status on_watermark(Time watermark, Context& ctx) override {
    watermark_ = watermark.time_since_epoch().count();
    drop_until(watermark_, ctx);
    forget_dead_keys();
    return {};
  }

  Status on_end(Context& ctx) override {
    drop_until(INT64_MAX, ctx);
    return {};
  }

  void save(StateWriter& writer) const override;
  Status load(StateReader& reader) override;

 private:
  struct Evaluation {
    std::vector<Column> keys;
    Column times;
    std::vector<std::uint32_t> rows;  // that evaluated
  };
  // Rows of one key and side that are complete when the watermark gets to `time`.
  struct Expiry {
    std::int64_t time;
    std::uint32_t key;
    bool is_left;
    friend bool operator<(const Expiry& a, const Expiry& b) { return a.time > b.time; }
  };

  static std::vector<Type> key_types(const std::vector<Expression>& keys) {
    std::vector<Type> types;
    types.reserve(keys.size());
    for (const Expression& key : keys) types.push_back(key.type());
    return types;
  }
  static bool has_null_key(const Evaluation& evaluation, std::uint32_t row) {
    return std::ranges::any_of(evaluation.keys, [row](const Column& key) { return key.is_null(row); });
  }

  Evaluation evaluate(bool is_left, const Batch& batch, Context& ctx);
  void take_row(bool is_left, const Batch& batch, std::uint32_t row, std::uint32_t key, std::int64_t time,
                Context& ctx);
  void add_pair(const Batch& left_rows, std::uint32_t left_row, const Batch& right_rows,
                std::uint32_t right_row, Context& ctx);
  void add_unmatched(const Batch& left_rows, std::uint32_t row, Context& ctx);
  void send_pairs(Context& ctx) {
    if (!pairs_.empty()) ctx.emit(out, pairs_.finish());
  }
  void drop_until(std::int64_t watermark, Context& ctx);
  void hold(bool is_left, std::uint32_t key, std::int64_t time, std::uint32_t row, bool matched);
  void forget_dead_keys();
  Status load_side(bool is_left, const KeyTable& keys, const std::vector<bool>& ours, StateIn& state);

  Config config_;
  std::int64_t before_, after_;
  std::int64_t watermark_ = INT64_MIN;
  RowKeys keys_;
  KeyTable table_;
  JoinSide left_, right_;
  std::priority_queue<Expiry> expiries_;
  BatchBuilder pairs_;
  std::vector<std::uint32_t> numbers_, late_rows_;
};

void check_clashes(const Schema& left, const Schema& right, const std::string& prefix, Describe& describe) {
  for (const Field& field : right.fields())
    if (left.index_of(prefix + field.name))
      return describe.problem(Code::bad_name, describe.place_of("right_prefix"),
                              fmt::format("both rows have a field `{}{}`", prefix, field.name), {},
                              fmt::format("say `right_prefix`, such as `right_prefix: {}right_`", prefix));
}

bool bind_keys(std::vector<Expression>& keys, const SchemaPtr& schema, Describe& describe) {
  bool good = true;
  for (Expression& key : keys) good &= describe.bind(key, schema);
  return good;
}

void Join::describe(Config& config, Describe& describe) {
  config.left = describe.input(left.index);
  config.right = describe.input(right.index);
  if (!config.left || !config.right) return;
  bool good = bind_keys(config.left_key, config.left, describe);
  good &= bind_keys(config.right_key, config.right, describe);
  good &= config.left_time.describe(config.left, describe, "left_time");
  good &= config.right_time.describe(config.right, describe, "right_time");
  if (config.left_time.processing() || config.right_time.processing())
    describe.problem(Code::bad_value, describe.place_of(""), "a join works in event time only");
  if (!config.within || config.within->before.count() < 0 || config.within->after.count() < 0)
    describe.problem(Code::missing_key, describe.place_of("within"),
                     "`within` says how near the rows must be: `within: { before: 1m, after: 10m }`");
  if (config.left_key.size() != config.right_key.size())
    return describe.problem(Code::bad_value, describe.place_of("right_key"),
                            fmt::format("{} left keys and {} right ones cannot be compared",
                                        config.left_key.size(), config.right_key.size()));
  for (std::size_t at = 0; good && at < config.left_key.size(); ++at)
    if (config.left_key[at].type() != config.right_key[at].type())
      describe.problem(Code::type_mismatch, config.right_key[at].place(),
                       fmt::format("a {} never equals a {}", to_text(config.right_key[at].type()),
                                   to_text(config.left_key[at].type())));
  check_clashes(*config.left, *config.right, config.right_prefix, describe);
  std::vector<Field> fields = config.left->fields();
  for (Field field : config.right->fields()) {
    field.name = config.right_prefix + field.name;
    if (config.left->index_of(field.name)) return;  // reported
    field.nullable = field.nullable || config.type == JoinType::left;
    fields.push_back(std::move(field));
  }
  config.output = Schema::make(std::move(fields));
  describe.output(out, config.output);
  describe.output(late, config.left);
  describe.output(late_right, config.right);
  if (!good) return;
  describe.partition_by(left.index, config.left_key);
  describe.partition_by(right.index, config.right_key);
}

Join::Evaluation Join::evaluate(bool is_left, const Batch& batch, Context& ctx) {
  Evaluation evaluation;
  std::vector<bool> gone(batch.row_count());
  const auto reject = [&](std::uint32_t row, Error error) {
    if (!gone[row]) ctx.reject(batch, row, std::move(error));
    gone[row] = true;
  };
  const auto column_of = [&](const Expression& expression) {
    Evaluated evaluated = expression.evaluate(batch);
    for (Evaluated::Failed& failed : evaluated.failed) reject(failed.row, std::move(failed.error));
    return std::move(evaluated.values);
  };
  for (const Expression& key : is_left ? config_.left_key : config_.right_key)
    evaluation.keys.push_back(column_of(key));
  evaluation.times = column_of((is_left ? config_.left_time : config_.right_time).expression());
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    if (evaluation.times.is_null(row))
      reject(row, {Code::missing_value, is_left ? "`left_time` is null" : "`right_time` is null", {}});
    if (!gone[row]) evaluation.rows.push_back(row);
  }
  return evaluation;
}

// Pairs the row with what the other side holds, then keeps it for what is to come.
void Join::take_row(bool is_left, const Batch& batch, std::uint32_t row, std::uint32_t key, std::int64_t time,
                    Context& ctx) {
  JoinSide& mine = is_left ? left_ : right_;
  JoinSide& others = is_left ? right_ : left_;
  if (left_.row_count() + right_.row_count() >= config_.rows.count)
    return ctx.reject(batch, row,
                      {Code::limit_reached,
                       fmt::format("no room for another row; raise `rows` (now {}) or join within less time",
                                   to_text(config_.rows)),
                       {}});
  if (mine.rows_of(key) >= config_.rows_per_key.count)
    return ctx.reject(batch, row,
                      {Code::limit_reached,
                       fmt::format("no room for another row of this key; raise `rows_per_key` (now {})",
                                   to_text(config_.rows_per_key)),
                       {}});
  bool matched = false;
  const std::int64_t from = plus(time, is_left ? -before_ : -after_);
  const std::int64_t to = plus(time, is_left ? after_ : before_);
  others.for_each_between(key, from, to, [&](JoinSide::Entry& other) {
    matched = other.matched = true;
    const Batch& other_rows = others.batch_of(other);
    if (is_left)
      add_pair(batch, row, other_rows, other.row, ctx);
    else
      add_pair(other_rows, other.row, batch, row, ctx);
  });
  hold(is_left, key, time, row, matched);
}

void Join::hold(bool is_left, std::uint32_t key, std::int64_t time, std::uint32_t row, bool matched) {
  (is_left ? left_ : right_).add(key, time, row, matched);
  expiries_.push({plus(time, is_left ? after_ : before_), key, is_left});
}

void Join::add_pair(const Batch& left_rows, std::uint32_t left_row, const Batch& right_rows,
                    std::uint32_t right_row, Context& ctx) {
  std::size_t column = 0;
  for (const Column& from : left_rows.columns()) pairs_.column(column++).append_from(from, left_row);
  for (const Column& from : right_rows.columns()) pairs_.column(column++).append_from(from, right_row);
  if (pairs_.row_count() >= ctx.batch_rows()) send_pairs(ctx);
}

void Join::add_unmatched(const Batch& left_rows, std::uint32_t row, Context& ctx) {
  std::size_t column = 0;
  for (const Column& from : left_rows.columns()) pairs_.column(column++).append_from(from, row);
  while (column < config_.output->size()) pairs_.column(column++).append_null();
  if (pairs_.row_count() >= ctx.batch_rows()) send_pairs(ctx);
}

void Join::drop_until(std::int64_t watermark, Context& ctx) {
  std::uint32_t unmatched = 0;
  while (!expiries_.empty() && expiries_.top().time <= watermark) {
    const Expiry expiry = expiries_.top();
    expiries_.pop();
    JoinSide& side = expiry.is_left ? left_ : right_;
    const std::int64_t until =
        watermark == INT64_MAX ? INT64_MAX : plus(watermark, -(expiry.is_left ? after_ : before_));
    side.drop_until(expiry.key, until, [&](const JoinSide::Entry& entry) {
      if (entry.matched) return;
      if (expiry.is_left && config_.type == JoinType::left)
        add_unmatched(side.batch_of(entry), entry.row, ctx);
      else
        ++unmatched;
    });
  }
  if (unmatched > 0) ctx.drop(unmatched, "unmatched");
  send_pairs(ctx);
}

// The table only grows: it is made anew when most of its keys have no rows.
void Join::forget_dead_keys() {
  if (table_.size() < 1024 || (left_.row_count() + right_.row_count()) * 2 > table_.size()) return;
  KeyTable table(keys_.form());
  std::vector<std::uint32_t> number_of(table_.size(), KeyTable::kNone);
  for (std::uint32_t key = 0; key < table_.size(); ++key)
    if (left_.rows_of(key) + right_.rows_of(key) > 0) number_of[key] = table.find_or_add(table_, key);
  left_.renumber(number_of, table.size());
  right_.renumber(number_of, table.size());
  std::priority_queue<Expiry> expiries;
  for (; !expiries_.empty(); expiries_.pop()) {
    Expiry expiry = expiries_.top();
    expiry.key = number_of[expiry.key];
    if (expiry.key != KeyTable::kNone) expiries.push(expiry);
  }
  expiries_ = std::move(expiries);
  table_ = std::move(table);
}

// Each side: its rows with key number, time, whether they had a partner, and the row as MessagePack.
void Join::save(StateWriter& writer) const {
  StateOut state;
  state.put(watermark_);
  state.put(table_.size());
  for (std::uint32_t key = 0; key < table_.size(); ++key) table_.save(key, state);
  for (const JoinSide* side : {&left_, &right_}) {
    state.put(side->row_count());
    side->for_each([&](std::uint32_t key, const JoinSide::Entry& entry) {
      state.put(key);
      state.put(entry.time);
      state.put(entry.matched);
      state.put_text(to_msgpack(side->batch_of(entry), entry.row));
    });
  }
  writer.write_bytes("rows", state.take());
}

// Keys get new numbers: this may be one of several states, of which only a share is kept.
Status Join::load(StateReader& reader) {
  LEAT_TRY_ASSIGN(StateIn state, read_part(reader, "rows"));
  watermark_ = std::max(watermark_, state.get<std::int64_t>());
  KeyTable keys(keys_.form());
  for (std::uint32_t left_keys = state.get_count(sizeof(std::uint64_t)); left_keys > 0; --left_keys)
    keys.load(state);
  const KeyShare* share = reader.share();
  const std::vector<bool> ours =
      share == nullptr ? std::vector<bool>(keys.size(), true) : keys_of(*share, keys, keys_);
  for (const bool is_left : {true, false}) LEAT_TRY(load_side(is_left, keys, ours, state));
  return check_complete(state, "rows");
}

Status Join::load_side(bool is_left, const KeyTable& keys, const std::vector<bool>& ours, StateIn& state) {
  JoinSide& side = is_left ? left_ : right_;
  BatchBuilder rows(is_left ? config_.left : config_.right);
  struct Held {
    std::uint32_t key;
    std::int64_t time;
    bool matched;
  };
  std::vector<Held> held;
  for (std::uint32_t count = state.get_count(sizeof(std::uint64_t)); count > 0 && state.ok(); --count) {
    Held one{state.get<std::uint32_t>(), state.get<std::int64_t>(), state.get<bool>()};
    const std::string_view row = state.get_text();
    if (one.key >= keys.size()) {
      state.fail();
      break;
    }
    if (!ours[one.key]) continue;
    LEAT_TRY(read_msgpack(row, rows));
    one.key = table_.find_or_add(keys, one.key);
    held.push_back(one);
  }
  side.begin_batch(rows.finish());
  for (std::uint32_t row = 0; row < held.size() && state.ok(); ++row)
    hold(is_left, held[row].key, held[row].time, row, held[row].matched);
  return {};
}

}  // namespace

void register_join(Registry& registry) {
  registry.add<Join>();
}

}  // namespace leat
