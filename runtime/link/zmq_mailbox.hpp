#pragma once

#include <leat/result.hpp>
#include <memory>

namespace leat {

class ZmqContext;

/// Small messages between processes, in order, once, or not at all: a PULL socket bound here and a PUSH per
/// peer. What nobody takes is dropped after a while instead of piling up. One thread.
class ZmqMailbox {
 public:
  static constexpr std::size_t kBytesMax = 1u << 20;

  /// Errors: address_in_use, bad_endpoint, with the endpoint and the fix.
  static Result<std::unique_ptr<ZmqMailbox>> open(ZmqContext& context, const std::string& endpoint);
  ~ZmqMailbox();

  void send(const std::string& host, const std::string& endpoint, const std::string& bytes);
  bool receive(std::string& bytes);
  /// Readable (edge) when a message may have come: ask `receive` until it says false before waiting for it.
  int fd() const;
  /// Where it is bound, with the port that the kernel chose for `*`.
  std::string endpoint() const;

 private:
  struct Impl;
  explicit ZmqMailbox(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
