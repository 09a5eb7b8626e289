#include "ingest/log_options.hpp"

#include <fmt/format.h>

namespace leat {

Fields<LogConfig> log_fields() {
  return {
      required("path", &LogConfig::path, "Folder of the log; this actor's alone.").example("var/events"),
      optional("size", &LogConfig::size,
               "Most bytes on disk. What was processed makes room; when nothing was, senders have to wait."),
      optional("age", &LogConfig::age,
               "What was processed is deleted when it is older, even if there is room."),
      optional("segment", &LogConfig::segment, "Size of one file; records are deleted a file at a time."),
  };
}

void describe_log(const LogConfig& config, Describe& describe) {
  const auto wrong = [&](std::string_view option, std::string message) {
    describe.problem(Code::bad_value, describe.place_of(fmt::format("log.{}", option)), std::move(message));
  };
  if (config.segment.count < (64u << 10) || config.segment.count > (256u << 20))
    wrong("segment", "`segment` must be from 64KiB to 256MiB");
  else if (config.size.count < 2 * config.segment.count)
    wrong("size", fmt::format("`size` must have room for two segments: at least {}",
                              to_text(Bytes{2 * config.segment.count})));
  if (config.age <= Duration(0)) wrong("age", "`age` must be more than nothing");
}

IngestLogOptions to_log_options(const LogConfig& config) {
  IngestLogOptions options;
  options.folder = config.path.text;
  options.segment_bytes = config.segment.count;
  options.bytes_max = config.size.count;
  options.age_max = config.age;
  return options;
}

}  // namespace leat
