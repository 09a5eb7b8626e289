#include "record/comparison.hpp"

#include <algorithm>
#include <leat/codec.hpp>

namespace leat {
namespace {

constexpr std::size_t kEntryBytes = 64;  // of the map, besides the text

}  // namespace

RowComparison::RowComparison(std::string port, const Schema& recorded, const Schema& now,
                             const std::vector<std::string>& ignored) {
  drift_.port = std::move(port);
  std::vector<Field> common;
  for (std::size_t at = 0; at < recorded.size(); ++at) {
    const Field& field = recorded[at];
    if (std::ranges::find(ignored, field.name) != ignored.end()) continue;
    const auto other = now.index_of(field.name);
    if (!other || now[*other].type != field.type) continue;
    recorded_columns_.push_back(at);
    came_columns_.push_back(*other);
    common.push_back({field.name, field.type, true});
  }
  const auto counted = [&](const Schema& schema) {
    return static_cast<std::size_t>(std::ranges::count_if(schema.fields(), [&](const Field& field) {
      return std::ranges::find(ignored, field.name) == ignored.end();
    }));
  };
  if (common.size() != counted(recorded) || common.size() != counted(now))
    drift_.fields = "recorded " + recorded.text() + ", now " + now.text();
  common_ = Schema::make(std::move(common));
}

void RowComparison::add(const Batch& rows, const std::vector<std::size_t>& columns, int sign) {
  if (rows.empty() || columns.empty()) return;
  std::vector<Column> chosen;
  chosen.reserve(columns.size());
  for (const std::size_t column : columns) chosen.push_back(rows.column(column));
  const Batch shown(common_, std::move(chosen), rows.row_count());
  std::string text;
  for (std::uint32_t row = 0; row < rows.row_count(); ++row) {
    text.clear();
    write_json(shown, row, text);
    const auto found = open_.find(text);
    if (found != open_.end()) {
      if ((found->second > 0) != (sign > 0)) ++drift_.same;
      found->second += sign;
      if (found->second != 0) continue;
      open_bytes_ -= text.size() + kEntryBytes;
      open_.erase(found);
    } else if (open_bytes_ + text.size() + kEntryBytes > kHeldBytesMax) {
      // What is counted here may yet have had a partner: the report says that it stopped looking.
      drift_.too_many = true;
      ++(sign > 0 ? drift_.extra : drift_.missing);
    } else {
      open_bytes_ += text.size() + kEntryBytes;
      open_.emplace(text, sign);
    }
  }
}

PortDrift RowComparison::finish(std::size_t lines_max) const {
  PortDrift drift = drift_;
  for (const auto& [text, count] : open_) {
    (count > 0 ? drift.extra : drift.missing) += static_cast<std::uint64_t>(std::abs(count));
    drift.lines.push_back((count > 0 ? "+ " : "- ") + text);
  }
  const auto later = [](const std::string& a, const std::string& b) {
    return std::pair(std::string_view(a).substr(2), a[0] == '+') <
           std::pair(std::string_view(b).substr(2), b[0] == '+');
  };
  const std::size_t shown = std::min(lines_max, drift.lines.size());
  std::ranges::partial_sort(drift.lines, drift.lines.begin() + static_cast<std::ptrdiff_t>(shown), later);
  drift.lines.resize(shown);
  return drift;
}

}  // namespace leat
