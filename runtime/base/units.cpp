#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <leat/units.hpp>
#include <optional>
#include <string_view>

namespace leat {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 7> kByteUnits{{{"B", 1},
                                          {"kB", 1e3},
                                          {"MB", 1e6},
                                          {"GB", 1e9},
                                          {"KiB", 1024},
                                          {"MiB", 1024. * 1024},
                                          {"GiB", 1024. * 1024 * 1024}}};
constexpr std::array<Unit, 7> kDurationUnits{
    {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 6e7}, {"h", 3.6e9}, {"d", 8.64e10}, {"min", 6e7}}};
constexpr std::array<Unit, 4> kCountUnits{{{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}}};

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Takes "12.5" off the front.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || !std::isfinite(value) || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// Takes the letters at the front: a unit's name.
std::string_view take_word(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && ((text[length] | 0x20) >= 'a' && (text[length] | 0x20) <= 'z')) ++length;
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

template <std::size_t N>
const Unit* find_unit(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return &unit;
  return nullptr;
}

Failure bad(std::string_view text, std::string_view wanted) {
  return fail(Code::bad_value, fmt::format("`{}` is not {}", text, wanted));
}

// A number and one unit of the table, nothing else.
template <std::size_t N>
std::optional<double> scaled(std::string_view text, const std::array<Unit, N>& units,
                             std::string_view suffix = {}) {
  text = trim(text);
  if (!suffix.empty() && text.ends_with(suffix)) text = trim(text.substr(0, text.size() - suffix.size()));
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  text = trim(text);
  const Unit* unit = find_unit(units, take_word(text));
  if (unit == nullptr || !text.empty()) return std::nullopt;
  const double value = *number * unit->factor;
  if (value > 9e18) return std::nullopt;
  return value;
}

constexpr std::string_view kDurationHelp =
    "a duration; write a number and a unit, like 250ms, 5s, 1m, 2h or 1h30m";

std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) return std::nullopt;
  for (std::size_t at = 0; at < count; ++at) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    value = value * 10 + (text[at] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take_char(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// ".123456": up to nine digits, of which six count.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  if (!take_char(text, ".")) return 0;
  std::int64_t micros = 0;
  std::size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits)
    if (digits < 6) micros = micros * 10 + (text.front() - '0');
  if (digits == 0 || digits > 9) return std::nullopt;
  for (; digits < 6; ++digits) micros *= 10;
  return micros;
}

// "Z" or "+01:30", in minutes.
std::optional<int> take_zone(std::string_view& text) {
  if (take_char(text, "Zz")) return 0;
  const bool west = !text.empty() && text.front() == '-';
  if (!take_char(text, "+-")) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || !take_char(text, ":")) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (*hours * 60 + *minutes);
}

// In the largest unit that leaves no fraction.
template <std::size_t N>
std::string best_unit(std::uint64_t value, const std::array<Unit, N>& units) {
  const Unit* best = &units[0];
  const auto factor = [](const Unit& unit) { return static_cast<std::uint64_t>(unit.factor); };
  for (const Unit& unit : units)
    if (value != 0 && unit.factor > best->factor && value % factor(unit) == 0) best = &unit;
  return fmt::format("{}{}", value / factor(*best), best->name);
}

}  // namespace

Result<Bytes> parse_bytes(std::string_view text) {
  const auto value = scaled(text, kByteUnits);
  if (!value) return bad(text, "a size; write a number and a unit, like 64MiB or 10kB");
  return Bytes{static_cast<std::uint64_t>(*value)};
}

Result<Rows> parse_rows(std::string_view text) {
  const auto value = scaled(text, kCountUnits, "rows");
  if (!value || *value != std::floor(*value)) return bad(text, "a number of rows; write 500, 10k or 2M");
  return Rows{static_cast<std::uint64_t>(*value)};
}

Result<Duration> parse_duration(std::string_view text) {
  std::string_view rest = trim(text);
  double total = 0;
  if (rest == "0") return Duration(0);
  do {
    const auto number = take_number(rest);
    const Unit* unit = number ? find_unit(kDurationUnits, take_word(rest)) : nullptr;
    if (unit == nullptr) return bad(text, kDurationHelp);
    total += *number * unit->factor;
  } while (!rest.empty());
  if (total > 9e18) return bad(text, kDurationHelp);
  return Duration(static_cast<std::int64_t>(std::llround(total)));
}

Result<Rate> parse_rate(std::string_view text) {
  constexpr std::string_view kHelp = "a rate; write 500/s, 10k/s, 3/m or max";
  const std::string_view whole = trim(text);
  if (whole == "max") return Rate{};
  const std::size_t slash = whole.find('/');
  if (slash == std::string_view::npos) return bad(text, kHelp);
  const auto count = scaled(whole.substr(0, slash), kCountUnits, "rows");
  const Unit* unit = find_unit(kDurationUnits, trim(whole.substr(slash + 1)));
  if (!count || *count <= 0 || unit == nullptr) return bad(text, kHelp);
  return Rate{*count * 1e6 / unit->factor};
}

Result<Time> parse_time(std::string_view text) {
  using std::chrono::day, std::chrono::month, std::chrono::sys_days, std::chrono::year,
      std::chrono::year_month_day;
  constexpr std::string_view kHelp = "a time; write 2026-11-21T04:50:00Z, years 0001 to 9999, with a zone";
  std::string_view rest = text;
  const auto y = take_digits(rest, 4);
  if (!y || !take_char(rest, "-")) return bad(text, kHelp);
  const auto mo = take_digits(rest, 2);
  if (!mo || !take_char(rest, "-")) return bad(text, kHelp);
  const auto d = take_digits(rest, 2);
  if (!d || !take_char(rest, "Tt ")) return bad(text, kHelp);
  const auto h = take_digits(rest, 2);
  if (!h || !take_char(rest, ":")) return bad(text, kHelp);
  const auto mi = take_digits(rest, 2);
  if (!mi || !take_char(rest, ":")) return bad(text, kHelp);
  const auto s = take_digits(rest, 2);
  const auto fraction = s ? take_fraction(rest) : std::nullopt;
  const auto zone = fraction ? take_zone(rest) : std::nullopt;
  const year_month_day date{year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d))};
  if (!zone || !rest.empty() || !date.ok() || *y < 1 || *h > 23 || *mi > 59 || *s > 59)
    return bad(text, kHelp);
  const Duration clock =
      std::chrono::hours(*h) + std::chrono::minutes(*mi - *zone) + std::chrono::seconds(*s);
  return Time(sys_days(date).time_since_epoch() + clock + Duration(*fraction));
}

std::string to_text(Bytes bytes) {
  return best_unit(bytes.count, kByteUnits);
}
std::string to_text(Rows rows) {
  return best_unit(rows.count, kCountUnits);
}

std::string to_text(Rate rate) {
  return rate.per_second == 0 ? "max" : fmt::format("{}/s", rate.per_second);
}

std::string to_text(Duration duration) {
  constexpr std::array<Unit, 6> kUnits{
      {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 6e7}, {"h", 3.6e9}, {"d", 8.64e10}}};
  const auto count = static_cast<std::uint64_t>(duration.count());
  return duration.count() < 0 ? "-" + best_unit(0 - count, kUnits) : best_unit(count, kUnits);
}

}  // namespace leat
