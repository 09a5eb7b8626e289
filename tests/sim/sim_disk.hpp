#pragma once

#include "base/hash.hpp"
#include "sim/random_topology.hpp"
#include "state/manifest.hpp"

namespace leat::sim {

/// A host's disk: what was saved survives its processes. Full for a while, if a test says so.
class SimDisk final : public ManifestStore, public SnapshotStore {
 public:
  bool full = false;
  bool forgets = false;            ///< the mutant whose manifests are not durable when it says so
  bool forgets_snapshots = false;  ///< and the one whose snapshots are not

  Status save_epoch(std::uint32_t epoch) override {
    if (full) return no_room();
    epoch_ = epoch;
    return {};
  }
  Status save(const Manifest& manifest) override {
    if (full) return no_room();
    ++manifests;
    if (!forgets || manifests % 4 != 0) manifest_ = manifest;
    return {};
  }
  Status keep(const Manifest& manifest, const std::string& name) override {
    if (full) return no_room();
    kept[name] = manifest;
    return {};
  }
  Status keep(const std::string& bytes, const std::string& name, std::uint32_t host) override {
    if (full) return no_room();
    files_[fmt::format("{}.{}", name, host)] = bytes;
    return {};
  }
  Result<std::uint32_t> load_epoch() override { return epoch_; }
  Result<std::optional<Manifest>> load() override { return manifest_; }

  Result<SnapshotRef> save(const std::string& name, const std::string& bytes) override {
    if (full) return Failure(no_room().error());
    if (!forgets_snapshots || ++snapshots_ % 8 != 0) files_[name] = bytes;
    return SnapshotRef{name, bytes.size(), hash_of(std::string_view(bytes))};
  }
  Result<std::string> load(const SnapshotRef& snapshot) override {
    const auto file = files_.find(snapshot.name);
    if (file == files_.end() || hash_of(std::string_view(file->second)) != snapshot.checksum)
      return fail(Code::corrupt_state, "not as it was saved", snapshot.name);
    return file->second;
  }
  void tidy(const std::string& newest) override {
    newest_.push_back(newest);
    if (newest_.size() <= 3) return;
    if (std::ranges::find(newest_.begin() + 1, newest_.end(), newest_.front()) == newest_.end())
      files_.erase(newest_.front());
    newest_.erase(newest_.begin());
  }
  const std::optional<Manifest>& manifest() const { return manifest_; }
  bool has(const std::string& name) const { return files_.contains(name); }

  std::uint64_t manifests = 0;
  std::map<std::string, Manifest> kept;

 private:
  static Status no_room() { return fail(Code::storage_full, "the disk is full", "/sim"); }

  std::uint32_t epoch_ = 0;
  std::optional<Manifest> manifest_;
  std::map<std::string, std::string> files_;
  std::vector<std::string> newest_;
  std::uint64_t snapshots_ = 0;
};

}  // namespace leat::sim
