#pragma once

#include <array>
#include <leat/batch.hpp>
#include <leat/units.hpp>

namespace leat {

class Context;
class StateWriter;
class StateReader;

/// A named way into or out of an actor. `index` is its position in the kind's `inputs` or `outputs`.
struct Port {
  std::uint8_t index = 0;
  std::string_view name;
  std::string_view doc;
};

/// An actor's ports in order; does not compile when an index is not its position.
template <class... Ports>
consteval auto ports(const Ports&... list) {
  const std::array<Port, sizeof...(Ports)> all{list...};
  for (std::size_t at = 0; at < all.size(); ++at)
    if (all[at].index != at) throw "a port's index must be its position";
  return all;
}

/// A timer of one actor; the actor chooses the ids.
struct Timer {
  std::uint32_t id = 0;
  friend bool operator==(Timer, Timer) = default;
};

/// What survives a failure, of a topology (`delivery:`) or at the most of a kind: see docs/delivery.md.
enum class Delivery : std::uint8_t { best_effort, at_least_once, exactly_once };

/// What a kind is, for `leat list` and `leat explain`.
struct KindInfo {
  std::string_view name;          ///< "family.kind" or "kind"
  std::string_view doc;           ///< one sentence
  std::string_view example = {};  ///< YAML of one actor's options, validated by a test
  /// True for kinds whose calls may block on a disk or a peer for long: the planner gives them a worker of
  /// their own.
  bool blocks = false;
  /// Sources: exactly_once when rows after the saved state come again after `load`; otherwise best_effort.
  /// Sinks: exactly_once when what they do outside is done by `on_commit`, or may be done twice unseen.
  Delivery delivery = Delivery::exactly_once;
  /// Each row that comes in goes out once, or is dropped, late or an error, within its call: `leat audit`
  /// checks it.
  bool each_row = false;
  /// `load` can take over parts of other instances' states: see StateReader::share.
  bool rescales = false;
};

/// Turns batches into batches. Knows nothing of threads, sockets, hosts or peers.
///
/// One instance runs on one worker, so it needs no locks. Calls come in this order:
///   load? on_start (on_batch | on_timer | on_watermark | (on_barrier save) | on_commit)*
///   on_end? (on_timer | (on_barrier save) | on_commit)* ...
/// and once it has `drained` after `on_end` only the last on_barrier, save and on_commit. What was saved
/// between `on_end` and there goes on with another on_end.
/// A returned error fails the actor and stops the topology with a report; a bad row is no error of the actor:
/// `Context::reject` it and go on. Nothing here may throw or block (see KindInfo::blocks and
/// Context::offload).
///
/// A kind is a class with: `using Config`, `static constexpr KindInfo kind`, `static constexpr auto inputs,
/// outputs` (made by `ports`; sources have no inputs), `static Fields<Config> fields()`, a constructor from
/// Config, and optionally `static void describe(Config&, Describe&)` when outputs have another schema than
/// the input. See docs/writing-an-actor.md.
class Actor {
 public:
  virtual ~Actor() = default;
  virtual Status on_start(Context&) { return {}; }
  virtual Status on_batch(const Port&, const Batch&, Context&) { return {}; }
  virtual Status on_timer(Timer, Context&) { return {}; }
  /// Event time has reached `watermark` on all inputs. Engine forwards it downstream after this call.
  virtual Status on_watermark(Time, Context&) { return {}; }
  /// All inputs have ended. The last chance to emit, unless `drained` says that there will be others.
  virtual Status on_end(Context&) { return {}; }
  /// After `on_end`, and again after each on_timer: false while something is still to come, such as the
  /// answer to a request. The actor ends, and what it feeds with it, once it is true. A checkpoint does not
  /// wait for it.
  virtual bool drained() const { return true; }
  /// A checkpoint: everything before it has come and nothing after it. Make durable what must not be lost
  /// with it, but not yet visible; `save` follows at once.
  virtual Status on_barrier(Context&) { return {}; }
  virtual void save(StateWriter&) const {}
  /// The checkpoint with what was saved last is durable, everywhere: it will never be gone back behind. Now
  /// make visible what waited for it and let go of what it covers. May come again after `load`, for what was
  /// loaded.
  virtual Status on_commit(Context&) { return {}; }
  /// Goes on from a checkpoint. An error stops the topology.
  virtual Status load(StateReader&) { return {}; }
};

/// What a source did when it was asked for rows, and when to ask again.
struct Produced {
  enum class Next : std::uint8_t { more, idle, end };
  Next next = Next::more;
  Duration wait{};  ///< idle: ask again after this long ...
  int fd = -1;      ///< ... or as soon as this descriptor is readable
  /// What the source knows of event time: no earlier row will follow. `event_time:` in the topology says it
  /// from the rows themselves; the later one counts.
  Time watermark = kTimeMin;

  static Produced more() { return {}; }
  static Produced idle(Duration wait, int fd = -1) { return {Next::idle, wait, fd, kTimeMin}; }
  static Produced end() { return {Next::end, {}, -1, kTimeMin}; }
};

/// An actor without inputs. The engine asks it for rows only while everything downstream has credit: that is
/// back-pressure.
class Source : public Actor {
 public:
  /// Emits about `rows_max` rows at the most, in batches of at most Context::batch_rows(), and returns soon
  /// (milliseconds).
  virtual Result<Produced> produce(std::uint32_t rows_max, Context&) = 0;
};

}  // namespace leat
