#pragma once

#include <leat/registry.hpp>
#include <map>

namespace leat {

/// How rows of a link are spread over the consumer's instances.
enum class Route : std::uint8_t { spread, key, all, paired };

/// What a full queue does.
enum class WhenFull : std::uint8_t { block, drop_oldest, drop_newest };

/// The bound of one link; what waits beyond the consumer's credit stays with the producer.
struct QueueLimit {
  Rows max{50'000};
  Bytes max_bytes{64u << 20};
  WhenFull when_full = WhenFull::block;
};

/// One edge: producer port to consumer port. Its position in Topology::links is its id in every header.
struct LinkSpec {
  Place place;  ///< of the entry under `inputs:`
  std::size_t from = 0;
  std::uint8_t from_port = 0;
  std::size_t to = 0;
  std::uint8_t to_port = 0;
  Route route = Route::spread;
  bool feedback = false;         ///< leads back to an actor that feeds its producer
  std::vector<Expression> keys;  ///< bound to the producer's schema when route is key
  QueueLimit queue;
};

/// The link's keys as in YAML: "user, day".
std::string key_text(const LinkSpec& link);

/// What every actor's `errors` port carries; `record` is the failed row, or the raw input that never became
/// one.
const SchemaPtr& errors_schema();

/// The text with every secret in it replaced by `***`.
std::string mask_secrets(std::string text, const std::vector<std::string>& secrets);

struct OutputSpec {
  std::string name;
  SchemaPtr schema;
  bool silent = false;  ///< nothing goes out of it, as the actor is configured
};

/// Event time of a source: which column, how much disorder to wait for, and when silence no longer holds
/// others back.
struct EventTimeSpec {
  std::string field;
  std::optional<std::size_t> column;  ///< in the source's first output; found by the loader
  Duration disorder{};
  Duration idle_after{};  ///< zero: never idle
};

struct ActorSpec {
  std::string name;
  Place place;
  const Kind* kind = nullptr;               ///< in the registry, which outlives the topology
  std::shared_ptr<ConfiguredActor> config;  ///< described
  std::vector<OutputSpec> outputs;          ///< the kind's, then the user's; `errors` is always the last
  std::uint32_t instances = 1;
  bool fuse = true;
  std::string worker;                       ///< `worker:`; empty: the planner decides
  std::string host;                         ///< empty: this process
  std::string was;                          ///< its name in the checkpoint to go on from; empty: the same
  std::vector<std::string> discard;         ///< ports whose rows may go nowhere
  std::optional<EventTimeSpec> event_time;  ///< sources only
  std::vector<Diagnostic> missing;          ///< files it can't start without (LoadOptions::defer_missing)

  std::uint8_t errors_port() const { return static_cast<std::uint8_t>(outputs.size() - 1); }
};

struct HostSpec {
  std::string name;
  std::string address;     ///< IP or name; "local": other processes of this machine, over ipc
  std::uint16_t port = 0;  ///< tcp: first port; worker n listens on port + n
  Place place;
};

enum class Poll : std::uint8_t { block, spin };

/// `checkpoint:`.
struct CheckpointSpec {
  Duration every = std::chrono::seconds(1);
  std::uint32_t keep = 3;
  std::string path;  ///< absolute; one folder per host
};

/// A checked topology: what the planner plans. Immutable after loading.
struct Topology {
  std::string name;
  std::string file;    ///< the path that was given or found
  std::string folder;  ///< absolute
  Place place;
  std::map<std::string, SchemaPtr> schemas;
  std::vector<ActorSpec> actors;   ///< in file order
  std::vector<LinkSpec> links;     ///< in file order of their consumers
  std::vector<std::size_t> order;  ///< actors, producers before consumers

  // settings
  std::uint32_t batch_rows = 4096;  ///< `batch:`: most rows per batch; the actual number adapts to the load
  bool batch_auto = true;           ///< `batch: auto`
  Delivery delivery = Delivery::exactly_once;
  CheckpointSpec checkpoint;
  Duration linger{1000};  ///< longest a partial batch waits under load
  Poll poll = Poll::block;
  std::vector<HostSpec> hosts;
  std::string run_dir;               ///< ipc sockets live here, mode 0700
  std::vector<std::string> secrets;  ///< values never to be shown
  ConfigNode source;                 ///< the file as read, for `leat expand`
  bool curve = false;                ///< tcp between hosts is encrypted
  std::string keys;                  ///< folder of the hosts' keys

  const ActorSpec* find(std::string_view actor) const;
  const HostSpec* find_host(std::string_view host) const;
};

}  // namespace leat
