#pragma once

#include <leat/result.hpp>
#include <optional>
#include <vector>

#include "state/snapshot_ref.hpp"

namespace leat {

/// A complete checkpoint. It exists once its manifest is durable: that moment is the commit point.
struct Manifest {
  std::string topology;
  std::uint32_t epoch = 0;  ///< the attempt that made it
  std::uint64_t checkpoint = 0;
  std::vector<SnapshotRef> snapshots;  ///< by host
  bool ended = false;                  ///< all streams were over
  bool over = false;                   ///< and everyone has committed it: nothing is left to go on with
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// File name of a host's part of a named snapshot.
std::string kept_part(const std::string& name, std::size_t host);

/// What the coordinator must not forget. Every call is durable when it returns. Errors: storage_full,
/// storage_failed, corrupt_state with the file and the fix.
class ManifestStore {
 public:
  virtual ~ManifestStore() = default;
  /// Before an attempt begins: its number is never used again.
  virtual Status save_epoch(std::uint32_t epoch) = 0;
  virtual Status save(const Manifest& manifest) = 0;
  /// Also under a name, beside the parts that SnapshotStore::keep has kept under it.
  virtual Status keep(const Manifest& manifest, const std::string& name) = 0;
  /// Of the last attempt; 0 at the very beginning.
  virtual Result<std::uint32_t> load_epoch() = 0;
  /// The newest one.
  virtual Result<std::optional<Manifest>> load() = 0;
};

/// A host's parts of checkpoints. The same errors.
class SnapshotStore {
 public:
  virtual ~SnapshotStore() = default;
  virtual Result<SnapshotRef> save(const std::string& name, const std::string& bytes) = 0;
  /// Also under a name, until the user deletes it. `host`: position in the plan.
  virtual Status keep(const std::string& bytes, const std::string& name, std::uint32_t host) = 0;
  /// Fails unless the bytes are those that were saved.
  virtual Result<std::string> load(const SnapshotRef& snapshot) = 0;
  /// A checkpoint is complete: all but the newest few may go.
  virtual void tidy(const std::string& newest) = 0;
};

}  // namespace leat
