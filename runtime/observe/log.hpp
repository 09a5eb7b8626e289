#pragma once

#include <leat/context.hpp>
#include <memory>

namespace leat {

/// What a process says while it runs: lines on stderr with time, level and actor, coloured on a terminal
/// (spdlog's sink). Any thread.
class Log {
 public:
  Log();
  ~Log();
  Log(Log&&) noexcept;
  void write(LogLevel level, const std::string& actor, const std::string& message) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace leat
