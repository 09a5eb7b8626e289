#include "log/folder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
namespace leat {
namespace {

constexpr std::string_view kLockName = "lock";
constexpr std::string_view kSegmentEnding = ".log";
constexpr std::size_t kDigits = 20;

std::optional<std::uint64_t> base_of(std::string_view name) {
  if (name.size() != kDigits + kSegmentEnding.size() || !name.ends_with(kSegmentEnding)) return std::nullopt;
  std::uint64_t base = 0;
  const char* const end = name.data() + kDigits;
  const auto [stop, error] = std::from_chars(name.data(), end, base);
  return error == std::errc() && stop == end ? std::optional(base) : std::nullopt;
}

}  // namespace

std::string LogFolder::segment(std::uint64_t base) const {
  return fmt::format("{}/{:020}{}", path, base, kSegmentEnding);
}

Result<std::vector<std::uint64_t>> LogFolder::bases() const {
  LEAT_TRY_ASSIGN(const auto names, disk->list(path));
  std::vector<std::uint64_t> bases;
  for (const std::string& name : names)
    if (const auto base = base_of(name)) bases.push_back(*base);
  return bases;  // names have a fixed width, so their order is that of the numbers
}

Result<SegmentCursor> LogFolder::open_segment(std::uint64_t base) const {
  LEAT_TRY_ASSIGN(auto file, disk->open(segment(base), LogDisk::Access::read));
  std::string bytes(kHeadBytes, '\0');
  LEAT_TRY_ASSIGN(const std::size_t count, read_all(*file, bytes.data(), bytes.size(), 0));
  const auto head = read_segment_head(std::string_view(bytes).substr(0, count));
  if (!head || head->base != base) return damage(base, 0, base, std::nullopt);
  return SegmentCursor::open(std::move(file), *head);
}

Result<std::unique_ptr<LogFile>> LogFolder::lock() const {
  const std::string name = file(kLockName);
  auto opened = disk->open(name, LogDisk::Access::write);
  LEAT_TRY_ASSIGN(auto held, opened ? std::move(opened) : disk->open(name, LogDisk::Access::create));
  LEAT_TRY_ASSIGN(const bool ours, disk->lock(*held));
  if (ours) {
    LEAT_TRY(write_all(*held, fmt::format("{:<10}\n", ::getpid()), 0));
    return held;
  }
  std::string owner(10, ' ');
  LEAT_TRY(read_all(*held, owner.data(), owner.size(), 0));
  owner.resize(std::min(owner.find_first_not_of("0123456789"), owner.size()));
  return fail(Code::storage_failed,
              fmt::format("{} writes this log; stop it, or give this one a folder of its own",
                          owner.empty() ? "another process" : "process " + owner),
              path);
}

Failure LogFolder::damage(std::uint64_t base, std::uint64_t position, std::uint64_t offset,
                          std::optional<std::uint64_t> good) const {
  return fail(
      Code::storage_failed,
      fmt::format(
          "damaged at byte {}, record {}: something else than Leat changed the file. Put a copy of it "
          "back, or give up all records before {}: leat log trim {} --before {} --force",
          position, offset, good ? fmt::format("{}", *good) : "the next segment", path,
          good ? fmt::format("{}", *good) : "OFFSET"),
      segment(base));
}

}  // namespace leat
