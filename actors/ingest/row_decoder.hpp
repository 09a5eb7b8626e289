#pragma once

#include <leat/batch_builder.hpp>

namespace leat {

/// How the records of a file are written.
struct RowFormat {
  enum class Kind : std::uint8_t { lines, jsonl, csv };
  Kind kind = Kind::lines;
  SchemaPtr schema;
  bool header = true;  ///< csv: the first record names the columns
  char delimiter = ',';
  char quote = '"';  ///< csv; '\0': none
};

/// Turns the records of one file into rows. One thread.
class RowDecoder {
 public:
  virtual ~RowDecoder() = default;
  /// The first record is a header, and `header` must see it before any row.
  virtual bool has_header() const { return false; }
  virtual Status header(std::string_view) { return {}; }
  /// A record that holds no row, such as an empty line.
  virtual bool skips(std::string_view record) const = 0;
  /// A hint: these lines will be decoded next, and stay where they are until then. Empty: they do not.
  virtual void expect(std::string_view) {}
  /// Adds a row; on an error the builder is as before. Some bytes behind the record must be readable
  /// (RecordReader::kPadding).
  virtual Status decode(std::string_view record, BatchBuilder& rows) = 0;
};

std::unique_ptr<RowDecoder> make_row_decoder(const RowFormat& format);

}  // namespace leat
