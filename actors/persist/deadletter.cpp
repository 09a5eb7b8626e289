#include "persist/deadletter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <leat/codec.hpp>
#include <leat/context.hpp>
#include <leat/state.hpp>

#include "persist/dead_letter_store.hpp"

namespace leat {
namespace {

/// The columns of an `errors` port, in their order.
enum ErrorColumn : std::size_t { kActor, kCode, kMessage, kPlace, kAttempt, kTime, kRecord, kErrorColumns };

struct DeadLetterConfig {
  WrittenPath path;
  std::optional<Expression> id;
  Named<SchemaPtr> redrive;
  Duration poll = std::chrono::seconds(1);
  Duration keep_redriven = std::chrono::hours(1);
  Rows rows_max{1'000'000};
  Bytes bytes_max{1ull << 30};
  bool sync = false;

  std::vector<std::uint8_t> redrive_ports;  ///< of `redrive`, in order: describe finds them
};

/// Keeps the rows of `errors` ports in a file that `leat dlq` reads and changes meanwhile, and sends those
/// that were asked for back, each by the port called after its actor. Writes each batch in one transaction,
/// so it holds no rows; one batch of redriven rows per `poll`.
class PersistDeadLetter final : public Actor {
 public:
  using Config = DeadLetterConfig;
  static constexpr KindInfo kind{"persist.deadletter",
                                 "Keeps the rows of `errors` ports, for `leat dlq` to look at and send back.",
                                 "inputs: [feed.errors]\npath: var/dead.letters\nredrive: { priced: input }",
                                 true, Delivery::at_least_once};
  static constexpr Port in{0, "in", "Rows of `errors` ports."};
  static constexpr auto inputs = ports(in);
  static constexpr std::array<Port, 0> outputs{};
  static Fields<Config> fields();
  static void describe(Config& config, Describe& describe);

  explicit PersistDeadLetter(Config config) : config_(std::move(config)) {}

  Status on_start(Context& ctx) override;
  Status on_batch(const Port&, const Batch& batch, Context& ctx) override;
  Status on_timer(Timer, Context& ctx) override;
  Status on_barrier(Context&) override { return store_->flush(); }
  void save(StateWriter& state) const override {
    state.write("last_id", mark_.last_id);
    state.write("moment", mark_.moment);
  }
  Status load(StateReader& state) override {
    LEAT_TRY(state.read("last_id", mark_.last_id));
    LEAT_TRY(state.read("moment", mark_.moment));
    go_back_ = true;
    return {};
  }

 private:
  static constexpr Timer kPoll{0};

  Status redrive(std::size_t target, Context& ctx);

  Config config_;
  std::optional<DeadLetterStore> store_;
  DeadLetterStore::Mark mark_;  // everything that was done here
  bool go_back_ = false;
};

Fields<DeadLetterConfig> PersistDeadLetter::fields() {
  using C = DeadLetterConfig;
  return {
      required("path", &C::path, "The file of the letters; it and its folder are made when missing.")
          .example("var/dead.letters"),
      optional("id", &C::id,
               "What tells records of one actor apart, for example `string(record.id)`: a record that fails "
               "twice is "
               "one letter. Left out, null or failing: each failure is a letter of its own.")
          .returns(Type::string),
      optional("redrive", &C::redrive,
               "Whose letters can go back: actor, and the schema of what it reads. Each gets an output port "
               "of the "
               "actor's name, which a link with `feedback: true` leads back.")
          .example("{ priced: order }"),
      optional("poll", &C::poll, "How often to look for letters that `leat dlq redrive` asked for."),
      optional("keep_redriven", &C::keep_redriven,
               "How long a letter that went back is remembered, to know it when it fails again."),
      optional("rows_max", &C::rows_max,
               "Most letters. One more stops the topology, and nothing of its batch is lost."),
      optional("bytes_max", &C::bytes_max, "Most bytes of all letters; likewise."),
      optional(
          "sync", &C::sync,
          "true: every batch is on the disk before it counts as stored. false: it survives the end of this "
          "process, but not a loss of power."),
  };
}

bool is_errors_schema(const Schema& schema) {
  const std::pair<const char*, Type> fields[] = {
      {"actor", Type::string},  {"code", Type::string},    {"message", Type::string}, {"place", Type::string},
      {"attempt", Type::int64}, {"time", Type::timestamp}, {"record", Type::any}};
  static_assert(std::size(fields) == kErrorColumns);
  for (std::size_t at = 0; at < kErrorColumns; ++at)
    if (at >= schema.size() || schema[at].name != fields[at].first || schema[at].type != fields[at].second)
      return false;
  return schema.size() == kErrorColumns;
}

void PersistDeadLetter::describe(Config& config, Describe& describe) {
  describe.partition_by(in.index, {});  // one file, one writer
  if (!is_errors_schema(*describe.input()))
    describe.problem(Code::schema_mismatch, describe.place_of("inputs"),
                     "only `errors` ports can be read: " + describe.input()->text() + " is no row of one", {},
                     "write `inputs: [NAME.errors]`");
  config.redrive_ports.clear();
  for (const auto& [actor, schema] : config.redrive)
    if (schema)
      config.redrive_ports.push_back(
          describe.add_output(actor, schema, describe.place_of("redrive." + actor)));
}

Status PersistDeadLetter::on_start(Context& ctx) {
  const std::filesystem::path path(config_.path.text);
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return fail(Code::storage_failed, error.message(), path.parent_path().string());
  LEAT_TRY_ASSIGN(store_, DeadLetterStore::create({.path = config_.path.text,
                                                   .sync = config_.sync,
                                                   .rows_max = config_.rows_max.count,
                                                   .bytes_max = config_.bytes_max.count}));
  if (go_back_) LEAT_TRY(store_->go_back(mark_));
  LEAT_TRY_ASSIGN(mark_, store_->mark());
  std::vector<std::string> takers;
  for (const auto& [actor, schema] : config_.redrive) takers.push_back(actor);
  LEAT_TRY(store_->set_takers(takers));
  ctx.start_timer(kPoll, Duration(0));
  return {};
}

Status PersistDeadLetter::on_batch(const Port&, const Batch& batch, Context&) {
  std::optional<Evaluated> ids;
  if (config_.id) ids = config_.id->evaluate(batch);
  std::size_t failed = 0;
  std::vector<DeadLetter> letters(batch.row_count());
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    DeadLetter& letter = letters[row];
    letter.actor = batch.column(kActor).text(row);
    letter.code = batch.column(kCode).text(row);
    letter.message = batch.column(kMessage).text(row);
    if (!batch.column(kPlace).is_null(row)) letter.place = batch.column(kPlace).text(row);
    letter.attempt = batch.column(kAttempt).int64(row);
    letter.time = Time(Duration(batch.column(kTime).int64(row)));
    letter.record = batch.column(kRecord).text(row);
    if (!ids) continue;
    if (failed < ids->failed.size() && ids->failed[failed].row == row)
      ++failed;  // a malformed line has no id, and is a letter all the same
    else if (!ids->values.is_null(row))
      letter.key = ids->values.text(row);
  }
  LEAT_TRY(store_->add(letters));
  LEAT_TRY_ASSIGN(mark_, store_->mark());
  return {};
}

Status PersistDeadLetter::on_timer(Timer, Context& ctx) {
  for (std::size_t target = 0; target < config_.redrive_ports.size(); ++target)
    LEAT_TRY(redrive(target, ctx));
  LEAT_TRY(store_->forget_redriven(ctx.now() - config_.keep_redriven));
  ctx.start_timer(kPoll, config_.poll);
  return {};
}

Status PersistDeadLetter::redrive(std::size_t target, Context& ctx) {
  const auto& [actor, schema] = config_.redrive[target];
  LEAT_TRY_ASSIGN(const std::vector<DeadLetter> letters,
                  store_->take_asked(actor, ctx.batch_rows(), ctx.now()));
  if (letters.empty()) return {};
  LEAT_TRY_ASSIGN(mark_, store_->mark());
  BatchBuilder rows(schema);
  for (const DeadLetter& letter : letters) {
    const Status read = read_msgpack(letter.record, rows);
    if (read) continue;
    ctx.log(LogLevel::warning,
            fmt::format("letter {} of {} can't be redriven: {}", letter.id, actor, read.error().message));
    LEAT_TRY(store_->put_back(letter.id, "can't be redriven: " + read.error().message));
  }
  ctx.log(LogLevel::info, fmt::format("letters of {} redriven: {}", actor, rows.row_count()));
  if (!rows.empty()) ctx.emit(Port{config_.redrive_ports[target], actor}, rows.finish());
  return {};
}

}  // namespace

void register_persist_deadletter(Registry& registry) {
  registry.add<PersistDeadLetter>();
}

}  // namespace leat
