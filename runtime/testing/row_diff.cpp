#include "testing/row_diff.hpp"

#include <algorithm>
#include <cmath>
#include <leat/codec.hpp>
#include <set>

namespace leat {
namespace {

// Beyond this many pairs, rows are compared position by position: the diff is longer than it need be.
constexpr std::size_t kPairsMax = 4'000'000;

std::size_t value_end(std::string_view json, std::size_t at);

std::size_t string_end(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at)
    if (json[at] == '\\') ++at;
  return at + 1;
}

// Behind the value that begins at `at`; the text is well-formed and has no blanks.
std::size_t value_end(std::string_view json, std::size_t at) {
  if (json[at] == '"') return string_end(json, at);
  if (json[at] != '{' && json[at] != '[') return std::min(json.find_first_of(",]}", at), json.size());
  int depth = 0;
  do {
    if (json[at] == '"') {
      at = string_end(json, at);
      continue;
    }
    depth += json[at] == '{' || json[at] == '[';
    depth -= json[at] == '}' || json[at] == ']';
    ++at;
  } while (depth > 0 && at < json.size());
  return at;
}

// The same JSON value with the keys of all maps sorted.
std::string sorted_json(std::string_view json) {
  if (json.size() < 2 || (json.front() != '{' && json.front() != '[')) return std::string(json);
  const bool map = json.front() == '{';
  std::vector<std::string> parts;
  for (std::size_t at = 1; at + 1 < json.size(); ++at) {
    std::string part;
    if (map) {
      const std::size_t key_end = string_end(json, at) + 1;  // with the colon
      part = json.substr(at, key_end - at);
      at = key_end;
    }
    const std::size_t end = value_end(json, at);
    parts.push_back(part + sorted_json(json.substr(at, end - at)));
    at = end;
  }
  if (map) std::ranges::sort(parts);
  std::string out(1, json.front());
  for (const std::string& part : parts) out += (out.size() > 1 ? "," : "") + part;
  return out + json.back();
}

std::string any_text(std::string_view bytes) {
  const Result<std::string> json = msgpack_to_json(bytes);
  return json ? sorted_json(*json) : std::string(bytes);
}

bool same_floats(std::span<const float> a, std::span<const float> b) {
  return std::ranges::equal(a, b,
                            [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

bool same_double(double a, double b, double within) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b || std::abs(a - b) <= within;
}

class Comparison {
 public:
  Comparison(const TestRows& expected, const Batch& received, const RowRule& rule)
      : expected_(expected), received_(received), rule_(rule) {
    std::set<std::size_t> named;
    for (const auto& columns : expected.named) named.insert(columns.begin(), columns.end());
    shown_.assign(named.begin(), named.end());
  }

  RowDiff run() {
    if (rule_.unordered)
      any_order();
    else
      in_order();
    return std::move(diff_);
  }

 private:
  bool same(std::uint32_t wanted, std::uint32_t came) const {
    const auto fits = [&](std::size_t column) {
      return same_value(expected_.batch.column(column), wanted, received_.column(column), came, rule_.within);
    };
    if (!expected_.named.empty()) return std::ranges::all_of(expected_.named[wanted], fits);
    for (std::size_t column = 0; column < received_.columns().size(); ++column)
      if (!fits(column)) return false;
    return true;
  }

  void both(std::uint32_t came) { diff_.lines.push_back("  " + row_text(received_, came, shown_)); }
  void missing(std::uint32_t wanted) {
    diff_.equal = false;
    diff_.lines.push_back(
        "- " + row_text(expected_.batch, wanted, expected_.named.empty() ? shown_ : expected_.named[wanted]));
  }
  void surplus(std::uint32_t came) {
    diff_.equal = false;
    diff_.lines.push_back("+ " + row_text(received_, came, shown_));
  }

  // The longest common subsequence between equal beginnings and equal ends.
  void in_order() {
    std::uint32_t wanted = 0, came = 0, wanted_end = expected_.size(), came_end = received_.row_count();
    for (; wanted < wanted_end && came < came_end && same(wanted, came); ++wanted) both(came++);
    std::uint32_t tail = 0;
    for (; wanted < wanted_end && came < came_end && same(wanted_end - 1, came_end - 1); ++tail)
      --wanted_end, --came_end;
    middle(wanted, wanted_end, came, came_end);
    for (std::uint32_t at = 0; at < tail; ++at) both(came_end + at);
  }

  void middle(std::uint32_t wanted, std::uint32_t wanted_end, std::uint32_t came, std::uint32_t came_end) {
    const std::size_t rows = wanted_end - wanted, columns = came_end - came;
    if (rows * columns > kPairsMax) {
      for (; wanted < wanted_end; ++wanted) missing(wanted);
      for (; came < came_end; ++came) surplus(came);
      return;
    }
    const std::size_t width = columns + 1;
    std::vector<std::uint32_t> length((rows + 1) * width, 0);  // of what is common from here on
    for (std::size_t i = rows; i-- > 0;)
      for (std::size_t j = columns; j-- > 0;)
        length[i * width + j] =
            same(wanted + static_cast<std::uint32_t>(i), came + static_cast<std::uint32_t>(j))
                ? length[(i + 1) * width + j + 1] + 1
                : std::max(length[(i + 1) * width + j], length[i * width + j + 1]);
    std::size_t i = 0, j = 0;
    while (i < rows || j < columns) {
      const auto row = wanted + static_cast<std::uint32_t>(i), other = came + static_cast<std::uint32_t>(j);
      if (i < rows && j < columns && same(row, other)) {
        both(other);
        ++i, ++j;
      } else if (i < rows && (j == columns || length[(i + 1) * width + j] >= length[i * width + j + 1])) {
        missing(row);
        ++i;
      } else {
        surplus(other);
        ++j;
      }
    }
  }

  // A largest matching (augmenting paths): with partial rows, one received row may fit several expected ones.
  void any_order() {
    const std::uint32_t wanted = expected_.size(), came = received_.row_count();
    std::vector<std::uint32_t> owner(came, UINT32_MAX);
    std::vector<bool> tried;
    const auto place = [&](const auto& self, std::uint32_t row) -> bool {
      for (std::uint32_t at = 0; at < came; ++at) {
        if (tried[at] || !same(row, at)) continue;
        tried[at] = true;
        if (owner[at] == UINT32_MAX || (!expected_.named.empty() && self(self, owner[at]))) {
          owner[at] = row;
          return true;
        }
      }
      return false;
    };
    for (std::uint32_t row = 0; row < wanted; ++row) {
      tried.assign(came, false);
      if (!place(place, row)) missing(row);
    }
    for (std::uint32_t at = 0; at < came; ++at)
      if (owner[at] == UINT32_MAX) surplus(at);
  }

  const TestRows& expected_;
  const Batch& received_;
  const RowRule& rule_;
  std::vector<std::size_t> shown_;  // columns that some expected row names; empty: all
  RowDiff diff_;
};

}  // namespace

bool same_value(const Column& a, std::uint32_t row_a, const Column& b, std::uint32_t row_b, double within) {
  if (a.is_null(row_a) || b.is_null(row_b)) return a.is_null(row_a) && b.is_null(row_b);
  switch (a.type()) {
    case Type::boolean:
      return a.boolean(row_a) == b.boolean(row_b);
    case Type::int64:
    case Type::timestamp:
      return a.int64(row_a) == b.int64(row_b);
    case Type::float64:
      return same_double(a.float64(row_a), b.float64(row_b), within);
    case Type::float32_list:
      return same_floats(a.floats(row_a), b.floats(row_b));
    case Type::any:
      return a.text(row_a) == b.text(row_b) || any_text(a.text(row_a)) == any_text(b.text(row_b));
    case Type::string:
    case Type::bytes:
      break;
  }
  return a.text(row_a) == b.text(row_b);
}

std::string row_text(const Batch& batch, std::uint32_t row, const std::vector<std::size_t>& columns) {
  std::string text;
  if (columns.empty()) {
    write_json(batch, row, text);
    return text;
  }
  std::vector<Field> fields;
  std::vector<Column> values;
  for (const std::size_t column : columns) {
    fields.push_back((*batch.schema())[column]);
    values.push_back(batch.column(column));
  }
  write_json(Batch(Schema::make(std::move(fields)), std::move(values), batch.row_count()), row, text);
  return text;
}

RowDiff compare_rows(const TestRows& expected, const Batch& received, const RowRule& rule) {
  return Comparison(expected, received, rule).run();
}

}  // namespace leat
