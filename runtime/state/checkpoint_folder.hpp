#pragma once

#include <leat/clock.hpp>
#include <memory>
#include <set>
#include <span>

#include "state/chunks.hpp"
#include "state/manifest.hpp"

namespace leat {

/// Whether `leat snapshot` takes this as a name: letters, digits, `_`, `-` and `.`, beginning with a letter.
bool is_snapshot_name(std::string_view name);

/// A checkpoint that was kept under a name.
struct KeptSnapshot {
  std::string name;
  std::uint64_t checkpoint = 0;
  std::uint64_t bytes = 0;  ///< of all hosts' parts
  Time made = kTimeMin;
};

/// Those in a checkpoint folder, by name; for looking on while a process works there.
Result<std::vector<KeptSnapshot>> list_kept(const std::string& path);
/// Deletes one, with the parts that are there. Errors: input_missing, storage_failed.
Status delete_kept(const std::string& path, const std::string& name);

/// Checkpoints in a folder of one host's disk:
///
///   lock                          held while a process works here
///   epoch                         number of the last attempt (coordinator)
///   manifest                      the newest complete checkpoint (coordinator), of nothing before the first
///   snapshot-EPOCH-CHECKPOINT-HOST   parts (every host); a large one holds only what is new in it: see
///                                 state/chunks.hpp
///   kept-NAME.manifest, kept-NAME.partHOST   a checkpoint that `leat snapshot` keeps under a name
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
  Status keep(const Manifest& manifest, const std::string& name) override;
  Result<std::uint32_t> load_epoch() override;
  /// One above all that were used, if the file is damaged: for a run that begins anew.
  Result<std::uint32_t> load_epoch_or_new();
  Result<std::optional<Manifest>> load() override;
  /// The one that was kept under a name; input_missing, with the names there are.
  Result<Manifest> load_kept(const std::string& name);
  /// There is no newest checkpoint any more: a later attempt begins anew.
  Status forget();

  Result<SnapshotRef> save(const std::string& name, const std::string& bytes) override;
  Status keep(const std::string& bytes, const std::string& name, std::uint32_t host) override;
  Result<std::string> load(const SnapshotRef& snapshot) override;
  void tidy(const std::string& newest) override;

 private:
  CheckpointFolder(std::string path, std::string host, std::uint32_t keep, int lock);
  Status write(const std::string& name, std::span<const std::string_view> pieces);
  Status write(const std::string& name, std::string_view bytes) { return write(name, std::span(&bytes, 1)); }
  bool is_wasteful(const ChunkedFile& file, std::uint64_t bytes) const;
  Result<std::string> join(const std::string& name, std::string_view file);
  const std::set<std::string>& uses_of(const std::string& name);
  Status write_manifest(const std::string& name, const Manifest& manifest);
  Status sync_folder();

  std::string path_, host_;
  std::uint32_t keep_;
  int lock_;
  bool dead_ = false;
  ChunkPlaces places_;                                 // of the snapshot that was saved or loaded last
  std::map<std::string, std::set<std::string>> uses_;  // by snapshot: the files it needs
};

}  // namespace leat
