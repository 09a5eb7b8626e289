#include "persist/dead_letter_store.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <leat/units.hpp>

namespace leat {
namespace {

constexpr std::int64_t kApplication = 0x4c646c71;  // "Ldlq": which program the file belongs to
constexpr std::int64_t kVersion = 1;
constexpr int kPurgedAtOnce = 5000;  // so that the actor waits for no more than that

// `moment` counts what the actor did to letters that were there: `taken` and `returned` say when it did that.
constexpr const char* kSchema = R"(
create table letters(
  id integer primary key autoincrement,
  actor text not null, code text not null, message text not null, place text,
  attempt integer not null, time integer not null, record blob not null, key text,
  state text not null default 'waiting', note text, bytes integer not null,
  moved integer not null default 0, taken integer not null default 0, returned integer not null default 0);
create index letters_of on letters(actor, code, time, state);
create unique index letters_key on letters(actor, key) where key is not null;
create index letters_asked on letters(actor, id) where state = 'asked';
create index letters_redriven on letters(actor, record) where state = 'redriven';
create table takers(actor text primary key);
create table store(letters integer not null, bytes integer not null, moment integer not null);
insert into store values (0, 0, 0);
create trigger letters_in after insert on letters begin
  update store set letters = letters + 1, bytes = bytes + new.bytes; end;
create trigger letters_out after delete on letters begin
  update store set letters = letters - 1, bytes = bytes - old.bytes; end;
create trigger letters_changed after update of bytes on letters begin
  update store set bytes = bytes + new.bytes - old.bytes; end;
)";

constexpr const char* kColumns = "id, actor, code, message, place, attempt, time, record, key, state, note";

std::int64_t micros(Time time) {
  return time.time_since_epoch().count();
}

Time time_of(std::int64_t micros) {
  return Time(Duration(micros));
}

std::int64_t bytes_of(const DeadLetter& letter) {
  return static_cast<std::int64_t>(letter.record.size() + letter.message.size() + letter.actor.size() +
                                   letter.code.size() + (letter.place ? letter.place->size() : 0) +
                                   (letter.key ? letter.key->size() : 0));
}

/// The condition, to be followed by `bind_filter`.
std::string where(const LetterFilter& filter) {
  std::string text = " where true";
  if (!filter.ids.empty()) text += fmt::format(" and id in ({})", fmt::join(filter.ids, ","));
  if (filter.last_id) text += fmt::format(" and id <= {}", *filter.last_id);
  if (filter.actor) text += " and actor = ?";
  if (filter.code) text += " and code = ?";
  if (filter.since) text += fmt::format(" and time >= {}", micros(*filter.since));
  if (filter.before) text += fmt::format(" and time < {}", micros(*filter.before));
  if (filter.state) text += fmt::format(" and state = '{}'", to_text(*filter.state));
  return text;
}

void bind_filter(const LetterFilter& filter, SqlStatement& statement) {
  if (filter.actor) statement.bind(std::string_view(*filter.actor));
  if (filter.code) statement.bind(std::string_view(*filter.code));
}

DeadLetter letter_of(const SqlStatement& row) {
  return {.id = row.number(0),
          .actor = row.text(1),
          .code = row.text(2),
          .message = row.text(3),
          .place = row.optional_text(4),
          .attempt = row.number(5),
          .time = time_of(row.number(6)),
          .record = row.text(7),
          .key = row.optional_text(8),
          .state = letter_state(row.text(9)).value_or(LetterState::waiting),
          .note = row.optional_text(10)};
}

}  // namespace

std::string_view to_text(LetterState state) {
  return state == LetterState::asked ? "asked" : state == LetterState::redriven ? "redriven" : "waiting";
}

std::optional<LetterState> letter_state(std::string_view text) {
  for (const LetterState state : {LetterState::waiting, LetterState::asked, LetterState::redriven})
    if (to_text(state) == text) return state;
  return std::nullopt;
}

Result<DeadLetterStore> DeadLetterStore::create(const DeadLetterOptions& options) {
  LEAT_TRY_ASSIGN(SqlConnection connection, SqlConnection::open(options.path, {.create = true}));
  DeadLetterStore store(std::move(connection));
  store.options_ = options;
  LEAT_TRY_ASSIGN(const std::int64_t tables,
                  SqlStatement(store.connection_, "select count(*) from sqlite_master").value());
  LEAT_TRY(store.connection_.run(fmt::format("pragma synchronous = {}", options.sync ? "full" : "normal")));
  if (tables > 0) {
    LEAT_TRY(store.check_version());
    return store;
  }
  LEAT_TRY(store.connection_.run("pragma auto_vacuum = incremental; pragma journal_mode = wal"));
  SqlTransaction transaction(store.connection_);
  LEAT_TRY(transaction.begun());
  LEAT_TRY(store.connection_.run(fmt::format("{} pragma application_id = {}; pragma user_version = {}",
                                             kSchema, kApplication, kVersion)));
  LEAT_TRY(transaction.commit());
  return store;
}

Result<DeadLetterStore> DeadLetterStore::open(const std::string& path, Access access) {
  if (::access(path.c_str(), F_OK) != 0)
    return fail(Code::input_missing, "there is no such store of dead letters", path);
  LEAT_TRY_ASSIGN(SqlConnection connection, SqlConnection::open(path, {.read_only = access == Access::read}));
  DeadLetterStore store(std::move(connection));
  LEAT_TRY(store.check_version());
  return store;
}

Status DeadLetterStore::check_version() {
  LEAT_TRY_ASSIGN(const std::int64_t application, SqlStatement(connection_, "pragma application_id").value());
  if (application != kApplication)
    return fail(Code::storage_failed, "this file is no store of dead letters", connection_.path());
  LEAT_TRY_ASSIGN(const std::int64_t version, SqlStatement(connection_, "pragma user_version").value());
  if (version != kVersion)
    return fail(Code::storage_failed,
                fmt::format("this store has version {}, and this Leat knows version {}", version, kVersion),
                connection_.path());
  return {};
}

Result<std::int64_t> DeadLetterStore::next_moment() {
  return SqlStatement(connection_, "update store set moment = moment + 1 returning moment").value();
}

Status DeadLetterStore::add(std::span<const DeadLetter> letters) {
  SqlTransaction transaction(connection_);
  LEAT_TRY(transaction.begun());
  bool inserted = false;
  for (const DeadLetter& letter : letters) {
    LEAT_TRY_ASSIGN(const bool known, add_to_known(letter));
    if (known) continue;
    LEAT_TRY(insert(letter));
    inserted = true;
  }
  if (inserted) LEAT_TRY(check_room());
  return transaction.commit();
}

// Without a key, a letter that comes back is known by its bytes: the same row is always encoded alike.
Result<bool> DeadLetterStore::add_to_known(const DeadLetter& letter) {
  SqlStatement find(connection_, letter.key
                                     ? "select id, state from letters where actor = ? and key = ?"
                                     : "select id, state from letters where actor = ? and record = ? and "
                                       "state = 'redriven' order by id limit 1");
  find.bind(std::string_view(letter.actor));
  letter.key ? find.bind(std::string_view(*letter.key)) : find.bind_bytes(letter.record);
  LEAT_TRY_ASSIGN(const bool found, find.step());
  if (!found) return false;
  const std::int64_t id = find.number(0);
  const bool again = letter_state(find.text(1)) == LetterState::redriven;
  LEAT_TRY(find.run());
  if (again) {
    LEAT_TRY_ASSIGN(const std::int64_t moment, next_moment());
    LEAT_TRY(
        SqlStatement(connection_,
                     "update letters set state = 'waiting', attempt = attempt + 1, returned = ? where id = ?")
            .bind(moment)
            .bind(id)
            .run());
  }
  LEAT_TRY(SqlStatement(
               connection_,
               "update letters set code = ?, message = ?, place = ?, time = ?, record = ?, bytes = ?, note = "
               "null where id = ?")
               .bind(std::string_view(letter.code))
               .bind(std::string_view(letter.message))
               .bind(letter.place)
               .bind(micros(letter.time))
               .bind_bytes(letter.record)
               .bind(bytes_of(letter))
               .bind(id)
               .run());
  return true;
}

Status DeadLetterStore::insert(const DeadLetter& letter) {
  return SqlStatement(connection_,
                      "insert into letters(actor, code, message, place, attempt, time, record, key, bytes) "
                      "values (?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(std::string_view(letter.actor))
      .bind(std::string_view(letter.code))
      .bind(std::string_view(letter.message))
      .bind(letter.place)
      .bind(letter.attempt)
      .bind(micros(letter.time))
      .bind_bytes(letter.record)
      .bind(letter.key)
      .bind(bytes_of(letter))
      .run();
}

Status DeadLetterStore::check_room() {
  SqlStatement totals(connection_, "select letters, bytes from store");
  LEAT_TRY_ASSIGN(const bool found, totals.step());
  if (!found) return fail(Code::storage_failed, "the store is damaged: it has no totals", connection_.path());
  const bool rows = static_cast<std::uint64_t>(totals.number(0)) > options_.rows_max;
  const bool bytes = static_cast<std::uint64_t>(totals.number(1)) > options_.bytes_max;
  if (!rows && !bytes) return {};
  return fail(
      Code::limit_reached,
      fmt::format(
          "there is no room for more dead letters; purge some with `leat dlq purge {}`, or raise `{}` "
          "({})",
          connection_.path(), rows ? "rows_max" : "bytes_max",
          rows ? std::to_string(options_.rows_max) : to_text(Bytes{options_.bytes_max})),
      connection_.path());
}

Result<std::vector<DeadLetter>> DeadLetterStore::take_asked(std::string_view actor, std::uint32_t letters_max,
                                                            Time now) {
  std::vector<DeadLetter> taken;
  const auto select = [&]() -> Status {
    SqlStatement asked(
        connection_,
        fmt::format("select {} from letters where state = 'asked' and actor = ? order by id limit {}",
                    kColumns, letters_max));
    asked.bind(actor);
    for (;;) {
      LEAT_TRY_ASSIGN(const bool more, asked.step());
      if (!more) return {};
      taken.push_back(letter_of(asked));
    }
  };
  LEAT_TRY(select());  // without the lock, since there is mostly nothing
  if (taken.empty()) return taken;
  taken.clear();
  SqlTransaction transaction(connection_);
  LEAT_TRY(transaction.begun());
  LEAT_TRY(select());
  LEAT_TRY_ASSIGN(const std::int64_t moment, next_moment());
  SqlStatement take(connection_,
                    "update letters set state = 'redriven', taken = ?, moved = ?, note = null where id = ?");
  for (const DeadLetter& letter : taken) LEAT_TRY(take.bind(moment).bind(micros(now)).bind(letter.id).run());
  LEAT_TRY(transaction.commit());
  return taken;
}

// No deed of the actor's: going back to a checkpoint leaves it.
Status DeadLetterStore::set_redriven(std::span<const std::int64_t> ids, Time now) {
  SqlTransaction transaction(connection_);
  LEAT_TRY(transaction.begun());
  SqlStatement set(connection_,
                   "update letters set state = 'redriven', taken = 0, moved = ?, note = null where id = ?");
  for (const std::int64_t id : ids) LEAT_TRY(set.bind(micros(now)).bind(id).run());
  return transaction.commit();
}

Status DeadLetterStore::put_back(std::int64_t id, std::string_view note) {
  return SqlStatement(connection_, "update letters set state = 'waiting', note = ? where id = ?")
      .bind(note)
      .bind(id)
      .run();
}

Status DeadLetterStore::forget_redriven(Time before) {
  return SqlStatement(connection_, "delete from letters where state = 'redriven' and moved < ?")
      .bind(micros(before))
      .run();
}

Status DeadLetterStore::set_takers(std::span<const std::string> actors) {
  SqlTransaction transaction(connection_);
  LEAT_TRY(transaction.begun());
  LEAT_TRY(connection_.run("delete from takers"));
  for (const std::string& actor : actors)
    LEAT_TRY(SqlStatement(connection_, "insert into takers values (?)").bind(std::string_view(actor)).run());
  return transaction.commit();
}

Result<std::vector<std::string>> DeadLetterStore::takers() {
  std::vector<std::string> actors;
  SqlStatement rows(connection_, "select actor from takers order by actor");
  for (;;) {
    LEAT_TRY_ASSIGN(const bool more, rows.step());
    if (!more) return actors;
    actors.push_back(rows.text(0));
  }
}

Result<std::int64_t> DeadLetterStore::last_id() {
  // Also of letters that are gone: ids are not used again.
  return SqlStatement(connection_,
                      "select coalesce((select seq from sqlite_sequence where name = 'letters'), 0)")
      .value();
}

// Copying the log into the database begins with the disk having the log.
Status DeadLetterStore::flush() {
  return connection_.run("pragma wal_checkpoint(passive)");
}

Result<DeadLetterStore::Mark> DeadLetterStore::mark() {
  LEAT_TRY_ASSIGN(const std::int64_t id, last_id());
  LEAT_TRY_ASSIGN(const std::int64_t moment, SqlStatement(connection_, "select moment from store").value());
  return Mark{id, moment};
}

// What was purged or asked for in between is somebody's decision, and stays.
Status DeadLetterStore::go_back(Mark mark) {
  SqlTransaction transaction(connection_);
  LEAT_TRY(transaction.begun());
  LEAT_TRY(SqlStatement(connection_, "delete from letters where id > ?").bind(mark.last_id).run());
  LEAT_TRY(SqlStatement(connection_,
                        "update letters set attempt = attempt - 1, returned = 0, "
                        "state = case when taken > ? then 'asked' else 'redriven' end where returned > ?")
               .bind(mark.moment)
               .bind(mark.moment)
               .run());
  LEAT_TRY(
      SqlStatement(connection_,
                   "update letters set state = 'asked', taken = 0 where state = 'redriven' and taken > ?")
          .bind(mark.moment)
          .run());
  return transaction.commit();
}

Result<std::vector<LetterGroup>> DeadLetterStore::groups(const LetterFilter& filter) {
  SqlStatement rows(
      connection_,
      "select actor, code, sum(state = 'waiting'), sum(state = 'asked'), sum(state = 'redriven'), "
      "min(time), max(time) from letters" +
          where(filter) + " group by actor, code order by actor, code");
  bind_filter(filter, rows);
  std::vector<LetterGroup> groups;
  for (;;) {
    LEAT_TRY_ASSIGN(const bool more, rows.step());
    if (!more) return groups;
    const auto count = [&](int column) { return static_cast<std::uint64_t>(rows.number(column)); };
    groups.push_back({rows.text(0), rows.text(1), count(2), count(3), count(4), time_of(rows.number(5)),
                      time_of(rows.number(6))});
  }
}

Status DeadLetterStore::visit(const LetterFilter& filter, std::uint64_t letters_max,
                              const std::function<void(const DeadLetter&)>& visit) {
  SqlStatement rows(connection_, fmt::format("select {} from letters{} order by id limit {}", kColumns,
                                             where(filter), letters_max));
  bind_filter(filter, rows);
  for (;;) {
    LEAT_TRY_ASSIGN(const bool more, rows.step());
    if (!more) return {};
    visit(letter_of(rows));
  }
}

Result<std::uint64_t> DeadLetterStore::count(const LetterFilter& filter) {
  SqlStatement rows(connection_, "select count(*) from letters" + where(filter));
  bind_filter(filter, rows);
  LEAT_TRY_ASSIGN(const std::int64_t count, rows.value());
  return static_cast<std::uint64_t>(count);
}

Result<std::uint64_t> DeadLetterStore::ask(const LetterFilter& filter) {
  const bool any_state = !filter.ids.empty();
  SqlStatement asked(connection_, "update letters set state = 'asked', note = null" + where(filter) +
                                      (any_state ? "" : " and state = 'waiting'"));
  bind_filter(filter, asked);
  LEAT_TRY(asked.run());
  return asked.changes();
}

Result<std::uint64_t> DeadLetterStore::purge(const LetterFilter& filter) {
  std::uint64_t purged = 0;
  for (;;) {
    SqlStatement some(connection_,
                      fmt::format("delete from letters where id in (select id from letters{} limit {})",
                                  where(filter), kPurgedAtOnce));
    bind_filter(filter, some);
    LEAT_TRY(some.run());
    if (some.changes() == 0) break;
    purged += some.changes();
  }
  if (purged > 0) LEAT_TRY(connection_.run("pragma incremental_vacuum"));  // the file gets smaller
  return purged;
}

}  // namespace leat
