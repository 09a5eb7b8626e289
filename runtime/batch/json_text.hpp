#pragma once

#include <leat/clock.hpp>
#include <string>

namespace leat {

/// The shortest text that reads back as this number; a whole one keeps its point ("2.0"), so that a reader
/// sees its type. NaN and infinities are null.
void write_json_number(double value, std::string& out);

/// RFC 3339 in quotes; microseconds as a number where there is no such text.
void write_json_time(Time time, std::string& out);

}  // namespace leat
