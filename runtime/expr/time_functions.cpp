#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <leat/units.hpp>

#include "expr/functions.hpp"

namespace leat::expr {
namespace {

using Arguments = std::span<const Value>;
using enum TypeKind;
namespace chrono = std::chrono;

// "UTC", "Z" and fixed offsets; names would need the system's time zone database.
Result<Duration> offset_of(const std::string& zone) {
  std::string_view text = zone;
  if (text == "UTC" || text == "Z") return Duration(0);
  const bool west = text.starts_with('-');
  if (west || text.starts_with('+')) text.remove_prefix(1);
  int hours = 0, minutes = 0;
  const auto digits = [](std::string_view part, int& value) {
    return part.size() == 2 && std::from_chars(part.data(), part.data() + 2, value).ptr == part.data() + 2;
  };
  if (text.size() != 5 || text[2] != ':' || !digits(text.substr(0, 2), hours) ||
      !digits(text.substr(3), minutes) || hours > 23 || minutes > 59)
    return failed(fmt::format("time zone `{}`: only UTC and offsets like `+01:00` are supported", zone));
  const Duration offset = chrono::hours(hours) + chrono::minutes(minutes);
  return west ? -offset : offset;
}

enum class Part : std::uint8_t {
  year,
  month,
  day_of_month,
  date,
  day_of_week,
  day_of_year,
  hours,
  minutes,
  seconds,
  milliseconds
};

std::int64_t part_of(Time time, Part part) {
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(time - day);
  switch (part) {
    case Part::year:
      return static_cast<int>(date.year());
    case Part::month:
      return static_cast<unsigned>(date.month()) - 1;
    case Part::day_of_month:
      return static_cast<unsigned>(date.day()) - 1;
    case Part::date:
      return static_cast<unsigned>(date.day());
    case Part::day_of_week:
      return chrono::weekday(day).c_encoding();
    case Part::day_of_year:
      return (day - chrono::sys_days(date.year() / 1 / 1)).count();
    case Part::hours:
      return clock.hours().count();
    case Part::minutes:
      return clock.minutes().count();
    case Part::seconds:
      return clock.seconds().count();
    case Part::milliseconds:
      return clock.subseconds().count() / 1000;
  }
  return 0;
}

template <Part part>
Result<Value> time_part(Arguments a) {
  Time time = *a[0].as<Time>();
  if (a.size() > 1) {
    LEAT_TRY_ASSIGN(const Duration offset, offset_of(*a[1].as<std::string>()));
    time += offset;
  }
  return part_of(time, part);
}

// Whole durations in a unit; milliseconds are the rest below a second, as CEL defines it.
template <class Unit>
Result<Value> whole(Arguments a) {
  return static_cast<std::int64_t>(chrono::duration_cast<Unit>(*a[0].as<Duration>()).count());
}
Result<Value> milliseconds_rest(Arguments a) {
  return a[0].as<Duration>()->count() % 1'000'000 / 1000;
}

Result<Value> to_timestamp(Arguments a) {
  if (a[0].as<Time>()) return a[0];
  Time time{};
  if (const auto* seconds = a[0].as<std::int64_t>()) {
    constexpr std::int64_t kMost = 400'000'000'000;
    if (*seconds > kMost || *seconds < -kMost) return failed("the timestamp is out of range");
    time = Time(chrono::seconds(*seconds));
  } else {
    const Result<Time> parsed = parse_time(*a[0].as<std::string>());
    if (!parsed) return failed(parsed.error().message);
    time = *parsed;
  }
  if (!in_range(time)) return failed("the timestamp is out of range");
  return time;
}

// CEL's form: signed decimal numbers with units h, m, s, ms, us, ns.
Result<Value> to_duration(Arguments a) {
  if (a[0].as<Duration>()) return a[0];
  const std::string& whole_text = *a[0].as<std::string>();
  std::string_view text = whole_text;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  constexpr std::pair<std::string_view, double> kUnits[] = {{"h", 3.6e9}, {"ms", 1e3}, {"m", 6e7},
                                                            {"s", 1e6},   {"us", 1},   {"ns", 1e-3}};
  double micros = 0;
  if (text.empty()) return failed("`duration` can't convert an empty string");
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || number < 0)
      return failed(fmt::format("`duration` can't convert `{}`", whole_text));
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    bool known = false;
    for (const auto& [unit, factor] : kUnits)
      if (!known && text.starts_with(unit)) {
        micros += number * factor;
        text.remove_prefix(unit.size());
        known = true;
      }
    if (!known) return failed(fmt::format("`duration` can't convert `{}`", whole_text));
  }
  if (micros > 9e18) return failed("the duration is out of range");
  return Duration((negative ? -1 : 1) * std::llround(micros));
}

}  // namespace

void add_time_functions(std::vector<Function>& list) {
  const StaticType result{integer, dyn, false};
  const auto part = [&](std::string_view name, auto call) {
    list.push_back({name, true, {timestamp}, result, call});
    list.push_back({name, true, {timestamp, string}, result, call});
  };
  part("getFullYear", time_part<Part::year>);
  part("getMonth", time_part<Part::month>);
  part("getDayOfMonth", time_part<Part::day_of_month>);
  part("getDate", time_part<Part::date>);
  part("getDayOfWeek", time_part<Part::day_of_week>);
  part("getDayOfYear", time_part<Part::day_of_year>);
  part("getHours", time_part<Part::hours>);
  part("getMinutes", time_part<Part::minutes>);
  part("getSeconds", time_part<Part::seconds>);
  part("getMilliseconds", time_part<Part::milliseconds>);
  list.push_back({"getHours", true, {duration}, result, whole<chrono::hours>});
  list.push_back({"getMinutes", true, {duration}, result, whole<chrono::minutes>});
  list.push_back({"getSeconds", true, {duration}, result, whole<chrono::seconds>});
  list.push_back({"getMilliseconds", true, {duration}, result, milliseconds_rest});
  for (const TypeKind kind : {integer, string, timestamp})
    list.push_back({"timestamp", false, {kind}, {timestamp, dyn, false}, to_timestamp});
  for (const TypeKind kind : {string, duration})
    list.push_back({"duration", false, {kind}, {duration, dyn, false}, to_duration});
}

}  // namespace leat::expr
