#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "log/disk.hpp"

namespace leat {
namespace {

Failure failed(const char* what, const std::string& path) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT;
  return fail(full ? Code::storage_full : Code::storage_failed,
              fmt::format("{}: {}", what, std::strerror(error)), path);
}

class SystemFile final : public LogFile {
 public:
  SystemFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~SystemFile() override { ::close(fd_); }
  int fd() const { return fd_; }

  Result<std::size_t> read(char* into, std::size_t size, std::uint64_t position) const override {
    for (;;) {
      const ssize_t count = ::pread(fd_, into, size, static_cast<off_t>(position));
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return failed("can't be read", path_);
    }
  }

  Result<std::size_t> write(std::string_view bytes, std::uint64_t position) override {
    for (;;) {
      const ssize_t count = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(position));
      if (count > 0) return static_cast<std::size_t>(count);
      if (count == 0) errno = EIO;
      if (count == 0 || errno != EINTR) return failed("can't be written", path_);
    }
  }

  Status reserve(std::uint64_t size) override {
    int done = 0;
    do {
      done = ::fallocate(fd_, 0, 0, static_cast<off_t>(size));
    } while (done != 0 && errno == EINTR);
    if (done == 0) return {};
    if (errno != EOPNOTSUPP) return failed("space can't be reserved", path_);
    return fill_with_zeros(size);
  }

  Status sync() override {
    // Never called again after an error: the kernel may have dropped the pages, and would answer success.
    if (::fdatasync(fd_) == 0) return {};
    return failed("can't be synced", path_);
  }

  Result<std::uint64_t> size() const override {
    struct stat info {};
    if (::fstat(fd_, &info) != 0) return failed("can't be looked at", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  // For file systems that reserve nothing.
  Status fill_with_zeros(std::uint64_t size) {
    const std::string zeros(1 << 20, '\0');
    for (std::uint64_t at = 0; at < size; at += zeros.size())
      LEAT_TRY(write_all(
          *this, std::string_view(zeros).substr(0, std::min<std::uint64_t>(zeros.size(), size - at)), at));
    return {};
  }

  int fd_;
  std::string path_;
};

class SystemDisk final : public LogDisk {
 public:
  Result<std::unique_ptr<LogFile>> open(const std::string& path, Access access) override {
    int flags = O_CLOEXEC;
    if (access == Access::read) flags |= O_RDONLY;
    if (access == Access::write) flags |= O_RDWR;
    if (access == Access::create) flags |= O_RDWR | O_CREAT | O_TRUNC;
    const int fd = ::open(path.c_str(), flags, 0600);
    if (fd < 0) return failed("can't be opened", path);
    return std::make_unique<SystemFile>(fd, path);
  }

  Result<bool> lock(LogFile& file) override {
    const auto& own = static_cast<SystemFile&>(file);
    if (::flock(own.fd(), LOCK_EX | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    return fail(Code::storage_failed, fmt::format("can't be locked: {}", std::strerror(errno)));
  }

  Status make_folder(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (!error) return {};
    errno = error.value();
    return failed("the folder can't be made", path);
  }

  Result<std::vector<std::string>> list(const std::string& folder) override {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
      names.push_back(at->path().filename().string());
    if (error == std::errc::no_such_file_or_directory)
      return fail(Code::input_missing, "there is no such folder", folder);
    if (error) {
      errno = error.value();
      return failed("the folder can't be read", folder);
    }
    std::ranges::sort(names);
    return names;
  }

  Status rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? Status() : Status(failed("can't be renamed", from));
  }

  Status remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 || errno == ENOENT ? Status()
                                                          : Status(failed("can't be deleted", path));
  }

  Status sync_folder(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failed("the folder can't be opened", path);
    const SystemFile folder(fd, path);
    if (::fsync(fd) == 0) return {};
    return failed("the folder can't be synced", path);
  }
};

}  // namespace

LogDisk& system_disk() {
  static SystemDisk disk;
  return disk;
}

Status write_all(LogFile& file, std::string_view bytes, std::uint64_t position) {
  while (!bytes.empty()) {
    LEAT_TRY_ASSIGN(const std::size_t written, file.write(bytes, position));
    bytes.remove_prefix(written);
    position += written;
  }
  return {};
}

Result<std::size_t> read_all(const LogFile& file, char* into, std::size_t size, std::uint64_t position) {
  std::size_t done = 0;
  while (done < size) {
    LEAT_TRY_ASSIGN(const std::size_t count, file.read(into + done, size - done, position + done));
    if (count == 0) break;
    done += count;
  }
  return done;
}

}  // namespace leat
