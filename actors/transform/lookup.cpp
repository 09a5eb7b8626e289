#include "transform/lookup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/codec.hpp>
#include <leat/context.hpp>
#include <leat/state.hpp>

#include "transform/lookup_options.hpp"
#include "transform/option_values.hpp"
#include "transform/row_choice.hpp"
#include "transform/snapshot.hpp"

namespace leat {
namespace {

/// Adds the columns of a table's row to each row that has its key. The table is a file, read at the start and
/// again on the blocking pool when it has changed, or the newest rows of a stream. Holds at most `rows_max`
/// rows of the table; for a file, twice that while a new one is read.
class Lookup final : public Actor {
 public:
  using Config = LookupConfig;
  static constexpr KindInfo kind{.name = "lookup",
                                 .doc = "Adds columns of a table, from a file or a stream, by key.",
                                 .example =
                                     "table: { path: languages.csv, schema: input, key: id }\n"
                                     "key: language\nselect: [title]\nprefix: language_\non_missing: null",
                                 .rescales = true};
  static constexpr Port in{0, "in", "Rows to look up."};
  static constexpr Port table{1, "table",
                              "Rows of the table, when it is a stream: the newest of a key counts."};
  static constexpr Port out{0, "out", "The rows with the table's columns."};
  static constexpr auto inputs = ports(in, table);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return lookup_fields(); }
  static void describe(Config& config, Describe& describe) {
    if (!check_lookup(config, describe.input(in.index), describe.input(table.index), describe)) return;
    describe.output(out, config.output);
    if (config.file) return;
    // Instances each have a file's whole table, but of a stream's only their keys.
    Expression table_key(config.table->key.text, config.table->key.place);
    if (!describe.bind(table_key, describe.input(table.index))) return;
    describe.partition_by(in.index, {config.key});
    describe.partition_by(table.index, {std::move(table_key)});
  }

  explicit Lookup(Config config)
      : config_(std::move(config)), stream_(config_.table->rows_max.count), added_(config_.added) {}

  Status on_start(Context& ctx) override;
  Status on_batch(const Port& port, const Batch& batch, Context& ctx) override {
    port.index == table.index ? take_table_rows(batch, ctx) : look_up(batch, ctx);
    return {};
  }
  Status on_timer(Timer, Context& ctx) override;
  void save(StateWriter& state) const override;
  Status load(StateReader& state) override;

 private:
  static constexpr Timer kReload{0};

  void take_saved(std::span<const std::string_view> keys, const Batch& rows, const KeyShare* share);

  const LookupTable& rows() const { return file_ ? *file_ : stream_; }
  void look_at_file_later(Context& ctx) {
    if (config_.table->reload.count() > 0) ctx.start_timer(kReload, config_.table->reload);
  }
  void use_file(Context& ctx);
  void tell_failure(Error error, Context& ctx);
  void take_table_rows(const Batch& batch, Context& ctx);
  void look_up(const Batch& batch, Context& ctx);
  Error missing(const Column& keys, std::uint32_t row) const;
  Batch gather();

  Config config_;
  std::shared_ptr<const LookupTable> file_;  // the table, when it is a file
  LookupTable stream_;                       // the table, when it is a stream
  std::uint64_t failures_ = 0;
  BatchBuilder added_;
  std::string key_;
  // Of the batch at hand: the rows that go on, and what they found; a null pointer when it was nothing.
  RowChoice found_;
  std::vector<const RowStore::At*> hits_;
  std::vector<std::uint32_t> hit_rows_;
};

// Nothing flows yet, so this one read may take its time here.
Status Lookup::on_start(Context& ctx) {
  if (!config_.file) return {};
  Status read = config_.file->refresh();
  if (!read && !config_.file->table()) return read;
  if (!read) tell_failure(std::move(read).error(), ctx);
  use_file(ctx);
  look_at_file_later(ctx);
  return {};
}

Status Lookup::on_timer(Timer, Context& ctx) {
  ctx.offload([file = config_.file] { return file->refresh(); },
              [this](Status read, Context& then) -> Status {
                if (!read)
                  tell_failure(std::move(read).error(), then);
                else if (config_.file->table() != file_)
                  use_file(then);
                look_at_file_later(then);
                return {};
              });
  return {};
}

void Lookup::use_file(Context& ctx) {
  const bool again = file_ != nullptr;
  file_ = config_.file->table();
  ctx.log(LogLevel::info, fmt::format("table {} {}: {} rows", config_.table->path->text,
                                      again ? "reloaded" : "loaded", file_->size()));
  if (file_->replaced() > 0)
    ctx.log(LogLevel::warning,
            fmt::format("{} rows of {} have a `{}` that comes again further down; the last row counts",
                        file_->replaced(), config_.table->path->text, config_.table->key.text));
}

// The file is input that never became rows: counted, and told on `errors`, like a malformed line.
void Lookup::tell_failure(Error error, Context& ctx) {
  ++failures_;
  error.message = fmt::format("table not reloaded (failure {}), the one before stays in use: {}", failures_,
                              error.message);
  ctx.log(LogLevel::error, error.text());
  ctx.reject(config_.table->path->text, std::move(error));
}

void Lookup::take_table_rows(const Batch& batch, Context& ctx) {
  std::vector<Column> columns;
  for (const std::size_t column : config_.table_columns) columns.push_back(batch.column(column));
  stream_.begin(Batch(config_.kept, columns, batch.row_count()));
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    key_.clear();
    append_key(batch.column(config_.table_key), row, key_);
    if (!stream_.put(key_, row))
      ctx.reject(batch, row,
                 {Code::limit_reached,
                  fmt::format("the table has {} keys already; raise `table.rows_max`",
                              config_.table->rows_max.count),
                  {}});
  }
  stream_.end();
}

void Lookup::look_up(const Batch& batch, Context& ctx) {
  OptionValues keys(config_.key, "key", batch);
  found_.clear();
  hits_.clear();
  std::uint64_t dropped = 0;
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    if (auto failure = keys.failure(row)) {
      ctx.reject(batch, row, std::move(*failure));
      continue;
    }
    key_.clear();
    append_key(keys.column(), row, key_);
    const RowStore::At* hit = rows().find(key_);
    if (hit == nullptr && config_.on_missing == OnMissing::error) {
      ctx.reject(batch, row, missing(keys.column(), row));
    } else if (hit == nullptr && config_.on_missing == OnMissing::drop) {
      ++dropped;
    } else {
      found_.add(row);
      hits_.push_back(hit);
    }
  }
  if (dropped > 0) ctx.drop(dropped, "missing");
  if (hits_.empty()) return;
  const Batch kept = found_.of(batch);
  const Batch added = gather();
  std::vector<Column> columns(kept.columns().begin(), kept.columns().end());
  columns.insert(columns.end(), added.columns().begin(), added.columns().end());
  ctx.emit(out, Batch(config_.output, columns, kept.row_count()).with_entered(batch.entered()));
}

Error Lookup::missing(const Column& keys, std::uint32_t row) const {
  const Batch key(Schema::make({{"key", keys.type(), true}}), std::span(&keys, 1), keys.row_count());
  std::string shown;
  write_json(key, row, shown);  // {"key":...}
  constexpr std::size_t kName = std::string_view("{\"key\":").size();
  return {Code::missing_value,
          fmt::format("the table has no row whose `{}` is {}", config_.table->key.text,
                      std::string_view(shown).substr(kName, shown.size() - kName - 1)),
          {}};
}

// The added columns of all hits; a copy of whole columns when they lie in one batch, as in a small table.
Batch Lookup::gather() {
  const bool together =
      std::ranges::all_of(hits_, [&](const RowStore::At* hit) { return hit && hit->slot == hits_[0]->slot; });
  if (together) {
    hit_rows_.clear();
    for (const RowStore::At* hit : hits_) hit_rows_.push_back(hit->row);
    return rows().batch(*hits_[0]).take(hit_rows_);
  }
  for (const RowStore::At* hit : hits_)
    for (std::size_t column = 0; column < config_.added->size(); ++column)
      if (hit == nullptr)
        added_.column(column).append_null();
      else
        added_.column(column).append_from(rows().batch(*hit).column(column), hit->row);
  return added_.finish();
}

// A file is read again; a stream's rows are not to be had again.
void Lookup::save(StateWriter& state) const {
  SnapshotWriter snapshot;
  snapshot.put_count(stream_.size());
  stream_.visit([&](const std::string& key, const Batch& batch, std::uint32_t row) {
    snapshot.put_text(key);
    snapshot.put_row(batch, row);
  });
  state.write_bytes("table", snapshot.take());
}

void Lookup::take_saved(std::span<const std::string_view> keys, const Batch& rows, const KeyShare* share) {
  const std::vector<bool> ours =
      share == nullptr ? std::vector<bool>(keys.size(), true) : keys_of(*share, keys, config_.key.type());
  stream_.begin(rows);
  for (std::uint32_t row = 0; row < keys.size(); ++row)
    if (ours[row] && !stream_.put(keys[row], row)) break;  // `rows_max` was lowered
  stream_.end();
}

Status Lookup::load(StateReader& state) {
  const std::string* bytes = state.bytes("table");
  if (bytes == nullptr) return fail(Code::missing_value, "the state has no part `table`");
  SnapshotReader snapshot(*bytes);
  BatchBuilder rows(config_.kept);
  const std::uint64_t count = snapshot.get_count(16);
  std::vector<std::string_view> keys;
  for (std::uint64_t at = 0; at < count; ++at) {
    keys.push_back(snapshot.get_text());
    snapshot.get_row(rows);
    if (at + 1 < count && keys.size() < Batch::kRowsMax / 64) continue;
    if (rows.row_count() != keys.size()) break;  // damaged: `finish` says so
    take_saved(keys, rows.finish(), state.share());
    keys.clear();
  }
  return snapshot.finish("table");
}

}  // namespace

void register_lookup(Registry& registry) {
  registry.add<Lookup>();
}

}  // namespace leat
