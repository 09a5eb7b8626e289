#include "publish/output_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace leat {
namespace {

/// While one exists, a write into a closed pipe or beyond the largest file fails with an error instead of
/// killing the process, whatever the host program has done about these signals.
class NoWriteSignals {
 public:
  NoWriteSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGPIPE);
    sigaddset(&signals_, SIGXFSZ);
    ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  }
  ~NoWriteSignals() {
    const timespec at_once{};
    while (::sigtimedwait(&signals_, nullptr, &at_once) >= 0 || errno == EINTR) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoWriteSignals(const NoWriteSignals&) = delete;
  NoWriteSignals& operator=(const NoWriteSignals&) = delete;

 private:
  sigset_t signals_;
  sigset_t before_;
};

bool is_regular(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

std::string reason(int error) {
  return std::strerror(error);
}

}  // namespace

OutputFile::OutputFile(OutputFile&& other) noexcept {
  *this = std::move(other);
}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(owned_, other.owned_);
  std::swap(regular_, other.regular_);
  std::swap(name_, other.name_);
  std::swap(size_, other.size_);
  return *this;
}

OutputFile::~OutputFile() {
  if (owned_) ::close(fd_);
}

OutputFile OutputFile::standard_output() {
  OutputFile file;
  file.fd_ = STDOUT_FILENO;
  file.name_ = "standard output";
  return file;
}

Result<OutputFile> OutputFile::open(const std::string& path, Begin begin) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error)
    return fail(Code::storage_failed,
                fmt::format("the folder {} can't be made: {}; make it, or choose another path",
                            folder.string(), error.message()),
                path);
  const int flags = O_CREAT | O_CLOEXEC | (begin == Begin::empty ? O_WRONLY | O_TRUNC : O_RDWR);
  OutputFile file;
  file.fd_ = ::open(path.c_str(), flags, 0644);
  if (file.fd_ < 0)
    return fail(
        Code::storage_failed,
        fmt::format("cannot be opened for writing: {}; correct it, or choose another path", reason(errno)),
        path);
  file.owned_ = true;
  file.name_ = path;
  file.regular_ = is_regular(file.fd_);
  if (file.regular_) file.size_ = static_cast<std::uint64_t>(::lseek(file.fd_, 0, SEEK_END));
  return file;
}

Status OutputFile::resume(std::uint64_t size) {
  if (!regular_) {
    size_ = size;
    return {};
  }
  if (size > size_)
    return fail(
        Code::storage_failed,
        "the file is shorter than what was written; put it back, or start anew with `leat run --from none`",
        name_);
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0 || ::lseek(fd_, static_cast<off_t>(size), SEEK_SET) < 0)
    return failed(errno);
  size_ = size;
  return {};
}

Status OutputFile::sync() {
  if (regular_ && ::fsync(fd_) != 0) return failed(errno);
  return {};
}

Status OutputFile::end_last_line() {
  char last = '\n';
  if (!regular_ || size_ == 0 || ::pread(fd_, &last, 1, static_cast<off_t>(size_ - 1)) != 1 || last == '\n')
    return {};
  return write("\n");
}

Status OutputFile::write(std::string_view bytes) {
  const NoWriteSignals guard;
  const std::uint64_t whole = size_ + bytes.size();
  const std::uint64_t before = size_;
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd writable{fd_, POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      const int error = errno;
      if (regular_) static_cast<void>(resume(before));  // The first error is the one to tell.
      return failed(error);
    }
  }
  size_ = whole;
  return {};
}

Failure OutputFile::failed(int error) const {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return fail(Code::storage_full, "no space is left; free some, or choose a path on another disk", name_);
    case EFBIG:
      return fail(Code::storage_full,
                  "the largest size of a file is reached; raise the limit, or choose another path", name_);
    case EPIPE:
      return fail(Code::unreachable,
                  "whoever read it has gone; keep the reader running until the topology ends", name_);
    default:
      return fail(Code::storage_failed,
                  fmt::format("writing failed: {}; check the disk, or choose another path", reason(error)),
                  name_);
  }
}

}  // namespace leat
