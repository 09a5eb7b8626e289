#pragma once

#include <functional>
#include <leat/actor.hpp>

namespace leat {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// The world as one actor instance sees it. Valid during the call it was passed to, on that thread only.
class Context {
 public:
  virtual ~Context() = default;

  /// Sends a batch out of a port. Never blocks: without credit downstream the engine holds it and asks for no
  /// more input. An empty batch is ignored. A batch to a port nobody reads is counted as out and goes no
  /// further.
  virtual void emit(const Port& port, Batch batch) = 0;
  /// The row has failed: one row of {actor, code, message, place, attempt, time, record} goes to the `errors`
  /// port.
  virtual void reject(const Batch& batch, std::uint32_t row, Error error) = 0;
  /// The same for input that never became a row, such as a malformed line.
  virtual void reject(std::string_view raw, Error error) = 0;
  /// Counts rows that a rule of the user dropped (`reason` is the option's name: "where"). String literals
  /// only.
  virtual void drop(std::uint64_t rows, std::string_view reason) = 0;
  /// Counts rows sent to a `late` port or dropped as late.
  virtual void late(std::uint64_t rows) = 0;

  /// UTC; stands still during a call.
  virtual Time now() const = 0;
  virtual Time watermark() const = 0;
  /// Lets no watermark beyond `limit` go on, until another call says so; kTimeMax lets go. An actor that
  /// holds rows back keeps it at the watermark that stood when the first of them came, so that none of them
  /// is late further on. Offloaded work does this by itself.
  virtual void hold_watermark(Time limit) = 0;
  /// Fires once, after the delay; starting a running timer moves it.
  virtual void start_timer(Timer timer, Duration delay) = 0;
  virtual void cancel_timer(Timer timer) = 0;
  /// What another thread calls when it has something for this actor: the timer fires soon, once for all calls
  /// since it fired last. A timer that is running is moved up. The function may outlive the actor and its
  /// worker, and then does nothing; it is cheap, may be copied, and takes no lock that is held for long.
  virtual std::function<void()> waker(Timer timer) = 0;
  /// While true, no more rows come than those that calls on the same worker have on the way, and whoever
  /// sends them waits, as without credit. Timers fire on. What is held back may contain a barrier, so a hold
  /// ends by itself, in bounded time.
  virtual void hold_input(bool hold) = 0;

  /// Runs `work` on the blocking pool, then `then` with its result on this actor's worker. `work` must not
  /// touch the actor.
  virtual void offload(std::function<Status()> work, std::function<Status(Status, Context&)> then) = 0;

  virtual void log(LogLevel level, std::string message) = 0;
  /// A number of the actor's own, as it stands: `leat_actor_value{name="..."}` among the metrics. String
  /// literals only, at most 8.
  virtual void measure(std::string_view name, std::uint64_t value) = 0;

  virtual const std::string& actor() const = 0;  ///< name in the topology
  virtual std::uint32_t instance() const = 0;    ///< 0 .. instances() - 1
  virtual std::uint32_t instances() const = 0;
  virtual SchemaPtr output_schema(const Port& port) const = 0;
  /// The topology's promise: under best_effort nothing is ever gone back to.
  virtual Delivery delivery() const = 0;
  /// Most rows a batch should have (`batch:` of the topology).
  virtual std::uint32_t batch_rows() const = 0;
};

}  // namespace leat
