#include <fmt/format.h>

#include <charconv>
#include <leat/ingest_log.hpp>

namespace leat {

Result<LogPosition> LogPosition::parse(std::string_view text) {
  if (text == "oldest") return LogPosition{Kind::oldest, 0, {}};
  if (text == "latest") return LogPosition{Kind::latest, 0, {}};
  std::uint64_t offset = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, offset);
  if (!text.empty() && stop == end && error == std::errc()) return LogPosition{Kind::offset, offset, {}};
  if (const Result<Time> time = parse_time(text)) return LogPosition{Kind::time, 0, *time};
  return fail(
      Code::bad_value,
      fmt::format(
          "`{}` is no position in a log: write oldest, latest, an offset such as 1500, or a time such "
          "as 2026-01-31T08:00:00Z",
          text));
}

}  // namespace leat
