#pragma once

#include <string>
#include <vector>

#include "state/snapshot_ref.hpp"

namespace leat {

/// The numbers are part of the wire format.
enum class ControlKind : std::uint8_t {
  // participant to coordinator
  hello = 1,      ///< I am here, as this incarnation, in this epoch (0: none). Also the heartbeat
  ready = 2,      ///< workers stand, with the state of the checkpoint
  saved = 3,      ///< my part of the checkpoint is durable
  committed = 4,  ///< what waited for the checkpoint is visible
  quiet = 5,      ///< all streams here have ended
  broken = 6,     ///< rows were lost between processes: a new attempt is needed
  failed = 7,     ///< an actor has failed: the topology can't go on
  stop = 8,       ///< the user wants it to stop
  released = 9,   ///< gone, or going
  // coordinator to participant
  start = 16,    ///< make workers for this epoch from this checkpoint, if you are this incarnation
  go = 17,       ///< all are ready
  barrier = 18,  ///< begin this checkpoint
  commit = 19,   ///< it is complete
  release = 20,  ///< it was the last: end
  give_up = 21,  ///< someone has failed: end with this error
};

/// What the coordinator and the participants (one per host) tell each other. Each may be lost or come twice;
/// whoever waits for an answer says it again. See docs/delivery.md.
struct ControlMessage {
  ControlKind kind = ControlKind::hello;
  std::uint32_t host = 0;         ///< position in the plan's hosts: the participant's, also in answers to it
  std::uint64_t incarnation = 0;  ///< of the participant's process, in both directions
  std::uint64_t plan = 0;         ///< hello: fingerprint of the topology it runs
  std::uint32_t epoch = 0;
  std::uint64_t checkpoint = 0;
  bool last = false;                   ///< barrier: sources send nothing after it
  std::vector<SnapshotRef> snapshots;  ///< start: of all hosts; saved: one
  std::string text;                    ///< broken, failed, give_up: why; barrier: a name to keep it under
};

}  // namespace leat
