#include <algorithm>
#include <bit>
#include <cstring>
#include <leat/batch.hpp>

#include "batch/draft.hpp"
#include "batch/layout.hpp"
#include "batch/schema_share.hpp"

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

Batch::Batch(SchemaPtr schema, std::span<const Column> columns, std::uint32_t rows) {
  BatchDraft draft(std::move(schema), rows, 0);
  for (const Column& column : columns) draft.add(column);
  *this = draft.finish(kTimeMin);
}

const SchemaPtr& Batch::schema() const {
  static const SchemaPtr none;
  return rep_ ? rep_->share->schema : none;
}

const Column* Batch::column(std::string_view name) const {
  if (!rep_) return nullptr;
  const auto index = rep_->schema->index_of(name);
  return index ? &column(*index) : nullptr;
}

Batch Batch::slice(std::uint32_t first, std::uint32_t count) const {
  if (first == 0 && count == row_count()) return *this;
  BatchDraft draft(schema(), count, 0);
  for (const Column& column : columns()) draft.add(column.slice(first, count));
  return draft.finish(rep_->entered);
}

Batch Batch::with_schema(SchemaPtr schema) const {
  BatchDraft draft(std::move(schema), rep_->rows, 0);
  for (const Column& column : columns()) draft.add(column);
  return draft.finish(rep_->entered);
}

Batch Batch::with_entered(Time entered) const& {
  if (rep_ == nullptr || rep_->entered == entered) return *this;
  BatchDraft draft(schema(), rep_->rows, 0);
  for (const Column& column : columns()) draft.add(column);
  return draft.finish(entered);
}

// Nobody else can see a representation with one owner, so it may still change.
Batch Batch::with_entered(Time entered) && {
  if (rep_ == nullptr || rep_->handles.load(std::memory_order_acquire) != 1)
    return std::as_const(*this).with_entered(entered);
  const_cast<Rep*>(rep_)->entered = entered;
  return std::move(*this);
}

}  // namespace leat
