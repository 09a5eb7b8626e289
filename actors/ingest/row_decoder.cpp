#include "ingest/row_decoder.hpp"

#include <leat/codec.hpp>

#include "ingest/record_reader.hpp"
#include "ingest/utf8.hpp"

namespace leat {
namespace {

static_assert(RecordReader::kPadding >= kJsonPadding);

bool is_blank(std::string_view record) {
  return record.find_first_not_of(" \t\r") == std::string_view::npos;
}

class LineDecoder final : public RowDecoder {
 public:
  bool skips(std::string_view) const override { return false; }
  Status decode(std::string_view record, BatchBuilder& rows) override {
    if (!is_utf8(record)) return fail(Code::malformed_record, "the line is not UTF-8");
    rows.column(0).append(record);
    return {};
  }
};

class JsonDecoder final : public RowDecoder {
 public:
  explicit JsonDecoder(SchemaPtr schema) : rows_(std::move(schema)) {}
  bool skips(std::string_view record) const override { return is_blank(record); }
  void expect(std::string_view lines) override { rows_.expect(lines); }
  Status decode(std::string_view record, BatchBuilder& rows) override { return rows_.read(record, rows); }

 private:
  JsonRows rows_;
};

class CsvDecoder final : public RowDecoder {
 public:
  explicit CsvDecoder(const RowFormat& format)
      : rows_(format.schema, {format.delimiter, format.quote}), header_(format.header) {}
  bool has_header() const override { return header_; }
  Status header(std::string_view record) override { return rows_.header(record); }
  bool skips(std::string_view record) const override { return record.empty(); }
  Status decode(std::string_view record, BatchBuilder& rows) override {
    if (!is_utf8(record)) return fail(Code::malformed_record, "the record is not UTF-8");
    return rows_.read(record, rows);
  }

 private:
  CsvRows rows_;
  bool header_;
};

}  // namespace

std::unique_ptr<RowDecoder> make_row_decoder(const RowFormat& format) {
  switch (format.kind) {
    case RowFormat::Kind::jsonl:
      return std::make_unique<JsonDecoder>(format.schema);
    case RowFormat::Kind::csv:
      return std::make_unique<CsvDecoder>(format);
    case RowFormat::Kind::lines:
      break;
  }
  return std::make_unique<LineDecoder>();
}

}  // namespace leat
