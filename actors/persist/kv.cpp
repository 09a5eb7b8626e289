#include "persist/kv.hpp"

#include <fmt/format.h>

#include <leat/codec.hpp>
#include <leat/context.hpp>
#include <leat/state.hpp>
#include <unordered_map>
#include <unordered_set>

#include "persist/kv_store.hpp"

namespace leat {
namespace {

/// What happens to a row that its key holds already.
enum class Unchanged : std::uint8_t { drop, send };

struct PersistKvConfig {
  WrittenPath path;
  Expression key;
  std::string version;
  Unchanged unchanged = Unchanged::drop;
  bool sync = false;
  Bytes write_buffer{8u << 20};
  Bytes block_cache{8u << 20};
  std::shared_ptr<SharedKvStore> store;  ///< made by describe, shared by the instances
};

/// Keeps the newest row of every key in RocksDB, as a MessagePack map under the key's text. One atomic write
/// per batch; what it changed comes out of `changes` after it. Holds one batch of encoded rows and the keys
/// written since the last checkpoint: the store keeps what these held, so that a failure takes the writes
/// back and each change comes out once. Instances share the store; each key must go to one of them (`route:
/// key`), or two may both call a row new. With `version` the greatest version of a key wins, whatever comes
/// last.
class PersistKv final : public Actor {
 public:
  using Config = PersistKvConfig;
  static constexpr KindInfo kind{"persist.kv", "Stores the newest row of every key in RocksDB.",
                                 "path: var/news\nkey: id\n", true};
  static constexpr Port in{0, "in", "Rows to store."};
  static constexpr Port changes{
      0, "changes",
      "Rows that were new or different, after the write, with a column `change`: inserted "
      "or updated (or unchanged)."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(changes);
  static Fields<Config> fields();
  static void describe(Config& config, Describe& describe);

  explicit PersistKv(Config config) : config_(std::move(config)) {}

  Status on_start(Context& ctx) override {
    LEAT_TRY_ASSIGN(store_, config_.store->open());
    find_version(*ctx.output_schema(changes));
    recoverable_ = ctx.delivery() != Delivery::best_effort;
    writer_ = ctx.instance();
    return recoverable_ ? store_->undo(writer_, segment_) : Status();
  }
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override;
  Status on_end(Context&) override { return store_->flush(); }
  Status on_barrier(Context&) override {
    written_.clear();
    return store_->seal(writer_, ++segment_);
  }
  void save(StateWriter& state) const override {
    state.write("segment", static_cast<std::int64_t>(segment_));
  }
  Status load(StateReader& state) override {
    std::int64_t segment = 0;
    LEAT_TRY(state.read("segment", segment));
    segment_ = static_cast<std::uint64_t>(segment);
    return {};
  }
  Status on_commit(Context&) override { return store_->settle(writer_, segment_); }

 private:
  /// What one batch asks of the store. Rows that cannot be stored are rejected and have no place in it.
  struct Work {
    std::vector<std::uint32_t> rows;  // of the batch, ascending
    std::vector<std::string> keys;    // of these rows
    std::vector<std::string_view> distinct;
    std::vector<std::size_t> distinct_of;  // per row, its key's position in `distinct`
  };
  Work plan(const Batch& batch, Context& ctx) const;
  std::optional<std::int64_t> stored_version(const std::optional<std::string>& value);
  void find_version(const Schema& schema) {
    if (config_.version.empty()) return;
    version_ = schema.index_of(config_.version);
    version_rows_.emplace(Schema::make({{config_.version, schema[*version_].type, true}}));
  }
  Status emit_changes(const Batch& batch, std::vector<std::uint32_t> rows, BatchBuilder& change,
                      Context& ctx);

  Config config_;
  std::optional<std::size_t> version_;        // its column
  std::optional<BatchBuilder> version_rows_;  // reads it from what is stored
  std::shared_ptr<KvStore> store_;
  bool recoverable_ = false;
  std::uint32_t writer_ = 0;
  std::uint64_t segment_ = 0;                // of writes, between two checkpoints
  std::unordered_set<std::string> written_;  // keys, in this segment
};

SchemaPtr change_schema() {
  return Schema::make({{"change", Type::string, false}});
}

/// Appends the key's text; false for a type that cannot be one.
bool append_key(const Column& column, std::uint32_t row, std::string& out) {
  switch (column.type()) {
    case Type::string:
    case Type::bytes:
      out.append(column.text(row));
      return true;
    case Type::int64:
      out += std::to_string(column.int64(row));
      return true;
    case Type::timestamp:
      out += to_text(Time(Duration(column.int64(row))));
      return true;
    case Type::boolean:
      out += column.boolean(row) ? "true" : "false";
      return true;
    default:
      return false;
  }
}

bool can_be_key(Type type) {
  return type == Type::string || type == Type::bytes || type == Type::int64 || type == Type::timestamp ||
         type == Type::boolean;
}

Fields<PersistKvConfig> PersistKv::fields() {
  using C = PersistKvConfig;
  return {
      required("path", &C::path, "Folder of the store; made when it is missing.").example("var/news"),
      required(
          "key", &C::key,
          "What a row is stored under: string, bytes, int64, timestamp or bool. A row whose key is null or "
          "empty goes to `errors`."),
      optional(
          "version", &C::version,
          "A field, int64 or timestamp: a row with a lower one than what is stored under its key is "
          "dropped (and counted, `older`). A row without goes to `errors`. Empty: the row that comes last "
          "is the newest.")
          .example("updated_at"),
      choice("unchanged", &C::unchanged, {{"drop", Unchanged::drop}, {"send", Unchanged::send}},
             "Rows equal to what is stored: drop (and count), or send with `change` = unchanged."),
      optional(
          "sync", &C::sync,
          "true: every batch is on the disk before it counts as stored. false: it survives the end of this "
          "process, but not a loss of power."),
      optional("write_buffer", &C::write_buffer, "Memory for new rows; two of these may be held."),
      optional("block_cache", &C::block_cache, "Memory for what is read again.")};
}

void describe_version(const PersistKvConfig& config, Describe& describe) {
  if (config.version.empty()) return;
  const Schema& schema = *describe.input();
  const auto column = schema.index_of(config.version);
  std::vector<std::string> names;
  for (const Field& field : schema.fields()) names.push_back(field.name);
  if (!column)
    return describe.problem(Code::unknown_field, describe.place_of("version"),
                            fmt::format("no field named `{}`", config.version),
                            suggest(config.version, names), "fields: " + schema.text());
  const Type type = schema[*column].type;
  if (type != Type::int64 && type != Type::timestamp)
    describe.problem(Code::type_mismatch, describe.place_of("version"),
                     fmt::format("a version cannot be {}; int64 and timestamp can", to_text(type)));
}

void PersistKv::describe(Config& config, Describe& describe) {
  if (config.key.bound() && !can_be_key(config.key.type()))
    describe.problem(Code::type_mismatch, describe.place_of("key"),
                     fmt::format("a key cannot be {}; string, bytes, int64, timestamp and bool can",
                                 to_text(config.key.type())));
  describe_version(config, describe);
  std::vector<Field> fields = describe.input()->fields();
  if (describe.input()->index_of("change")) {
    describe.problem(
        Code::bad_name, describe.place_of("inputs"),
        "the input has a field `change`, which is the name of the column that `changes` adds; rename it "
        "before");
    return;
  }
  fields.push_back({"change", Type::string, false});
  describe.output(changes, Schema::make(std::move(fields)));
  config.store = std::make_shared<SharedKvStore>(KvOptions{.path = config.path.text,
                                                           .sync = config.sync,
                                                           .write_buffer = config.write_buffer,
                                                           .block_cache = config.block_cache});
}

PersistKv::Work PersistKv::plan(const Batch& batch, Context& ctx) const {
  Evaluated keys = config_.key.evaluate(batch);
  Work work;
  work.rows.reserve(batch.row_count());
  work.keys.reserve(batch.row_count());  // so that the views of them stay valid
  std::unordered_map<std::string_view, std::size_t> positions;
  std::size_t failed = 0;
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    if (failed < keys.failed.size() && keys.failed[failed].row == row) {
      ctx.reject(batch, row, std::move(keys.failed[failed++].error));
      continue;
    }
    std::string key;
    if (keys.values.is_null(row) || !append_key(keys.values, row, key) || key.empty()) {
      ctx.reject(
          batch, row,
          Error{Code::missing_value, fmt::format("the key `{}` is null or empty", config_.key.text()), {}});
      continue;
    }
    if (version_ && batch.column(*version_).is_null(row)) {
      ctx.reject(batch, row,
                 Error{Code::missing_value, fmt::format("the version `{}` is null", config_.version), {}});
      continue;
    }
    work.rows.push_back(row);
    const std::string_view view = work.keys.emplace_back(std::move(key));
    const auto [at, added] = positions.emplace(view, work.distinct.size());
    if (added) work.distinct.push_back(view);
    work.distinct_of.push_back(at->second);
  }
  return work;
}

/// Nothing for a row that has none: it was stored by another topology, and anything is newer.
std::optional<std::int64_t> PersistKv::stored_version(const std::optional<std::string>& value) {
  if (!value || !version_ || !read_msgpack(*value, *version_rows_)) return std::nullopt;
  const Batch row = version_rows_->finish();
  if (row.column(std::size_t{0}).is_null(0)) return std::nullopt;
  return row.column(std::size_t{0}).int64(0);
}

Status PersistKv::on_batch(const Port&, const Batch& batch, Context& ctx) {
  const Work work = plan(batch, ctx);
  if (work.rows.empty()) return {};
  // `newest` holds the value each key has at the row being looked at, so that the second of two rows with one
  // key is compared with the first.
  LEAT_TRY_ASSIGN(auto newest, store_->get(work.distinct));
  const auto held = recoverable_ ? newest : decltype(newest)();
  std::vector<std::optional<std::int64_t>> versions(newest.size());
  for (std::size_t key = 0; version_ && key < newest.size(); ++key)
    versions[key] = stored_version(newest[key]);
  std::uint64_t older = 0;
  std::vector<std::uint32_t> sent;
  std::vector<bool> is_changed(work.distinct.size());
  BatchBuilder change(change_schema());
  for (std::size_t at = 0; at < work.rows.size(); ++at) {
    const std::size_t key = work.distinct_of[at];
    if (version_) {
      const std::int64_t version = batch.column(*version_).int64(work.rows[at]);
      if (versions[key] && version < *versions[key]) {
        ++older;
        continue;
      }
      versions[key] = version;
    }
    std::string value = to_msgpack(batch, work.rows[at]);
    const bool same = newest[key] == value;
    if (same && config_.unchanged == Unchanged::drop) continue;
    change.add(same ? "unchanged" : newest[key] ? "updated" : "inserted");
    sent.push_back(work.rows[at]);
    if (same) continue;
    newest[key] = std::move(value);
    is_changed[key] = true;
  }
  std::vector<KvStore::Entry> entries;
  std::vector<KvStore::Before> before;
  for (std::size_t key = 0; key < work.distinct.size(); ++key) {
    if (!is_changed[key]) continue;
    entries.push_back({work.distinct[key], *newest[key]});
    if (recoverable_ && written_.emplace(work.distinct[key]).second)
      before.push_back({work.distinct[key], held[key] ? &*held[key] : nullptr});
  }
  if (!entries.empty()) LEAT_TRY(store_->put(entries, writer_, segment_, before));
  if (older > 0) ctx.drop(older, "older");
  if (sent.size() + older < work.rows.size()) ctx.drop(work.rows.size() - sent.size() - older, "unchanged");
  return emit_changes(batch, std::move(sent), change, ctx);
}

Status PersistKv::emit_changes(const Batch& batch, std::vector<std::uint32_t> rows, BatchBuilder& change,
                               Context& ctx) {
  if (rows.empty()) return {};
  const Batch kept = rows.size() == batch.row_count() ? batch : batch.take(rows);
  std::vector<Column> columns(kept.columns().begin(), kept.columns().end());
  columns.push_back(change.finish().column(0));
  ctx.emit(changes,
           Batch(ctx.output_schema(changes), columns, kept.row_count()).with_entered(batch.entered()));
  return {};
}

}  // namespace

void register_persist_kv(Registry& registry) {
  registry.add<PersistKv>();
}

}  // namespace leat
