#include "fuzz/entries.hpp"

#include <simdjson.h>

#include <cstring>
#include <numeric>

#include "batch.pb.h"
#include "batch/frame.hpp"
#include "support/sample_batches.hpp"

namespace leat::fuzz {
namespace {

using leat::testing::all_types, leat::testing::cells;

std::vector<std::byte> encode(const Batch& batch, wire::BatchLayout& layout) {
  layout.Clear();
  set_layout(batch, layout);
  std::vector<std::byte> body(body_size(batch));
  write_body(batch, body.data());
  return body;
}

// What entered the process as rows must leave it and enter the next one.
void check_rows(const Batch& batch) {
  wire::BatchLayout layout;
  const auto body = std::make_shared<std::vector<std::byte>>(encode(batch, layout));
  const Result<Batch> again = read_batch(layout, batch.schema(), *body, Memory::hold(body));
  LEAT_ASSERT(again && cells(*again) == cells(batch));
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    std::string json;
    write_json(batch, row, json);
    LEAT_ASSERT(simdjson::validate_utf8(json.data(), json.size()));
    LEAT_ASSERT(valid_msgpack(to_msgpack(batch, row)) || batch.column("maybe_any") != nullptr);
  }
}

// Errors of records carry one of the codes that `errors` ports know.
void check_error(const Status& status) {
  const Code code = status.error().code;
  LEAT_ASSERT(code == Code::malformed_record || code == Code::missing_value || code == Code::out_of_range);
  LEAT_ASSERT(!status.error().message.empty());
}

// The body at an address of its own size, so that a sanitizer sees every byte beyond.
void try_body(const wire::BatchLayout& layout, std::string_view bytes, std::size_t shift) {
  const std::shared_ptr<char[]> memory(new char[bytes.size() + shift]);
  if (!bytes.empty()) std::memcpy(memory.get() + shift, bytes.data(), bytes.size());
  const auto* begin = reinterpret_cast<const std::byte*>(memory.get() + shift);
  const Result<Batch> batch = read_batch(layout, all_types(), {begin, bytes.size()}, Memory::hold(memory));
  if (!batch) {
    LEAT_ASSERT(batch.error().code == Code::malformed_frame);
    return;
  }
  check_rows(*batch);
  const std::uint32_t rows = batch->row_count();
  std::vector<std::uint32_t> reversed(rows);
  std::iota(reversed.rbegin(), reversed.rend(), 0u);
  const auto straight = cells(*batch);
  LEAT_ASSERT(cells(batch->take(reversed)) == std::vector(straight.rbegin(), straight.rend()));
  const Batch halves[] = {batch->slice(0, rows / 3), batch->slice(rows / 3, rows - rows / 3)};
  LEAT_ASSERT(cells(concat(halves)) == straight);
}

}  // namespace

void try_frame(std::string_view input) {
  if (input.size() < 2) return;
  const std::size_t length = static_cast<unsigned char>(input[0]) |
                             static_cast<std::size_t>(static_cast<unsigned char>(input[1])) << 8;
  input.remove_prefix(2);
  wire::BatchLayout layout;
  if (length > input.size() || !layout.ParseFromArray(input.data(), static_cast<int>(length))) return;
  for (const std::size_t shift : {0, 1}) try_body(layout, input.substr(length), shift);
}

void try_json_rows(std::string_view input) {
  JsonRows reader(all_types()), with_hint(all_types());
  BatchBuilder rows(all_types()), hinted(all_types());
  const std::size_t size = input.size();
  const std::unique_ptr<char[]> padded(new char[size + kJsonPadding]());
  if (size != 0) std::memcpy(padded.get(), input.data(), size);
  with_hint.expect({padded.get(), size});
  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find('\n'));
    const std::uint32_t before = rows.row_count();
    const Status status = reader.read_copy(line, rows);
    if (!status) check_error(status);
    const Status same = with_hint.read({padded.get() + (size - input.size()), line.size()}, hinted);
    LEAT_ASSERT(status.has_value() == same.has_value());
    LEAT_ASSERT(status || status.error().text() == same.error().text());
    LEAT_ASSERT(rows.row_count() == before + (status ? 1 : 0));
    if (const Result<std::string> packed = json_to_msgpack(line)) {
      LEAT_ASSERT(valid_msgpack(*packed) && msgpack_to_json(*packed));
    }
    input.remove_prefix(std::min(line.size() + 1, input.size()));
  }
  const Batch batch = rows.finish();
  LEAT_ASSERT(cells(batch) == cells(hinted.finish()));
  check_rows(batch);
}

void try_csv_rows(std::string_view input) {
  CsvRows reader(all_types(), {});
  BatchBuilder rows(all_types());
  for (bool header = true; !input.empty(); header = false) {
    const std::string_view record = input.substr(0, input.find('\0'));
    const std::uint32_t before = rows.row_count();
    const Status status = header ? reader.header(record) : reader.read(record, rows);
    if (!status) check_error(status);
    if (header && !status) return;
    LEAT_ASSERT(header || rows.row_count() == before + (status ? 1 : 0));
    input.remove_prefix(std::min(record.size() + 1, input.size()));
  }
  const Batch batch = rows.finish();
  check_rows(batch);
  CsvRows written(all_types(), {});
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    std::string record;
    write_csv(batch, row, {}, record);
    LEAT_ASSERT(written.read(record, rows));
  }
}

void try_msgpack_rows(std::string_view input) {
  BatchBuilder rows(all_types());
  const Status status = read_msgpack(input, rows);
  if (!status) check_error(status);
  LEAT_ASSERT(rows.row_count() == (status ? 1u : 0u));
  const Result<std::string> json = msgpack_to_json(input);
  LEAT_ASSERT(json.has_value() == valid_msgpack(input));
  if (json) LEAT_ASSERT(json_to_msgpack(*json));
  const Batch batch = rows.finish();
  check_rows(batch);
  if (batch.empty()) return;
  // What was read can be written and read again, and says the same.
  const std::string written = to_msgpack(batch, 0);
  LEAT_ASSERT(read_msgpack(written, rows) && cells(rows.finish()) == cells(batch));
}

}  // namespace leat::fuzz
