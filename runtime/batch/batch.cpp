#include <algorithm>
#include <bit>
#include <cstring>
#include <leat/batch.hpp>

#include "batch/layout.hpp"

namespace leat {

Column Column::slice(std::uint32_t first, std::uint32_t count) const {
  LEAT_ASSERT(first <= parts_.rows && count <= parts_.rows - first);
  Parts parts = parts_;
  parts.offset += first;
  parts.rows = count;
  if (parts.nulls != 0) parts.nulls = count - count_bits(parts.validity, parts.offset, count);
  return Column(std::move(parts));
}

std::size_t Column::byte_size() const {
  std::size_t bytes = values_bytes(*this);
  if (has_offsets(parts_.type)) bytes += (parts_.rows + 1) * sizeof(std::int32_t);
  if (parts_.nulls != 0) bytes += bitmap_bytes(parts_.rows);
  return bytes;
}

Batch::Batch(SchemaPtr schema, std::vector<Column> columns, std::uint32_t rows) {
  LEAT_ASSERT(schema != nullptr && schema->size() == columns.size() && rows <= kRowsMax);
  auto rep = std::make_shared<Rep>();
  for (std::size_t at = 0; at < columns.size(); ++at) {
    LEAT_ASSERT(columns[at].type() == (*schema)[at].type && columns[at].row_count() == rows);
    rep->bytes += columns[at].byte_size();
  }
  rep->schema = std::move(schema);
  rep->columns = std::move(columns);
  rep->rows = rows;
  rep_ = std::move(rep);
}

const SchemaPtr& Batch::schema() const {
  static const SchemaPtr none;
  return rep_ ? rep_->schema : none;
}

const Column* Batch::column(std::string_view name) const {
  if (!rep_) return nullptr;
  const auto index = rep_->schema->index_of(name);
  return index ? &rep_->columns[*index] : nullptr;
}

std::span<const Column> Batch::columns() const {
  return rep_ ? std::span<const Column>(rep_->columns) : std::span<const Column>();
}

Batch Batch::slice(std::uint32_t first, std::uint32_t count) const {
  if (first == 0 && count == row_count()) return *this;
  std::vector<Column> columns;
  columns.reserve(rep_->columns.size());
  for (const Column& column : rep_->columns) columns.push_back(column.slice(first, count));
  return Batch(rep_->schema, std::move(columns), count).with_entered(rep_->entered);
}

Batch Batch::with_schema(SchemaPtr schema) const {
  return Batch(std::move(schema), rep_->columns, rep_->rows).with_entered(rep_->entered);
}

Batch Batch::with_entered(Time entered) const& {
  if (!rep_ || rep_->entered == entered) return *this;
  auto rep = std::make_shared<Rep>(*rep_);
  rep->entered = entered;
  Batch batch;
  batch.rep_ = std::move(rep);
  return batch;
}

// Nobody else can see a representation with one owner, so it may still change.
Batch Batch::with_entered(Time entered) && {
  if (!rep_ || rep_.use_count() != 1) return std::as_const(*this).with_entered(entered);
  const_cast<Rep&>(*rep_).entered = entered;
  return std::move(*this);
}

}  // namespace leat
