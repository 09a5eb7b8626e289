#pragma once

#include <functional>
#include <span>

#include "persist/dead_letter_sql.hpp"

namespace leat {

/// Where a letter is: `waiting` for somebody to look at it; `asked`: somebody wants it redriven; `redriven`:
/// it went back to its actor, and has not failed again.
enum class LetterState : std::uint8_t { waiting, asked, redriven };
std::string_view to_text(LetterState state);
std::optional<LetterState> letter_state(std::string_view text);

/// A record that failed, and why.
struct DeadLetter {
  std::int64_t id = 0;  ///< never used again for another
  std::string actor, code, message;
  std::optional<std::string> place;
  std::int64_t attempt = 1;
  Time time{};                     ///< of the last failure
  std::string record;              ///< MessagePack
  std::optional<std::string> key;  ///< of its actor's records: a record that comes twice is one letter
  LetterState state = LetterState::waiting;
  std::optional<std::string> note;  ///< why it could not be redriven
};

/// Which letters: those for which all of this is true; what is left out does not matter.
struct LetterFilter {
  std::vector<std::int64_t> ids;
  std::optional<std::int64_t> last_id;  ///< none newer than this
  std::optional<std::string> actor, code;
  std::optional<Time> since, before;
  std::optional<LetterState> state;
};

/// The letters of one actor and code.
struct LetterGroup {
  std::string actor, code;
  std::uint64_t waiting = 0, asked = 0, redriven = 0;
  Time oldest{}, newest{};
};

struct DeadLetterOptions {
  std::string path;
  bool sync = false;
  std::uint64_t rows_max = 1'000'000;
  std::uint64_t bytes_max = 1ull << 30;
};

/// Dead letters in a SQLite database in WAL mode: one writes, in a transaction for each call, while others
/// read, ask and purge. Every connection belongs to one thread. Errors: limit_reached, storage_full (nothing
/// of the call is stored), storage_failed; all name the file.
class DeadLetterStore {
 public:
  /// For the actor: makes the store if it is not there, but not its folder.
  static Result<DeadLetterStore> create(const DeadLetterOptions& options);
  /// For `leat dlq`: input_missing when there is none.
  enum class Access : std::uint8_t { read, write };
  static Result<DeadLetterStore> open(const std::string& path, Access access);

  /// Keeps letters that have failed now; `id`, `state` and `note` are the store's. A record that was redriven
  /// and fails again, or one with a key that is there, becomes the letter that it was.
  Status add(std::span<const DeadLetter> letters);
  /// Letters of the actor that were asked for, oldest first: from now on they are `redriven`.
  Result<std::vector<DeadLetter>> take_asked(std::string_view actor, std::uint32_t letters_max, Time now);
  /// For `leat dlq`: somebody takes them to where they will come from again, by another way than the actor's.
  Status set_redriven(std::span<const std::int64_t> ids, Time now);
  /// They could not be redriven after all.
  Status put_back(std::int64_t id, std::string_view note);
  /// Lets go of letters that were redriven before and did not come back.
  Status forget_redriven(Time before);
  /// Whose letters can be redriven.
  Status set_takers(std::span<const std::string> actors);
  Result<std::vector<std::string>> takers();

  /// Makes what was written so far survive a loss of power.
  Status flush();

  /// Everything up to now; `go_back` makes it undone what came later, as far as the actor did it.
  struct Mark {
    std::int64_t last_id = 0;
    std::int64_t moment = 0;
  };
  Result<Mark> mark();
  Status go_back(Mark mark);

  Result<std::vector<LetterGroup>> groups(const LetterFilter& filter);
  /// Oldest first.
  Status visit(const LetterFilter& filter, std::uint64_t letters_max,
               const std::function<void(const DeadLetter&)>& visit);
  Result<std::uint64_t> count(const LetterFilter& filter);
  Result<std::int64_t> last_id();
  /// How many letters they were. `ask` takes those redriven before only by their ids.
  Result<std::uint64_t> ask(const LetterFilter& filter);
  Result<std::uint64_t> purge(const LetterFilter& filter);

 private:
  explicit DeadLetterStore(SqlConnection connection) : connection_(std::move(connection)) {}
  Status check_version();
  Result<bool> add_to_known(const DeadLetter& letter);
  Status insert(const DeadLetter& letter);
  Status check_room();
  Result<std::int64_t> next_moment();

  SqlConnection connection_;
  DeadLetterOptions options_;
};

}  // namespace leat
