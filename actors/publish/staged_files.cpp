#include "publish/staged_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>

namespace leat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPart = ".part";

Failure cannot(std::string_view doing, const std::error_code& error, const std::string& path) {
  const Code code = error == std::errc::no_space_on_device ? Code::storage_full : Code::storage_failed;
  return fail(code,
              fmt::format("{} failed: {}; check the disk, or choose another path", doing, error.message()),
              path);
}

}  // namespace

StagedFiles::StagedFiles(const std::string& path, Roll roll) : roll_(roll) {
  const fs::path whole(path);
  folder_ = whole.has_parent_path() ? whole.parent_path().string() : ".";
  stem_ = whole.stem().string();
  extension_ = whole.extension().string();
}

std::string StagedFiles::name(std::uint64_t number) const {
  return fmt::format("{}/{}-{:06}{}", folder_, stem_, number, extension_);
}

std::string StagedFiles::part(std::uint64_t number) const {
  return fmt::format("{}/.{}-{:06}{}{}", folder_, stem_, number, extension_, kPart);
}

/// Files and parts of this series, with their numbers.
Result<std::vector<std::pair<std::uint64_t, std::string>>> StagedFiles::list() const {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  std::error_code error;
  const std::string begin = stem_ + "-";
  for (fs::directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    std::string file = at->path().filename().string();
    std::string_view rest = file;
    const bool is_part = rest.starts_with('.') && rest.ends_with(kPart);
    if (is_part) rest = rest.substr(1, rest.size() - 1 - kPart.size());
    if (!rest.starts_with(begin) || !rest.ends_with(extension_) ||
        rest.size() < begin.size() + 6 + extension_.size())
      continue;
    rest = rest.substr(begin.size(), rest.size() - begin.size() - extension_.size());
    std::uint64_t number = 0;
    const auto [stop, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (problem != std::errc() || stop != rest.data() + rest.size()) continue;
    found.emplace_back(number, at->path().string());
  }
  if (error) return cannot("looking for earlier files", error, folder_);
  return found;
}

Status StagedFiles::sync_folder() const {
  const int fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const std::error_code error(errno, std::generic_category());
  if (fd >= 0) ::close(fd);
  return synced ? Status() : Status(cannot("making names durable", error, folder_));
}

Status StagedFiles::start(bool append) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return cannot("making the folder", error, folder_);
  for (std::uint64_t number = shown_ + 1; number <= covered_; ++number) LEAT_TRY(show(number));
  shown_ = covered_;
  LEAT_TRY_ASSIGN(const auto found, list());
  const std::uint64_t before = complete_;
  for (const auto& [number, path] : found) {
    if (!path.ends_with(kPart) && number > before) {
      if (loaded_ || !append) return in_the_way(path);
      shown_ = complete_ = covered_ = std::max(complete_, number);
    }
    // A part that no checkpoint knows: its rows come again.
    const bool stale = path.ends_with(kPart) && (number != before + 1 || part_size_ == 0);
    if (stale && !fs::remove(path, error) && error) return cannot("removing it", error, path);
  }
  LEAT_TRY(sync_folder());
  if (part_size_ == 0) return {};
  LEAT_TRY_ASSIGN(part_, OutputFile::open(part(complete_ + 1), OutputFile::Begin::append));
  return part_->resume(part_size_);
}

Failure StagedFiles::in_the_way(const std::string& path) const {
  return fail(Code::storage_failed,
              loaded_
                  ? "the file is of a time after the checkpoint that the run goes on from; move it away"
                  : "the file is of an earlier run, and none that has appeared is ever changed; move them "
                    "away, or say `append: true` to go on behind them",
              path);
}

Status StagedFiles::write(std::string_view bytes, Time now) {
  if (bytes.empty()) return {};
  if (!part_) {
    LEAT_TRY_ASSIGN(part_, OutputFile::open(part(complete_ + 1), OutputFile::Begin::empty));
    since_ = now;
  }
  return part_->write(bytes);
}

Status StagedFiles::barrier(Time now, bool last) {
  if (part_) {
    LEAT_TRY(part_->sync());
    LEAT_TRY(sync_folder());
    part_size_ = part_->size();
    const bool full = roll_.size.count > 0 && part_size_ >= roll_.size.count;
    if (last || full || now - since_ >= roll_.every) {
      part_.reset();
      part_size_ = 0;
      ++complete_;
    }
  }
  covered_ = complete_;
  return {};
}

// Once more after a crash: a part that is not there has its name already, and may have been taken away.
Status StagedFiles::show(std::uint64_t number) const {
  if (::rename(part(number).c_str(), name(number).c_str()) == 0 || errno == ENOENT) return {};
  const std::error_code error(errno, std::generic_category());
  return cannot("giving a complete file its name", error, part(number));
}

Status StagedFiles::commit() {
  if (shown_ == covered_) return {};
  for (std::uint64_t number = shown_ + 1; number <= covered_; ++number) LEAT_TRY(show(number));
  shown_ = covered_;
  return sync_folder();
}

void StagedFiles::save(StateWriter& state) const {
  state.write("shown", static_cast<std::int64_t>(shown_));
  state.write("complete", static_cast<std::int64_t>(complete_));
  state.write("size", static_cast<std::int64_t>(part_ ? part_->size() : 0));
  state.write("since", since_.time_since_epoch().count());
}

Status StagedFiles::load(const StateReader& state) {
  std::int64_t shown = 0, complete = 0, size = 0, since = 0;
  LEAT_TRY(state.read("shown", shown));
  LEAT_TRY(state.read("complete", complete));
  LEAT_TRY(state.read("size", size));
  LEAT_TRY(state.read("since", since));
  shown_ = static_cast<std::uint64_t>(shown);
  complete_ = covered_ = static_cast<std::uint64_t>(complete);
  part_size_ = static_cast<std::uint64_t>(size);
  since_ = Time(Duration(since));
  loaded_ = true;
  return {};
}

}  // namespace leat
