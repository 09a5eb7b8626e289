#include "ingest/byte_stream.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace leat {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

FileStat to_file_stat(const struct stat& info) {
  return {{static_cast<std::uint64_t>(info.st_dev), static_cast<std::uint64_t>(info.st_ino)},
          static_cast<std::uint64_t>(info.st_size)};
}

Result<std::size_t> read_at(int fd, const std::string& path, char* into, std::size_t size,
                            std::uint64_t offset) {
  for (;;) {
    const ssize_t got = ::pread(fd, into, size, static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR)
      return fail(Code::unreadable_file, fmt::format("reading failed: {}", std::strerror(errno)), path);
  }
}

class PlainStream final : public ByteStream {
 public:
  PlainStream(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  Result<std::size_t> read(char* into, std::size_t size) override {
    LEAT_TRY_ASSIGN(const std::size_t got, read_at(fd_.get(), path_, into, size, offset_));
    offset_ += got;
    return got;
  }
  Status seek(std::uint64_t offset) override {
    offset_ = offset;
    return {};
  }
  FileStat stat() const override {
    struct stat info {};
    ::fstat(fd_.get(), &info);
    return to_file_stat(info);
  }
  bool may_grow() const override { return true; }

 private:
  std::string path_;
  Descriptor fd_;
  std::uint64_t offset_ = 0;
};

/// Unpacks gzip, one or more members after each other, as `cat a.gz b.gz` makes them.
class GzipStream final : public ByteStream {
 public:
  GzipStream(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) { start(); }
  ~GzipStream() override { ::inflateEnd(&zip_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  Result<std::size_t> read(char* into, std::size_t size) override {
    zip_.next_out = reinterpret_cast<Bytef*>(into);
    zip_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1u << 30));
    const std::size_t wanted = zip_.avail_out;
    while (zip_.avail_out == wanted && !ended_) LEAT_TRY(unpack());
    const std::size_t got = wanted - zip_.avail_out;
    offset_ += got;
    return got;
  }

  Status seek(std::uint64_t offset) override {
    if (offset < offset_) {
      ::inflateEnd(&zip_);
      start();
    }
    std::vector<char> skipped(64UL * 1024);
    while (offset_ < offset) {
      LEAT_TRY_ASSIGN(const std::size_t got,
                      read(skipped.data(), std::min<std::uint64_t>(skipped.size(), offset - offset_)));
      if (got == 0) break;
    }
    return {};
  }
  FileStat stat() const override {
    struct stat info {};
    ::fstat(fd_.get(), &info);
    return to_file_stat(info);
  }
  bool may_grow() const override { return false; }

 private:
  static constexpr int kGzipWindow = 15 + 16;  // zlib's way to say: largest window, gzip header

  void start() {
    zip_ = {};
    LEAT_ASSERT(::inflateInit2(&zip_, kGzipWindow) == Z_OK);
    offset_ = packed_offset_ = 0;
    ended_ = false;
    inside_member_ = false;
  }

  Status unpack() {
    if (zip_.avail_in == 0) {
      LEAT_TRY_ASSIGN(const std::size_t got,
                      read_at(fd_.get(), path_, packed_.data(), packed_.size(), packed_offset_));
      packed_offset_ += got;
      if (got == 0) {
        ended_ = true;
        if (!inside_member_ && packed_offset_ > 0) return {};
        return fail(Code::malformed_record, "the gzip archive is cut off; rows up to here were read", path_);
      }
      zip_.next_in = reinterpret_cast<Bytef*>(packed_.data());
      zip_.avail_in = static_cast<uInt>(got);
    }
    inside_member_ = true;
    const int outcome = ::inflate(&zip_, Z_NO_FLUSH);
    if (outcome == Z_STREAM_END) {
      inside_member_ = false;
      ::inflateReset(&zip_);
      return {};
    }
    if (outcome == Z_OK || outcome == Z_BUF_ERROR) return {};
    ended_ = true;
    return fail(Code::malformed_record,
                fmt::format("the gzip archive is damaged ({}); rows up to here were read",
                            zip_.msg != nullptr ? zip_.msg : "zlib gives no reason"),
                path_);
  }

  std::string path_;
  Descriptor fd_;
  z_stream zip_{};
  std::array<char, 64UL * 1024> packed_;
  std::uint64_t packed_offset_ = 0;
  std::uint64_t offset_ = 0;
  bool inside_member_ = false;
  bool ended_ = false;
};

Failure cannot_open(const std::string& path, int error) {
  if (error == ENOENT) return fail(Code::input_missing, "there is no such file", path);
  if (error == EACCES)
    return fail(Code::unreadable_file, "no permission to read it; change its mode or run as its owner", path);
  if (error == EMFILE || error == ENFILE)
    return fail(Code::unreadable_file, "too many open files; raise the limit (`ulimit -n`)", path);
  return fail(Code::unreadable_file, fmt::format("cannot be opened: {}", std::strerror(error)), path);
}

}  // namespace

std::optional<FileStat> stat_file(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return to_file_stat(info);
}

Result<std::unique_ptr<ByteStream>> open_stream(const std::string& path) {
  // Without O_NONBLOCK, opening a pipe would wait for its writer before we could refuse it.
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return cannot_open(path, errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return cannot_open(path, errno);
  if (S_ISDIR(info.st_mode))
    return fail(Code::unreadable_file, fmt::format("is a folder; for all files in it write `{}/*`", path),
                path);
  if (!S_ISREG(info.st_mode))
    return fail(Code::unreadable_file, "is not a regular file, so it can't be read again after a failure",
                path);
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);

  std::array<char, 2> magic{};
  LEAT_TRY_ASSIGN(const std::size_t got, read_at(fd.get(), path, magic.data(), magic.size(), 0));
  const bool packed = path.ends_with(".gz") || (got == 2 && magic[0] == '\x1f' && magic[1] == '\x8b');
  std::unique_ptr<ByteStream> stream;
  if (packed)
    stream = std::make_unique<GzipStream>(path, std::move(fd));
  else
    stream = std::make_unique<PlainStream>(path, std::move(fd));
  return stream;
}

}  // namespace leat
