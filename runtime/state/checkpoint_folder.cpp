#include "state/checkpoint_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/hash.hpp"
#include "state.pb.h"

namespace leat {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kChunkedFrom = 1u << 20;     // below, a snapshot is written whole
constexpr std::chrono::milliseconds kDying{1000};  // how long a killed process may keep its lock
constexpr std::size_t kFilesMax = 64;              // that one snapshot may be spread over
constexpr std::string_view kKept = "kept-", kManifest = ".manifest";
const std::string kNewest = "manifest";

Failure storage_failure(std::string_view what, const std::string& path) {
  const int error = errno;
  if (error == ENOSPC || error == EDQUOT)
    return fail(Code::storage_full, "the disk is full; it goes on when there is room", path);
  return fail(Code::storage_failed, fmt::format("can't {}: {}", what, std::strerror(error)), path);
}

Failure damaged(const std::string& path, std::string_view why) {
  return fail(Code::corrupt_state,
              fmt::format("{}; what it held can't be gone on from: restore the file, or start anew with "
                          "`leat run --from none`",
                          why),
              path);
}

// Written in full or not at all; -1 with errno.
int write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return -1;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

void put_ref(const SnapshotRef& ref, wire::SnapshotRef& out) {
  out.set_name(ref.name);
  out.set_bytes(ref.bytes);
  out.set_checksum(ref.checksum);
}

// A text with its own checksum in front, so that a damaged manifest is never taken for one.
std::string sealed(const std::string& bytes) {
  return fmt::format("{:016x}\n", hash_of(std::string_view(bytes))) + bytes;
}
std::optional<std::string> unsealed(const std::string& text) {
  if (text.size() < 17) return std::nullopt;
  std::string bytes = text.substr(17);
  if (text.substr(0, 17) != fmt::format("{:016x}\n", hash_of(std::string_view(bytes)))) return std::nullopt;
  return bytes;
}

Result<std::optional<std::string>> read_file(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::optional<std::string>();
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file) return fail(Code::storage_failed, "can't be read", path);
  return std::optional(bytes.str());
}

Result<std::optional<Manifest>> read_manifest_file(const std::string& folder, const std::string& name) {
  LEAT_TRY_ASSIGN(const std::optional<std::string> text, read_file(folder, name));
  if (!text) return std::optional<Manifest>();
  const std::string path = folder + "/" + name;
  const std::optional<std::string> bytes = unsealed(*text);
  wire::Manifest in;
  if (!bytes || !in.ParseFromString(*bytes)) return damaged(path, "the file is damaged");
  if (in.version() != kVersion) return damaged(path, "it was written by another version of Leat");
  Manifest manifest{.topology = in.topology(),
                    .epoch = in.epoch(),
                    .checkpoint = in.checkpoint(),
                    .ended = in.ended(),
                    .over = in.over()};
  for (const auto& ref : in.snapshots())
    manifest.snapshots.push_back({ref.name(), ref.bytes(), ref.checksum()});
  return std::optional(std::move(manifest));
}

// A process that was killed a moment ago may not be quite gone.
bool take(int lock) {
  const auto end = std::chrono::steady_clock::now() + kDying;
  while (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

std::set<std::string> files_of(const ChunkPlaces& places) {
  std::set<std::string> files;
  for (const auto& [id, place] : places) files.insert(place.file);
  return files;
}

std::string kept_manifest(const std::string& name) {
  return fmt::format("{}{}{}", kKept, name, kManifest);
}

Failure no_such(const std::string& name, const std::vector<KeptSnapshot>& others, const std::string& path) {
  std::vector<std::string> names;
  names.reserve(others.size());
  for (const KeptSnapshot& kept : others) names.push_back(kept.name);
  return fail(Code::input_missing,
              fmt::format("there is no snapshot `{}`; {}", name,
                          names.empty() ? "make one with `leat snapshot TOPOLOGY NAME` while it runs"
                                        : fmt::format("there are: {}", fmt::join(names, ", "))),
              path);
}

}  // namespace

std::string kept_part(const std::string& name, std::size_t host) {
  return fmt::format("{}{}.part{}", kKept, name, host);
}

bool is_snapshot_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= 64 && letter(name.front()) && name != "latest" && name != "none" &&
         name != "oldest" && std::ranges::all_of(name, [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
         });
}

Result<std::vector<KeptSnapshot>> list_kept(const std::string& path) {
  std::vector<KeptSnapshot> list;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(path, error)) {
    const std::string name = file.path().filename();
    if (!name.starts_with(kKept) || !name.ends_with(kManifest)) continue;
    LEAT_TRY_ASSIGN(const std::optional<Manifest> manifest, read_manifest_file(path, name));
    if (!manifest) continue;  // deleted meanwhile
    KeptSnapshot& kept = list.emplace_back();
    kept.name = name.substr(kKept.size(), name.size() - kKept.size() - kManifest.size());
    kept.checkpoint = manifest->checkpoint;
    for (const SnapshotRef& part : manifest->snapshots) kept.bytes += part.bytes;
    struct stat status {};
    if (::stat(file.path().c_str(), &status) == 0)
      kept.made = Time(std::chrono::seconds(status.st_mtim.tv_sec));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail(Code::storage_failed, "can't be listed: " + error.message(), path);
  std::ranges::sort(list, {}, &KeptSnapshot::name);
  return list;
}

Status delete_kept(const std::string& path, const std::string& name) {
  LEAT_TRY_ASSIGN(const std::vector<KeptSnapshot> all, list_kept(path));
  if (std::ranges::find(all, name, &KeptSnapshot::name) == all.end()) return no_such(name, all, path);
  std::error_code error;
  std::filesystem::remove(path + "/" + kept_manifest(name),
                          error);  // first: without it the parts are nothing
  const std::string parts = fmt::format("{}{}.part", kKept, name);
  std::vector<std::filesystem::path> files;
  for (const auto& file : std::filesystem::directory_iterator(path, error))
    if (file.path().filename().string().starts_with(parts)) files.push_back(file.path());
  for (const auto& file : files) std::filesystem::remove(file, error);
  return {};
}

Result<std::unique_ptr<CheckpointFolder>> CheckpointFolder::open(const std::string& path,
                                                                 const std::string& host,
                                                                 std::uint32_t keep) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    return fail(Code::storage_failed, fmt::format("the checkpoint folder can't be made: {}", error.message()),
                path);
  const std::string name = host.empty() ? path + "/lock" : fmt::format("{}/lock-{}", path, host);
  const int lock = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return storage_failure("lock the checkpoint folder", name);
  if (!take(lock)) {
    ::close(lock);
    return fail(
        Code::address_in_use,
        "another run of this topology works here; stop it first, or give this one a `checkpoint.path` of "
        "its own",
        path);
  }
  return std::unique_ptr<CheckpointFolder>(new CheckpointFolder(path, host, keep, lock));
}

CheckpointFolder::CheckpointFolder(std::string path, std::string host, std::uint32_t keep, int lock)
    : path_(std::move(path)), host_(std::move(host)), keep_(std::max(keep, 1u)), lock_(lock) {}

CheckpointFolder::~CheckpointFolder() {
  ::close(lock_);
}

Status CheckpointFolder::write(const std::string& name, std::span<const std::string_view> pieces) {
  const std::string path = path_ + "/" + name, aside = fmt::format("{}.{}.new", path, host_);
  if (dead_) return fail(Code::storage_failed, "the disk failed before; look at it, then start again", path);
  const int file = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return storage_failure("write", path);
  const bool written =
      std::ranges::all_of(pieces, [&](std::string_view piece) { return write_all(file, piece) == 0; });
  const bool synced = written && ::fsync(file) == 0;
  dead_ = written && !synced && errno != ENOSPC && errno != EDQUOT;
  Status outcome = synced ? Status() : Status(storage_failure("write", path));
  ::close(file);
  if (!outcome) {
    ::unlink(aside.c_str());
    return outcome;
  }
  if (::rename(aside.c_str(), path.c_str()) != 0) return storage_failure("rename", aside);
  return sync_folder();
}

Status CheckpointFolder::sync_folder() {
  const int folder = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return storage_failure("open", path_);
  dead_ = ::fsync(folder) != 0;
  Status kept = dead_ ? Status(storage_failure("sync", path_)) : Status();
  ::close(folder);
  return kept;
}

// The manifest of nothing comes first: that one is there from then on shows when it is gone.
Status CheckpointFolder::save_epoch(std::uint32_t epoch) {
  std::error_code ignored;
  if (!std::filesystem::exists(path_ + "/" + kNewest, ignored)) LEAT_TRY(save(Manifest()));
  return write("epoch", sealed(std::to_string(epoch)));
}

Result<std::uint32_t> CheckpointFolder::load_epoch() {
  LEAT_TRY_ASSIGN(const std::optional<std::string> text, read_file(path_, "epoch"));
  if (!text) return 0u;
  const std::optional<std::string> number = unsealed(*text);
  if (!number) return damaged(path_ + "/epoch", "the file is damaged");
  return static_cast<std::uint32_t>(std::strtoul(number->c_str(), nullptr, 10));
}

// Seconds since 1970: a number that no count of attempts has come to.
Result<std::uint32_t> CheckpointFolder::load_epoch_or_new() {
  Result<std::uint32_t> epoch = load_epoch();
  if (epoch || epoch.error().code != Code::corrupt_state) return epoch;
  return static_cast<std::uint32_t>(std::time(nullptr));
}

Status CheckpointFolder::write_manifest(const std::string& name, const Manifest& manifest) {
  wire::Manifest out;
  out.set_version(kVersion);
  out.set_topology(manifest.topology);
  out.set_epoch(manifest.epoch);
  out.set_checkpoint(manifest.checkpoint);
  out.set_ended(manifest.ended);
  out.set_over(manifest.over);
  for (const SnapshotRef& ref : manifest.snapshots) put_ref(ref, *out.add_snapshots());
  return write(name, sealed(out.SerializeAsString()));
}

Status CheckpointFolder::save(const Manifest& manifest) {
  return write_manifest(kNewest, manifest);
}

Result<std::optional<Manifest>> CheckpointFolder::load() {
  LEAT_TRY_ASSIGN(std::optional<Manifest> manifest, read_manifest_file(path_, kNewest));
  if (manifest) return manifest->checkpoint == 0 ? std::nullopt : std::move(manifest);
  const Result<std::uint32_t> epoch = load_epoch();
  if (epoch && *epoch != 0) return damaged(path_ + "/" + kNewest, "the file is missing");
  return manifest;
}

Status CheckpointFolder::forget() {
  return save(Manifest());
}

// The parts first, each host its own; what has a manifest is whole.
Status CheckpointFolder::keep(const Manifest& manifest, const std::string& name) {
  Manifest kept = manifest;
  for (std::size_t host = 0; host < kept.snapshots.size(); ++host)
    kept.snapshots[host].name = kept_part(name, host);
  return write_manifest(kept_manifest(name), kept);
}

Status CheckpointFolder::keep(const std::string& bytes, const std::string& name, std::uint32_t host) {
  return write(kept_part(name, host), bytes);  // whole: it stands alone
}

Result<Manifest> CheckpointFolder::load_kept(const std::string& name) {
  LEAT_TRY_ASSIGN(std::optional<Manifest> manifest, read_manifest_file(path_, kept_manifest(name)));
  if (manifest) return *std::move(manifest);
  LEAT_TRY_ASSIGN(const std::vector<KeptSnapshot> others, list_kept(path_));
  return no_such(name, others, path_);
}

// A large state is mostly that of the checkpoint before: only what is new is written, until the files before
// hold more that is not needed any more than what is.
Result<SnapshotRef> CheckpointFolder::save(const std::string& name, const std::string& bytes) {
  const SnapshotRef ref{name, bytes.size(), hash_of(std::string_view(bytes))};
  if (bytes.size() < kChunkedFrom) {
    LEAT_TRY(write(name, bytes));
    places_.clear();
    uses_[name] = {};
    return ref;
  }
  ChunkedFile file = make_chunked(name, bytes, places_);
  if (is_wasteful(file, bytes.size())) file = make_chunked(name, bytes, {});
  std::vector<std::string_view> pieces{file.head};
  pieces.insert(pieces.end(), file.own.begin(), file.own.end());
  LEAT_TRY(write(name, pieces));
  places_ = std::move(file.places);
  uses_[name] = files_of(places_);
  return ref;
}

bool CheckpointFolder::is_wasteful(const ChunkedFile& file, std::uint64_t bytes) const {
  const std::set<std::string> files = files_of(file.places);
  std::uint64_t stored = 0;
  std::error_code ignored;
  for (const std::string& other : files) {
    const std::uintmax_t size = std::filesystem::file_size(path_ + "/" + other, ignored);
    if (!ignored) stored += size;
  }
  return files.size() > kFilesMax || stored > 2 * bytes;
}

Result<std::string> CheckpointFolder::load(const SnapshotRef& snapshot) {
  LEAT_TRY_ASSIGN(std::optional<std::string> bytes, read_file(path_, snapshot.name));
  const std::string path = path_ + "/" + snapshot.name;
  if (!bytes) return damaged(path, "the file is missing");
  if (is_chunked(*bytes)) {
    LEAT_TRY_ASSIGN(bytes, join(snapshot.name, *bytes));
  }
  if (bytes->size() != snapshot.bytes || hash_of(std::string_view(*bytes)) != snapshot.checksum)
    return damaged(path, "the file is damaged");
  return *std::move(bytes);
}

// The chunks of a snapshot, from all the files that they lie in.
Result<std::string> CheckpointFolder::join(const std::string& name, std::string_view file) {
  const Result<ChunkedHead> head = read_chunked_head(name, file);
  if (!head) return damaged(path_ + "/" + name, "the file is damaged");
  std::map<std::string, std::string> others;
  std::string bytes;
  ChunkPlaces places;
  for (const auto& [id, place] : head->chunks) {
    std::string_view from = file;
    if (place.file != name) {
      auto& other = others[place.file];
      if (other.empty()) {
        LEAT_TRY_ASSIGN(std::optional<std::string> text, read_file(path_, place.file));
        if (!text)
          return damaged(path_ + "/" + place.file, fmt::format("the file is missing, and {} needs it", name));
        other = *std::move(text);
      }
      from = other;
    }
    const std::string_view chunk =
        place.offset <= from.size() ? from.substr(place.offset, place.length) : std::string_view();
    if (chunk_id(chunk) != id) return damaged(path_ + "/" + place.file, "the file is damaged");
    bytes += chunk;
    places.emplace(id, place);
  }
  places_ = std::move(places);
  uses_[name] = files_of(places_);
  return bytes;
}

const std::set<std::string>& CheckpointFolder::uses_of(const std::string& name) {
  auto [uses, fresh] = uses_.try_emplace(name);
  if (!fresh) return uses->second;
  const auto file = read_file(path_, name);
  if (!file || !*file || !is_chunked(**file)) return uses->second;
  if (const auto head = read_chunked_head(name, **file))
    for (const auto& [id, place] : head->chunks) uses->second.insert(place.file);
  return uses->second;
}

// By age: names begin with epoch and checkpoint, but an older attempt may have the higher number. What a
// newer one refers to stays.
void CheckpointFolder::tidy(const std::string& newest) {
  const std::string end = newest.substr(newest.rfind('-'));
  std::vector<std::filesystem::directory_entry> files;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(path_, ignored)) {
    const std::string name = file.path().filename();
    if (name.starts_with("snapshot-") && name.ends_with(end) && name != newest) files.push_back(file);
  }
  std::ranges::sort(files, std::greater<>(), [&](const auto& file) { return file.last_write_time(ignored); });
  std::set<std::string> needed = uses_of(newest);
  for (std::size_t at = 0; at < std::min<std::size_t>(keep_ - 1, files.size()); ++at)
    needed.merge(std::set<std::string>(uses_of(files[at].path().filename())));
  for (std::size_t at = keep_ - 1; at < files.size(); ++at) {
    const std::string name = files[at].path().filename();
    if (needed.contains(name)) continue;
    std::filesystem::remove(files[at].path(), ignored);
    uses_.erase(name);
  }
}

}  // namespace leat
