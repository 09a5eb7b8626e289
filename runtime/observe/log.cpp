#include "observe/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace leat {

struct Log::Impl {
  spdlog::logger logger{"leat", std::make_shared<spdlog::sinks::stderr_color_sink_mt>()};
};

Log::Log() : impl_(std::make_unique<Impl>()) {
  impl_->logger.set_pattern("%H:%M:%S.%e %^%l%$ %v");
}
Log::~Log() = default;
Log::Log(Log&&) noexcept = default;

void Log::write(LogLevel level, const std::string& actor, const std::string& message) const {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn, spdlog::level::err};
  impl_->logger.log(kLevels[static_cast<int>(level)], "{}{}{}", actor, actor.empty() ? "" : ": ", message);
}

}  // namespace leat
