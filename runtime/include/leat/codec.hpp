#pragma once

#include <leat/batch_builder.hpp>

namespace leat {

/// Bytes that must be readable behind a JSON text (their content does not matter).
inline constexpr std::size_t kJsonPadding = 64;

/// Reads JSON objects into rows of a schema, straight into the column builders. Fields may come in any order;
/// the order of the schema is fastest. Fields that the schema does not have are skipped. Holds parser memory;
/// one thread.
///
/// Values: numbers, strings and booleans as such; timestamps as RFC 3339 text or integer microseconds; bytes
/// as base64; list<float32> as an array; `any` takes every JSON value. Absent and null need a nullable field.
class JsonRows {
 public:
  explicit JsonRows(SchemaPtr schema);
  ~JsonRows();
  JsonRows(JsonRows&&) noexcept;

  /// A hint, which makes short lines faster: the lines to be read next stand in this text one behind the
  /// other, and padding behind the last. It must stay as it is until they are read, or something else is
  /// expected; an empty text takes the hint back and frees the memory for it. Rows and errors are the same as
  /// without.
  void expect(std::string_view lines);
  /// Appends one row. On an error (malformed_record, missing_value or out_of_range, naming the field) the
  /// builder is as it was.
  Status read(std::string_view line, BatchBuilder& rows);
  /// The same for text without padding behind it: copies it first.
  Status read_copy(std::string_view line, BatchBuilder& rows);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads CSV records (RFC 4180) into rows of a schema. One record may span lines inside quotes; cutting a
/// file into records is the caller's. Empty unquoted cells are null where the field is nullable. One thread.
class CsvRows {
 public:
  struct Format {
    char delimiter = ',';
    char quote = '"';
  };
  CsvRows(SchemaPtr schema, Format format);

  /// The header: columns are matched to fields by name; others are skipped. An error names what is missing or
  /// doubled.
  Status header(std::string_view record);
  /// Without a header, columns are the schema's fields in order.
  Status read(std::string_view record, BatchBuilder& rows);

 private:
  Status split(std::string_view record);
  Status append(const Field& field, std::string_view cell, bool quoted, ColumnBuilder& column) const;

  struct Cell {
    std::string_view text;
    bool quoted = false;
  };
  SchemaPtr schema_;
  Format format_;
  std::vector<std::size_t> column_of_field_;
  std::size_t columns_ = 0;
  std::vector<Cell> cells_;
  std::string unquoted_;  // cells that contain doubled quotes
};

/// One row as a JSON object, appended. NaN and infinities become null, bytes base64, timestamps RFC 3339.
void write_json(const Batch& batch, std::uint32_t row, std::string& out);
/// A JSON string literal, appended; invalid UTF-8 becomes U+FFFD.
void write_json_string(std::string_view text, std::string& out);
/// One row as a CSV record without its line end, appended. Null is an empty cell, an empty string `""`.
void write_csv(const Batch& batch, std::uint32_t row, CsvRows::Format format, std::string& out);
/// The field names as a CSV record.
void write_csv_header(const Schema& schema, CsvRows::Format format, std::string& out);

/// One row as a MessagePack map from field names to values (timestamps as the standard's extension -1).
std::string to_msgpack(const Batch& batch, std::uint32_t row);
void write_msgpack(const Batch& batch, std::uint32_t row, std::string& out);
/// One value, appended.
void write_msgpack(const Column& column, std::uint32_t row, std::string& out);
/// A text as one MessagePack string.
std::string to_msgpack(std::string_view text);
/// Every MessagePack value as JSON; limits as in frames (depth 32, counts within the bytes).
Result<std::string> msgpack_to_json(std::string_view bytes);
Result<std::string> json_to_msgpack(std::string_view json);
/// A MessagePack map into one row, as JsonRows does.
Status read_msgpack(std::string_view bytes, BatchBuilder& rows);

}  // namespace leat
