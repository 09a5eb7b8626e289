#pragma once

#include <leat/result.hpp>
#include <map>
#include <span>
#include <string>

namespace leat {

/// Keys of CURVE (Curve25519, ZeroMQ RFC 26) as text: Z85 (RFC 32), 40 characters each.
struct KeyPair {
  std::string public_key, secret_key;
};

/// What one host needs to talk to the others.
struct HostKeys {
  std::string host;
  KeyPair own;
  std::map<std::string, std::string> known;  ///< public keys by host, its own among them
};

/// A folder of keys: `HOST.key`, a secret that only its owner may read and that stays on that host, and
/// `HOST.pub` of every host, which may be known to all.
class KeyFolder {
 public:
  explicit KeyFolder(std::string path) : path_(std::move(path)) {}

  std::string secret_file(const std::string& host) const { return path_ + "/" + host + ".key"; }
  std::string public_file(const std::string& host) const { return path_ + "/" + host + ".pub"; }
  /// Makes a pair for a host that has none; replaces nothing.
  Status make(const std::string& host) const;
  /// input_missing when the file is not there, insecure_link when it holds no key.
  Result<std::string> public_key(const std::string& host) const;
  /// The same errors, and insecure_link when others may read the secret or the public key is another's.
  Result<KeyPair> pair(const std::string& host) const;
  /// What `host` needs to talk to `hosts`.
  Result<HostKeys> load(const std::string& host, std::span<const std::string> hosts) const;

 private:
  std::string path_;
};

}  // namespace leat
