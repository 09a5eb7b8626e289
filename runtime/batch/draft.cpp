#include "batch/draft.hpp"

#include "batch/layout.hpp"
#include "batch/schema_share.hpp"

namespace leat {

BatchDraft::BatchDraft(const SchemaPtr& schema, std::uint32_t rows, std::size_t buffer_bytes, Memory frame) {
  const std::size_t head =
      aligned(sizeof(Batch::Rep) + schema->size() * sizeof(Column), memory_alignment(rows));
  Memory memory = Memory::allocate(head + buffer_bytes);
  buffers_ = memory.data() + head;
  rep_ = new (memory.data()) Batch::Rep;
  rep_->share = detail::SchemaShare::take(schema);
  rep_->schema = schema.get();
  rep_->rows = rows;
  rep_->memory = std::move(memory);
  rep_->frame = std::move(frame);
}

BatchDraft::~BatchDraft() {
  if (rep_ != nullptr) Batch::free(rep_);
}

Column* BatchDraft::next() {
  const std::size_t index = rep_->column_count;
  LEAT_ASSERT(index < rep_->schema->size());
  ++rep_->column_count;
  return reinterpret_cast<Column*>(rep_ + 1) + index;
}

Column::Parts& BatchDraft::add() {
  Column* at = next();
  const Type type = (*rep_->schema)[rep_->column_count - 1].type;
  return (new (at) Column({.type = type, .rows = rep_->rows, .owner = rep_->memory.borrow()}))->parts_;
}

void BatchDraft::add(Column::Parts parts) {
  parts.owner = rep_->memory.borrow();
  add(Column(std::move(parts)));
}

void BatchDraft::add_in_frame(Column::Parts parts) {
  parts.owner = rep_->frame.borrow();
  add(Column(std::move(parts)));
}

void BatchDraft::add(Column&& column) {
  new (next()) Column(std::move(column));
}

Batch BatchDraft::finish(Time entered) {
  LEAT_ASSERT(rep_->column_count == rep_->schema->size() && rep_->rows <= Batch::kRowsMax);
  for (std::size_t index = 0; index < rep_->column_count; ++index) {
    const Column& column = rep_->columns()[index];
    LEAT_ASSERT(column.type() == (*rep_->schema)[index].type && column.row_count() == rep_->rows);
    rep_->bytes += column.byte_size();
  }
  rep_->entered = entered;
  Batch batch;
  batch.rep_ = std::exchange(rep_, nullptr);
  return batch;
}

// Columns that were copied out of the batch may keep the memory alive after it.
void Batch::free(const Rep* rep) {
  for (const Column& column : rep->columns()) column.~Column();
  rep->share->release();
  const Memory memory = std::move(const_cast<Rep*>(rep)->memory);
  rep->~Rep();
}

}  // namespace leat
