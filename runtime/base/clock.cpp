#include <fmt/format.h>

#include <leat/clock.hpp>

namespace leat {
namespace {

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::floor<Duration>(std::chrono::system_clock::now()); }
  Instant steady() const override { return std::chrono::steady_clock::now(); }
};

// Years 1 to 9999: what RFC 3339 and `parse_time` know.
bool has_calendar_date(Time time) {
  using std::chrono::January, std::chrono::sys_days, std::chrono::year;
  return time >= sys_days(year(1) / January / 1) && time < sys_days(year(10000) / January / 1);
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string to_text(Time time) {
  using std::chrono::days, std::chrono::floor, std::chrono::seconds;
  if (!has_calendar_date(time)) return fmt::format("{}", time.time_since_epoch().count());
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    text += fmt::format(".{:06}", fraction);
    while (text.back() == '0') text.pop_back();
  }
  return text + "Z";
}

}  // namespace leat
