#pragma once

#include <functional>
#include <leat/clock.hpp>
#include <leat/result.hpp>
#include <memory>

namespace leat {

/// Answers questions of other programs, one after the other, on a thread of its own.
class ZmqService {
 public:
  static constexpr std::size_t kBytesMax = 1u << 20;

  /// `answer` is called on the service's thread and must not throw. Errors: address_in_use, bad_endpoint.
  static Result<std::unique_ptr<ZmqService>> start(const std::string& endpoint,
                                                   std::function<std::string(const std::string&)> answer);
  /// After the answer that is being given.
  ~ZmqService();

 private:
  struct Impl;
  explicit ZmqService(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Asks a ZmqService. Error: unreachable, when no answer comes in time.
Result<std::string> ask_service(const std::string& endpoint, const std::string& question, Duration timeout);

}  // namespace leat
