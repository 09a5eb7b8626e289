#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <iterator>
#include <leat/codec.hpp>
#include <leat/units.hpp>

#include "batch/base64.hpp"

namespace leat {
namespace {

constexpr std::size_t kNoColumn = SIZE_MAX;

Failure malformed(std::string message) {
  return fail(Code::malformed_record, std::move(message));
}

template <class Number>
bool parse_number(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

// "[1.5,2]", as write_csv writes it; blanks may stand around the numbers.
std::optional<std::vector<float>> parse_floats(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::vector<float> floats;
  if (text.find_first_not_of(' ') == std::string_view::npos) return floats;
  for (;;) {
    const std::size_t comma = text.find(',');
    std::string_view number = text.substr(0, comma);
    while (number.starts_with(' ')) number.remove_prefix(1);
    while (number.ends_with(' ')) number.remove_suffix(1);
    float value = 0;
    if (!parse_number(number, value)) return std::nullopt;
    floats.push_back(value);
    if (comma == std::string_view::npos) return floats;
    text.remove_prefix(comma + 1);
  }
}

// What an error message quotes of a cell: short, and always text.
std::string shown(std::string_view cell) {
  std::size_t end = std::min<std::size_t>(cell.size(), 40);
  while (end < cell.size() && (cell[end] & 0xc0) == 0x80) --end;  // not inside a character
  std::string text(cell.substr(0, end));
  if (!is_utf8(text))
    for (char& character : text)
      if ((character & 0x80) != 0) character = '?';
  return end < cell.size() ? text + "..." : text;
}

void write_cell(std::string_view text, CsvRows::Format format, std::string& out) {
  bool plain = !text.empty();
  for (const char character : text)
    plain &=
        character != format.delimiter && character != format.quote && character != '\n' && character != '\r';
  if (plain) {
    out.append(text);
    return;
  }
  out += format.quote;
  for (const char character : text) {
    if (character == format.quote) out += format.quote;
    out += character;
  }
  out += format.quote;
}

}  // namespace

CsvRows::CsvRows(SchemaPtr schema, Format format)
    : schema_(std::move(schema)), format_(format), columns_(schema_->size()) {
  for (std::size_t field = 0; field < schema_->size(); ++field) column_of_field_.push_back(field);
}

Status CsvRows::header(std::string_view record) {
  LEAT_TRY(split(record));
  columns_ = cells_.size();
  for (std::size_t field = 0; field < schema_->size(); ++field) {
    column_of_field_[field] = kNoColumn;
    for (std::size_t column = 0; column < cells_.size(); ++column) {
      if (cells_[column].text != (*schema_)[field].name) continue;
      if (column_of_field_[field] != kNoColumn)
        return malformed(fmt::format("two columns are called `{}`", cells_[column].text));
      column_of_field_[field] = column;
    }
    if (column_of_field_[field] == kNoColumn && !(*schema_)[field].nullable)
      return malformed(fmt::format("no column `{}` in the header", (*schema_)[field].name));
  }
  return {};
}

Status CsvRows::split(std::string_view record) {
  cells_.clear();
  unquoted_.clear();
  unquoted_.reserve(record.size());  // so that views into it stay
  std::size_t at = 0;
  for (;;) {
    if (at < record.size() && record[at] == format_.quote) {
      const std::size_t begin = unquoted_.size();
      for (++at;; ++at) {
        if (at >= record.size())
          return malformed(fmt::format("column {}: the quote is never closed", cells_.size() + 1));
        if (record[at] == format_.quote && (at + 1 >= record.size() || record[at + 1] != format_.quote))
          break;
        if (record[at] == format_.quote) ++at;
        unquoted_ += record[at];
      }
      ++at;
      if (at < record.size() && record[at] != format_.delimiter)
        return malformed(fmt::format("column {}: text after the closing quote", cells_.size() + 1));
      cells_.push_back({std::string_view(unquoted_).substr(begin), true});
    } else {
      const std::size_t end = std::min(record.find(format_.delimiter, at), record.size());
      const std::string_view cell = record.substr(at, end - at);
      if (cell.find(format_.quote) != std::string_view::npos)
        return malformed(fmt::format("column {}: a quote inside an unquoted value", cells_.size() + 1));
      cells_.push_back({cell, false});
      at = end;
    }
    if (at >= record.size()) return {};
    ++at;  // the delimiter
  }
}

Status CsvRows::append(const Field& field, std::string_view cell, bool quoted, ColumnBuilder& column) const {
  if (cell.empty() && !quoted && (field.nullable || field.type != Type::string)) {
    if (!field.nullable) return fail(Code::missing_value, fmt::format("column `{}` is empty", field.name));
    column.append_null();
    return {};
  }
  switch (field.type) {
    case Type::string:
      if (!is_utf8(cell)) return malformed(fmt::format("column `{}` is not UTF-8", field.name));
      column.append(cell);
      return {};
    case Type::int64: {
      std::int64_t value = 0;
      if (!parse_number(cell, value)) break;
      column.append(value);
      return {};
    }
    case Type::float64: {
      double value = 0;
      if (!parse_number(cell, value)) break;
      column.append(value);
      return {};
    }
    case Type::boolean:
      if (cell != "true" && cell != "false") break;
      column.append(cell == "true");
      return {};
    case Type::timestamp: {
      std::int64_t micros = 0;
      if (parse_number(cell, micros)) {
        column.append(micros);
        return {};
      }
      const Result<Time> time = parse_time(cell);
      if (!time) break;
      column.append(*time);
      return {};
    }
    case Type::bytes: {
      const auto bytes = from_base64(cell);
      if (!bytes) break;
      column.append(std::string_view(*bytes));
      return {};
    }
    case Type::any:
      if (!is_utf8(cell)) return malformed(fmt::format("column `{}` is not UTF-8", field.name));
      column.append(std::string_view(to_msgpack(cell)));
      return {};
    case Type::float32_list: {
      const auto floats = parse_floats(cell);
      if (!floats) break;
      column.append(std::span<const float>(*floats));
      return {};
    }
  }
  return malformed(
      fmt::format("column `{}`: `{}` is not a {}", field.name, shown(cell), to_text(field.type)));
}

Status CsvRows::read(std::string_view record, BatchBuilder& rows) {
  LEAT_TRY(split(record));
  if (cells_.size() != columns_)
    return malformed(fmt::format("{} columns, expected {}", cells_.size(), columns_));
  const std::uint32_t rows_before = rows.row_count();
  for (std::size_t at = 0; at < schema_->size(); ++at) {
    const std::size_t column = column_of_field_[at];
    Status status;
    if (column == kNoColumn)
      rows.column(at).append_null();
    else
      status = append((*schema_)[at], cells_[column].text, cells_[column].quoted, rows.column(at));
    if (!status) {
      rows.truncate(rows_before);
      return status;
    }
  }
  return {};
}

void write_csv(const Batch& batch, std::uint32_t row, CsvRows::Format format, std::string& out) {
  for (std::size_t at = 0; at < batch.columns().size(); ++at) {
    if (at != 0) out += format.delimiter;
    const Column& column = batch.column(at);
    if (column.is_null(row)) continue;
    switch (column.type()) {
      case Type::string:
        write_cell(column.text(row), format, out);
        break;
      case Type::boolean:
        out += column.boolean(row) ? "true" : "false";
        break;
      case Type::int64:
        fmt::format_to(std::back_inserter(out), "{}", column.int64(row));
        break;
      case Type::float64:
        fmt::format_to(std::back_inserter(out), "{}", column.float64(row));
        break;
      case Type::timestamp:
        out += to_text(Time(Duration(column.int64(row))));
        break;
      case Type::bytes: {
        std::string text;
        write_base64(column.text(row), text);
        write_cell(text, format, out);
        break;
      }
      case Type::any:
        write_cell(msgpack_to_json(column.text(row)).value_or(""), format, out);
        break;
      case Type::float32_list:
        write_cell(fmt::format("[{}]", fmt::join(column.floats(row), ",")), format, out);
        break;
    }
  }
}

void write_csv_header(const Schema& schema, CsvRows::Format format, std::string& out) {
  for (std::size_t at = 0; at < schema.size(); ++at) {
    if (at != 0) out += format.delimiter;
    write_cell(schema[at].name, format, out);
  }
}

}  // namespace leat
