#include "ingest/file_tracker.hpp"

#include <algorithm>
#include <filesystem>

#include "ingest/input_paths.hpp"

namespace leat {
namespace {

/// The name under which a renamed file still stands in its folder.
std::optional<std::string> find_in_folder(const std::string& folder, FileId id) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::optional<FileStat> stat = stat_file(entry->path().string());
    if (stat && stat->id == id) return entry->path().string();
  }
  return std::nullopt;
}

constexpr std::int64_t kSkipping = 1;
constexpr std::int64_t kDone = 2;
constexpr std::int64_t kHeaderRead = 4;

}  // namespace

TrackedFile& FileTracker::add(const std::string& path, FileId id, const Saved* saved) {
  TrackedFile& file = files_.emplace_back();
  file.path = path;
  file.id = id;
  if (saved != nullptr) {
    file.position = saved->position;
    file.done = saved->done;
    file.header_read = saved->header_read;
  }
  return file;
}

TrackedFile* FileTracker::find(FileId id) {
  const auto at =
      std::find_if(files_.begin(), files_.end(), [&](const TrackedFile& file) { return file.id == id; });
  return at == files_.end() ? nullptr : &*at;
}

void FileTracker::start(std::uint32_t instance, std::uint32_t instances, const Log& log) {
  if (follow_) {
    restore_followed(log);
    refresh();
  } else {
    list_own(instance, instances);
  }
  saved_.clear();
}

void FileTracker::list_own(std::uint32_t instance, std::uint32_t instances) {
  std::vector<std::string> own;
  for (const auto& [path, saved] : saved_)
    if (!saved.done && !stat_file(path)) own.push_back(path);
  for (const std::string& path : expand_paths(paths_)) {
    const auto next = static_cast<std::int64_t>(numbers_.size());
    if (numbers_.try_emplace(path, next).first->second % instances != instance) continue;
    if (std::find(own.begin(), own.end(), path) == own.end()) own.push_back(path);
  }
  for (const std::string& path : own) {
    const auto saved = saved_.find(path);
    const std::optional<FileStat> stat = stat_file(path);
    add(path, stat ? stat->id : FileId{}, saved == saved_.end() ? nullptr : &saved->second).listed = true;
  }
}

void FileTracker::restore_followed(const Log& log) {
  for (const auto& [path, saved] : saved_) {
    const std::optional<FileStat> stat = stat_file(path);
    if (stat && stat->id == saved.id) {
      add(path, saved.id, &saved);
    } else if (const std::optional<std::string> renamed = find_in_folder(folder_of(path), saved.id)) {
      add(*renamed, saved.id, &saved).replaced = true;
    } else if (stat) {
      log(fmt::format("{} was replaced while nothing read it; reading the new file from its beginning",
                      path));
    }
  }
}

void FileTracker::refresh() {
  for (TrackedFile& file : files_) file.listed = false;
  for (const std::string& path : expand_paths(paths_)) {
    const std::optional<FileStat> stat = stat_file(path);
    if (!stat) continue;
    TrackedFile* file = find(stat->id);
    if (file == nullptr) file = &add(path, stat->id);
    file->path = path;
    file->listed = true;
  }
  for (TrackedFile& file : files_) {
    if (file.listed || file.replaced) continue;
    // Moved away without a successor, its writer may still hold it open: it is finished when its name is
    // taken again.
    const std::optional<FileStat> successor = stat_file(file.path);
    file.replaced = successor && successor->id != file.id;
  }
  std::erase_if(files_, [](const TrackedFile& file) { return file.replaced && file.done && !file.listed; });
}

void FileTracker::save(StateWriter& state, const TrackedFile* rewound, FilePosition rewound_to) const {
  std::map<std::string, std::int64_t> offsets, lines, flags, devices, inodes;
  for (const TrackedFile& file : files_) {
    const FilePosition position = &file == rewound ? rewound_to : file.current_position();
    offsets[file.path] = static_cast<std::int64_t>(position.offset);
    lines[file.path] = static_cast<std::int64_t>(position.line);
    flags[file.path] =
        (position.skipping ? kSkipping : 0) | (file.done ? kDone : 0) | (file.header_read ? kHeaderRead : 0);
    devices[file.path] = static_cast<std::int64_t>(file.id.device);
    inodes[file.path] = static_cast<std::int64_t>(file.id.inode);
  }
  state.write("numbers", numbers_);
  state.write("offsets", offsets);
  state.write("lines", lines);
  state.write("flags", flags);
  state.write("devices", devices);
  state.write("inodes", inodes);
}

Status FileTracker::load(StateReader& state) {
  std::map<std::string, std::int64_t> offsets, lines, flags, devices, inodes;
  LEAT_TRY(state.read("numbers", numbers_));
  LEAT_TRY(state.read("offsets", offsets));
  LEAT_TRY(state.read("lines", lines));
  LEAT_TRY(state.read("flags", flags));
  LEAT_TRY(state.read("devices", devices));
  LEAT_TRY(state.read("inodes", inodes));
  continued_ = true;
  for (const auto& [path, offset] : offsets) {
    Saved& saved = saved_[path];
    saved.position = {static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(lines[path]),
                      (flags[path] & kSkipping) != 0};
    saved.done = (flags[path] & kDone) != 0;
    saved.header_read = (flags[path] & kHeaderRead) != 0;
    saved.id = {static_cast<std::uint64_t>(devices[path]), static_cast<std::uint64_t>(inodes[path])};
  }
  return {};
}

}  // namespace leat
