#include <fmt/format.h>
#include <simdjson.h>

#include <leat/codec.hpp>
#include <leat/units.hpp>

#include "batch/base64.hpp"
#include "batch/json_any.hpp"
#include "batch/json_lines.hpp"
#include "batch/json_number.hpp"
#include "batch/json_string.hpp"

namespace leat {

static_assert(kJsonPadding >= simdjson::SIMDJSON_PADDING);

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kInPlaceMax = 64 << 10;  // bytes

std::string_view name_of(ondemand::json_type type) {
  switch (type) {
    case ondemand::json_type::array:
      return "an array";
    case ondemand::json_type::object:
      return "an object";
    case ondemand::json_type::number:
      return "a number";
    case ondemand::json_type::string:
      return "a string";
    case ondemand::json_type::boolean:
      return "a boolean";
    case ondemand::json_type::null:
      return "null";
  }
  return "something else";
}

bool is_integer(std::string_view token) {
  token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
  if (token.starts_with('-')) token.remove_prefix(1);
  return !token.empty() && token.front() != '0' &&
         token.find_first_not_of("0123456789") == std::string_view::npos;
}

// Off the fast path: says what stood there instead.
[[gnu::cold]] Failure wrong_value(const Field& field, ondemand::value& value, simdjson::error_code error) {
  if (error == simdjson::NUMBER_OUT_OF_RANGE)
    return fail(Code::out_of_range, fmt::format("field `{}`: the number does not fit an int64", field.name));
  ondemand::json_type found{};
  const bool known = value.type().get(found) == simdjson::SUCCESS;
  // simdjson calls an integer of more than 64 bits a wrong type.
  if (known && found == ondemand::json_type::number &&
      (field.type == Type::int64 || field.type == Type::timestamp) && is_integer(value.raw_json_token()))
    return fail(Code::out_of_range, fmt::format("field `{}`: the number does not fit an int64", field.name));
  if (error == simdjson::INCORRECT_TYPE || error == simdjson::NUMBER_ERROR)
    return fail(Code::malformed_record, fmt::format("field `{}` is a {}, found {}", field.name,
                                                    to_text(field.type), known ? name_of(found) : "no JSON"));
  return fail(Code::malformed_record,
              fmt::format("field `{}`: {}", field.name, simdjson::error_message(error)));
}

Status append_timestamp(const Field& field, ondemand::value& value, ColumnBuilder& column) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    const Result<Time> time = parse_time(text);
    if (!time)
      return fail(Code::malformed_record, fmt::format("field `{}`: {}", field.name, time.error().message));
    column.append(*time);
    return {};
  }
  std::int64_t micros = 0;
  if (const auto error = value.get_int64().get(micros)) return wrong_value(field, value, error);
  column.append(micros);
  return {};
}

Status append_floats(const Field& field, ondemand::value& value, ColumnBuilder& column,
                     std::vector<float>& floats) {
  floats.clear();
  ondemand::array array;
  if (const auto error = value.get_array().get(array)) return wrong_value(field, value, error);
  for (auto item : array) {
    double number = 0;
    if (item.get_double().get(number))
      return fail(Code::malformed_record,
                  fmt::format("field `{}`: element {} is not a number", field.name, floats.size()));
    floats.push_back(static_cast<float>(number));
  }
  column.append(std::span<const float>(floats));
  return {};
}

Status append_bytes(const Field& field, ondemand::value& value, ColumnBuilder& column) {
  std::string_view text;
  if (const auto error = value.get_string().get(text)) return wrong_value(field, value, error);
  const auto bytes = from_base64(text);
  if (!bytes) return fail(Code::malformed_record, fmt::format("field `{}` is not base64", field.name));
  column.append(std::string_view(*bytes));
  return {};
}

}  // namespace

struct JsonRows::Impl {
  SchemaPtr schema;
  ondemand::parser parser;
  ExpectedJsonLines lines;
  std::vector<std::uint64_t> seen;  // by field: the number of the row that had it last
  std::uint64_t row = 0;
  std::vector<JsonKey> keys;  // by field
  std::vector<float> floats;
  std::string copy;
  const ondemand::parser* reading = nullptr;  // the one of the line at hand
  const char* line_end = nullptr;
  bool in_place = false;  // the line is so short that every text column may have room for it

  Status read(std::string_view line, std::size_t capacity, BatchBuilder& rows);
  bool read_expected(std::string_view line, BatchBuilder& rows);
  Status read_fields(ondemand::object& object, BatchBuilder& rows);
  bool append_string(ondemand::value& value, ColumnBuilder& column);
  bool append_common(Type type, ondemand::value& value, ColumnBuilder& column);
  std::size_t find_field(ondemand::field& entry) const;
  Status append_rare(const Field& field, ondemand::value& value, ColumnBuilder& column);
  Status append_absent(BatchBuilder& rows);
};

// Straight into the column. False, and nothing appended, when it is no string or a broken one.
[[gnu::always_inline]] inline bool JsonRows::Impl::append_string(ondemand::value& value,
                                                                 ColumnBuilder& column) {
  ondemand::raw_json_string raw;
  if (value.get_raw_json_string().get(raw)) [[unlikely]]
    return false;
  // No text gets longer when its escapes go; both ways of copying write blocks.
  std::byte* const to = column.begin_text(static_cast<std::size_t>(line_end - raw.raw()) + kJsonPadding);
  std::byte* end = copy_plain_string(raw.raw(), to);
  if (end == nullptr) [[unlikely]] {
    auto* rest = reinterpret_cast<std::uint8_t*>(to);
    if (reading->unescape(raw, rest).error()) return false;
    end = reinterpret_cast<std::byte*>(rest);
  }
  column.end_text(static_cast<std::size_t>(end - to));
  return true;
}

// The common types and no error: part of the loop over the fields. False, and nothing appended, otherwise.
[[gnu::always_inline]] inline bool JsonRows::Impl::append_common(Type type, ondemand::value& value,
                                                                 ColumnBuilder& column) {
  const auto append = [&column](auto found) {
    std::remove_cvref_t<decltype(found.value_unsafe())> plain{};
    if (std::move(found).get(plain)) [[unlikely]]
      return false;
    column.append(plain);
    return true;
  };
  switch (type) {
    case Type::string:
      return in_place ? append_string(value, column) : append(value.get_string());
    case Type::int64:
    case Type::timestamp:  // as text: not common
      if (const std::optional<std::int64_t> number = plain_integer(value.raw_json_token())) {
        column.append(*number);
        return true;
      }
      return append(value.get_int64());
    case Type::float64:
      return append(value.get_double());
    case Type::boolean:
      return append(value.get_bool());
    default:
      return false;
  }
}

// Nulls, the other types, and what is wrong.
[[gnu::noinline]] Status JsonRows::Impl::append_rare(const Field& field, ondemand::value& value,
                                                     ColumnBuilder& column) {
  bool null = false;  // stays false for broken text such as `nul`, which the readers below then name
  if (value.is_null().get(null) == simdjson::SUCCESS && null) {
    if (!field.nullable) return fail(Code::missing_value, fmt::format("field `{}` is null", field.name));
    column.append_null();
    return {};
  }
  switch (field.type) {
    case Type::timestamp:
      return append_timestamp(field, value, column);
    case Type::float32_list:
      return append_floats(field, value, column, floats);
    case Type::bytes:
      return append_bytes(field, value, column);
    case Type::any: {
      std::string packed;
      LEAT_TRY(pack_any(value, packed));
      column.append(std::string_view(packed));
      return {};
    }
    case Type::string: {
      std::string_view text;
      return wrong_value(field, value, value.get_string().get(text));
    }
    case Type::int64: {
      std::int64_t number = 0;
      return wrong_value(field, value, value.get_int64().get(number));
    }
    case Type::float64: {
      double number = 0;
      return wrong_value(field, value, value.get_double().get(number));
    }
    case Type::boolean: {
      bool truth = false;
      return wrong_value(field, value, value.get_bool().get(truth));
    }
  }
  return {};
}

// The number of fields if there is none.
std::size_t JsonRows::Impl::find_field(ondemand::field& entry) const {
  const auto& fields = schema->fields();
  const ondemand::raw_json_string key = entry.key();
  std::size_t at = 0;
  while (at < fields.size() && !keys[at].is(key.raw())) ++at;
  if (at < fields.size()) return at;
  const char* end = key.raw();
  while (*end != '"' && *end != '\\') ++end;
  std::string_view name;  // written with escapes: rare, so only now
  if (*end != '\\' || entry.unescaped_key().get(name)) return fields.size();
  return schema->index_of(name).value_or(fields.size());
}

// While the fields come in the order of the schema, none can stand twice, and nobody needs to know which were
// seen.
Status JsonRows::Impl::read_fields(ondemand::object& object, BatchBuilder& rows) {
  const auto& fields = schema->fields();
  std::size_t expected = 0;
  bool in_order = true;
  for (auto entry : object) {
    if (entry.error()) return fail(Code::malformed_record, "not a JSON object");
    // By reference: the iterator's small fields, copied right after they were written, stall the processor.
    ondemand::field&& entry_field = std::move(entry).value_unsafe();
    ondemand::value& value = entry_field.value();
    std::size_t at = expected;
    if (at >= fields.size() || !keys[at].is(entry_field.key().raw())) [[unlikely]] {
      at = find_field(entry_field);
      if (at == fields.size()) continue;
      if (in_order) std::fill_n(seen.begin(), expected, row);
      in_order = false;
    }
    if (!in_order) [[unlikely]] {
      if (seen[at] == row)
        return fail(Code::malformed_record, fmt::format("field `{}` stands twice", fields[at].name));
      seen[at] = row;
    }
    if (!append_common(fields[at].type, value, rows.column(at))) [[unlikely]]
      LEAT_TRY(append_rare(fields[at], value, rows.column(at)));
    expected = at + 1;
  }
  if (in_order && expected == fields.size()) [[likely]]
    return {};
  if (in_order) std::fill_n(seen.begin(), expected, row);
  return append_absent(rows);
}

Status JsonRows::Impl::append_absent(BatchBuilder& rows) {
  for (std::size_t at = 0; at < seen.size(); ++at) {
    if (seen[at] == row) continue;
    const Field& field = (*schema)[at];
    if (!field.nullable) return fail(Code::missing_value, fmt::format("field `{}` is missing", field.name));
    rows.column(at).append_null();
  }
  return {};
}

// False, and nothing appended, for whatever is not plainly a good line.
bool JsonRows::Impl::read_expected(std::string_view line, BatchBuilder& rows) {
  const std::uint32_t rows_before = rows.row_count();
  ondemand::object object;
  reading = &lines.parser();
  if (lines.open(object) && read_fields(object, rows) && lines.close(line)) return true;
  lines.forget();
  rows.truncate(rows_before);
  ++row;
  return false;
}

Status JsonRows::Impl::read(std::string_view line, std::size_t capacity, BatchBuilder& rows) {
  const std::uint32_t rows_before = rows.row_count();
  ++row;
  line_end = line.data() + line.size();
  in_place = line.size() <= kInPlaceMax;
  if (lines.next_is(line) && read_expected(line, rows)) return {};
  reading = &parser;
  ondemand::document document;
  ondemand::object object;
  Status status;
  if (const auto error = parser.iterate(line.data(), line.size(), capacity).get(document))
    status = fail(Code::malformed_record, fmt::format("not JSON: {}", simdjson::error_message(error)));
  else if (document.get_object().get(object))
    status = fail(Code::malformed_record, "not a JSON object");
  else
    status = read_fields(object, rows);
  const char* rest = nullptr;  // On-Demand answers with a place only while text is left
  if (status && document.current_location().get(rest) == simdjson::SUCCESS)
    status = fail(Code::malformed_record, "more text after the JSON object");
  if (!status) rows.truncate(rows_before);
  return status;
}

JsonRows::JsonRows(SchemaPtr schema) : impl_(std::make_unique<Impl>()) {
  impl_->seen.resize(schema->size(), 0);
  for (const Field& field : schema->fields()) impl_->keys.emplace_back(field.name);
  impl_->schema = std::move(schema);
}
JsonRows::~JsonRows() = default;
JsonRows::JsonRows(JsonRows&&) noexcept = default;

void JsonRows::expect(std::string_view lines) {
  impl_->lines.expect(lines);
}

Status JsonRows::read(std::string_view line, BatchBuilder& rows) {
  return impl_->read(line, line.size() + kJsonPadding, rows);
}

Status JsonRows::read_copy(std::string_view line, BatchBuilder& rows) {
  impl_->copy.assign(line);
  impl_->copy.resize(line.size() + kJsonPadding);
  return impl_->read({impl_->copy.data(), line.size()}, impl_->copy.size(), rows);
}

}  // namespace leat
