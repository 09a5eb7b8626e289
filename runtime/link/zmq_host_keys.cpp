#include "link/zmq_host_keys.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace leat {
namespace {

constexpr std::size_t kTextBytes = 40, kKeyBytes = 32;

Failure failed(const std::string& file) {
  return fail(Code::storage_failed, std::strerror(errno), file);
}

// A file that must not be there yet: a key that is lost cannot be made again.
Status write_new(const std::string& file, const std::string& key, mode_t mode) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return failed(file);
  const std::string line = key + "\n";
  const bool written = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const bool closed = ::close(fd) == 0;
  if (written && closed) return {};
  Failure why = failed(file);
  ::unlink(file.c_str());
  return why;
}

Result<std::string> read_key(const std::string& file, std::string_view next) {
  std::ifstream stream(file);
  std::string key;
  if (!stream) return fail(Code::input_missing, fmt::format("{}; {}", std::strerror(errno), next), file);
  stream >> key;
  std::uint8_t bytes[kKeyBytes];
  if (key.size() != kTextBytes || ::zmq_z85_decode(bytes, key.c_str()) == nullptr)
    return fail(Code::insecure_link, "it holds no key of 40 characters; next: copy it again", file);
  return key;
}

}  // namespace

Status KeyFolder::make(const std::string& host) const {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  char public_key[kTextBytes + 1], secret_key[kTextBytes + 1];
  if (::zmq_curve_keypair(public_key, secret_key) != 0)
    return fail(Code::feature_missing, "this libzmq is built without CURVE");
  LEAT_TRY(write_new(secret_file(host), secret_key, 0600));
  Status written = write_new(public_file(host), public_key, 0644);
  if (!written) ::unlink(secret_file(host).c_str());
  return written;
}

Result<std::string> KeyFolder::public_key(const std::string& host) const {
  return read_key(
      public_file(host),
      "next: copy it from where `leat keys make TOPOLOGY` made it; every host needs all .pub files");
}

Result<KeyPair> KeyFolder::pair(const std::string& host) const {
  const std::string file = secret_file(host);
  LEAT_TRY_ASSIGN(
      std::string secret,
      read_key(file, fmt::format("next: `leat keys make TOPOLOGY` on one machine, then copy this one to "
                                 "host `{}` only",
                                 host)));
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
    return fail(Code::insecure_link, fmt::format("others may read it; next: chmod 600 {}", file), file);
  char derived[kTextBytes + 1];
  if (::zmq_curve_public(derived, secret.c_str()) != 0) return failed(file);
  Result<std::string> stored = public_key(host);
  if (!stored && stored.error().code != Code::input_missing) return Failure(std::move(stored).error());
  if (stored && *stored != derived)
    return fail(
        Code::insecure_link,
        fmt::format("it is not the public key of {}; next: copy both from where they were made", file),
        public_file(host));
  return KeyPair{derived, std::move(secret)};
}

Result<HostKeys> KeyFolder::load(const std::string& host, std::span<const std::string> hosts) const {
  HostKeys keys{.host = host, .own = {}, .known = {}};
  LEAT_TRY_ASSIGN(keys.own, pair(host));
  for (const std::string& other : hosts) {
    if (other == host) continue;
    LEAT_TRY_ASSIGN(keys.known[other], public_key(other));
  }
  keys.known[host] = keys.own.public_key;
  return keys;
}

}  // namespace leat
