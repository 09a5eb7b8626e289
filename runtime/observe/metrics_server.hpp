#pragma once

#include <functional>
#include <leat/result.hpp>
#include <memory>
#include <string>

namespace leat {

/// Serves GET /metrics (Prometheus text) and /health on a thread of its own until destroyed. Meant for
/// loopback.
class MetricsServer {
 public:
  /// `address` is "127.0.0.1:9100"; port 0 lets the kernel choose. `text` is called for every request, on the
  /// server's thread.
  static Result<std::unique_ptr<MetricsServer>> start(const std::string& address,
                                                      std::function<std::string()> text);
  ~MetricsServer();
  int port() const;

 private:
  struct Impl;
  explicit MetricsServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
