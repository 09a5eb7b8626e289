#include "infer/remote/asked_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <leat/batch_builder.hpp>
#include <leat/codec.hpp>

namespace leat {
namespace {

SchemaPtr schema_of(std::span<const Column> columns) {
  std::vector<Field> fields;
  for (const Column& column : columns)
    fields.push_back({fmt::format("c{}", fields.size()), column.type(), true});
  return Schema::make(std::move(fields));
}

void put(std::uint64_t value, std::string& bytes) {
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(value >> shift & 0xff);
}

/// False when they are not there.
bool get(std::string_view& bytes, std::uint64_t& value) {
  if (bytes.size() < 8) return false;
  value = 0;
  for (std::size_t byte = 8; byte-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[byte]);
  bytes.remove_prefix(8);
  return true;
}

}  // namespace

AskedRows::Row AskedRows::add(Question question, std::vector<std::uint64_t> keys, Time watermark) {
  const Row first = next_;
  const std::uint32_t rows = question.rows.row_count();
  if (rows == 0) return first;
  if (!asked_) asked_ = schema_of(question.columns);
  Chunk chunk{.columns = Batch(asked_, question.columns, rows),
              .keys = std::move(keys),
              .gone = std::vector<bool>(rows),
              .open = rows,
              .watermark = watermark};
  chunk.question = std::move(question);
  chunks_.emplace_hint(chunks_.end(), first, std::move(chunk));
  ++watermarks_[watermark];
  next_ += rows;
  size_ += rows;
  return first;
}

AskedRows::Place AskedRows::place_of(Row row) const {
  const auto found = std::prev(chunks_.upper_bound(row));
  return {&found->second, static_cast<std::uint32_t>(row - found->first)};
}

void AskedRows::remove(Row row) {
  const auto found = std::prev(chunks_.upper_bound(row));
  Chunk& chunk = found->second;
  chunk.gone[row - found->first] = true;
  --size_;
  if (--chunk.open != 0) return;
  const auto waiting = watermarks_.find(chunk.watermark);
  if (--waiting->second == 0) watermarks_.erase(waiting);
  chunks_.erase(found);
}

Time AskedRows::watermark_limit() const {
  return watermarks_.empty() ? kTimeMax : watermarks_.begin()->first;
}

std::uint64_t AskedRows::key(Row row) const {
  const auto [chunk, at] = place_of(row);
  return chunk->keys.empty() ? 0 : chunk->keys[at];
}

bool AskedRows::absent(Row row) const {
  const auto [chunk, at] = place_of(row);
  return std::ranges::binary_search(chunk->question.absent, at);
}

template <class Part>
Batch AskedRows::gather(std::span<const Row> rows, Part part) const {
  std::vector<Batch> pieces;
  for (std::size_t at = 0; at < rows.size();) {
    const auto [chunk, first] = place_of(rows[at]);
    std::uint32_t count = 1;
    while (at + count < rows.size() && rows[at + count] == rows[at] + count &&
           first + count < chunk->gone.size())
      ++count;
    pieces.push_back(part(*chunk).slice(first, count));
    at += count;
  }
  return concat(pieces);
}

Batch AskedRows::row(Row row) const {
  return rows({&row, 1});
}

Batch AskedRows::rows(std::span<const Row> rows) const {
  return gather(rows, [](const Chunk& chunk) { return chunk.question.rows; });
}

std::vector<Column> AskedRows::columns(std::span<const Row> rows) const {
  const Batch all = gather(rows, [](const Chunk& chunk) { return chunk.columns; });
  return {all.columns().begin(), all.columns().end()};
}

void AskedRows::save(StateWriter& state) const {
  std::string bytes;
  for (const auto& [first, chunk] : chunks_)
    for (std::uint32_t row = 0; row < chunk.gone.size(); ++row) {
      if (chunk.gone[row]) continue;
      put(static_cast<std::uint64_t>(chunk.question.rows.entered().time_since_epoch().count()), bytes);
      const std::string packed = to_msgpack(chunk.question.rows, row);
      put(packed.size(), bytes);
      bytes += packed;
    }
  state.write("watermark", watermark_limit().time_since_epoch().count());
  state.write_bytes("rows", std::move(bytes));
}

Status load_rows(const StateReader& state, const SchemaPtr& schema, const OwnRows& ours, SavedRows& saved) {
  const std::string* rows = state.bytes("rows");
  if (rows == nullptr) return fail(Code::missing_value, "the state has no part `rows`");
  std::int64_t watermark = 0;
  LEAT_TRY(state.read("watermark", watermark));
  BatchBuilder builder(schema);
  Time entered{};
  std::size_t before = saved.rows.size();
  const auto finish = [&] {
    if (builder.empty()) return;
    Batch batch = builder.finish();
    if (state.share() != nullptr) {
      const std::vector<bool> keep = ours(*state.share(), batch);
      std::vector<std::uint32_t> kept;
      for (std::uint32_t row = 0; row < batch.row_count(); ++row)
        if (keep[row]) kept.push_back(row);
      batch = batch.take(kept);
    }
    if (!batch.empty()) saved.rows.push_back(std::move(batch).with_entered(entered));
  };
  for (std::string_view left = *rows; !left.empty();) {
    std::uint64_t came = 0, size = 0;
    const bool whole = get(left, came) && get(left, size) && size <= left.size();
    const Time time{Duration(static_cast<std::int64_t>(came))};
    if (time != entered || builder.row_count() == Batch::kRowsMax / 64) finish();
    entered = time;
    if (!whole || !read_msgpack(left.substr(0, size), builder))
      return fail(Code::malformed_record, "the state's part `rows` is damaged");
    left.remove_prefix(size);
  }
  finish();
  if (saved.rows.size() != before) saved.watermark = std::min(saved.watermark, Time(Duration(watermark)));
  return {};
}

}  // namespace leat
