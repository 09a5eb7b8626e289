#pragma once

#include <memory>

#include "state/manifest.hpp"

namespace leat {

/// Checkpoints in a folder of one host's disk:
///
///   lock                          held while a process works here
///   epoch                         number of the last attempt (coordinator)
///   manifest                      the newest complete checkpoint (coordinator)
///   snapshot-EPOCH-CHECKPOINT-HOST   parts (every host)
///
/// Each file is written aside, synced, renamed, and the folder is synced; so a file that is there is whole.
/// After a failed fsync the store refuses everything: the kernel may have dropped what it could not write
/// (PostgreSQL, 2018). One thread.
class CheckpointFolder final : public ManifestStore, public SnapshotStore {
 public:
  /// Makes the folder if need be and locks it: `lock` is named after the host, so that hosts may share a
  /// folder. Errors: storage_failed, storage_full; address_in_use when another process holds it.
  static Result<std::unique_ptr<CheckpointFolder>> open(const std::string& path, const std::string& host,
                                                        std::uint32_t keep);
  ~CheckpointFolder() override;

  Status save_epoch(std::uint32_t epoch) override;
  Status save(const Manifest& manifest) override;
  Result<std::uint32_t> load_epoch() override;
  /// One above all that were used, if the file is damaged: for a run that begins anew.
  Result<std::uint32_t> load_epoch_or_new();
  Result<std::optional<Manifest>> load() override;

  Result<SnapshotRef> save(const std::string& name, const std::string& bytes) override;
  Result<std::string> load(const SnapshotRef& snapshot) override;
  void tidy(const std::string& newest) override;

 private:
  CheckpointFolder(std::string path, std::string host, std::uint32_t keep, int lock);
  Status write(const std::string& name, std::string_view bytes);
  Result<std::optional<std::string>> read(const std::string& name) const;

  std::string path_, host_;
  std::uint32_t keep_;
  int lock_;
  bool dead_ = false;
};

}  // namespace leat
