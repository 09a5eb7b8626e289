#pragma once

#include <leat/clock.hpp>
#include <leat/result.hpp>

namespace leat {

/// A size in bytes; prints and parses as "64MiB".
struct Bytes {
  std::uint64_t count = 0;
  friend bool operator==(Bytes, Bytes) = default;
};

/// A number of rows; prints and parses as "10k" or "10k rows".
struct Rows {
  std::uint64_t count = 0;
  friend bool operator==(Rows, Rows) = default;
};

/// A rate; parses as "500/s", "10k/s", "3/m". Zero means unlimited ("max").
struct Rate {
  double per_second = 0;
  friend bool operator==(Rate, Rate) = default;
};

Result<Bytes> parse_bytes(std::string_view text);  ///< B, kB, MB, GB, KiB, MiB, GiB; a bare number is refused
Result<Rows> parse_rows(std::string_view text);    ///< 10k, 2M, 500 rows, 500
Result<Duration> parse_duration(
    std::string_view text);  ///< us, ms, s, m, h, d; also "1h30m"; a bare number is refused
Result<Rate> parse_rate(std::string_view text);
Result<Time> parse_time(std::string_view text);  ///< RFC 3339 with zone, years 1 to 9999

std::string to_text(Bytes bytes);
std::string to_text(Rows rows);
std::string to_text(Rate rate);
std::string to_text(Duration duration);

}  // namespace leat
