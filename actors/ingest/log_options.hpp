#pragma once

#include <leat/describe.hpp>
#include <leat/fields.hpp>
#include <leat/ingest_log.hpp>

namespace leat {

/// The option `log` of sources whose input can't be asked for again.
struct LogConfig {
  WrittenPath path;
  Bytes size{1u << 30};
  Duration age = std::chrono::hours(7 * 24);
  Bytes segment{64u << 20};
};

Fields<LogConfig> log_fields();
void describe_log(const LogConfig& config, Describe& describe);
IngestLogOptions to_log_options(const LogConfig& config);

template <class Config>
FieldSpec log_group(std::optional<LogConfig> Config::*member) {
  FieldSpec spec =
      group("log", member, log_fields(),
            "Where what comes in is kept, before it is acknowledged and until it was processed.");
  spec.info.required = true;
  spec.info.example = "{ path: var/events }";
  return spec;
}

}  // namespace leat
