#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>

namespace leat::bench::remote {

/// A process that answers every request after a fixed time, any number at once: the slow model, without the
/// model. Its CPU is not that of the one who asks.
class Endpoint {
 public:
  struct Latency {
    std::chrono::microseconds usual{50'000};
    std::chrono::microseconds slow{50'000};
    std::uint32_t slow_one_in = 100;
  };
  explicit Endpoint(Latency latency);
  ~Endpoint();  ///< ends the process
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_ = 0;
  pid_t process_ = -1;
};

}  // namespace leat::bench::remote
