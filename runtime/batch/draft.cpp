#include "batch/draft.hpp"

#include "batch/layout.hpp"

namespace leat {

BatchDraft::BatchDraft(SchemaPtr schema, std::uint32_t rows, std::size_t buffer_bytes, Memory frame) {
  const std::size_t head = aligned(sizeof(Batch::Rep) + schema->size() * sizeof(Column));
  Memory memory = Memory::allocate(head + buffer_bytes);
  buffers_ = memory.data() + head;
  rep_ = new (memory.data()) Batch::Rep;
  rep_->schema = std::move(schema);
  rep_->rows = rows;
  rep_->memory = std::move(memory);
  rep_->frame = std::move(frame);
}

BatchDraft::~BatchDraft() {
  if (rep_ != nullptr) Batch::free(rep_);
}

void BatchDraft::place(Column&& column) {
  const std::size_t index = rep_->column_count;
  LEAT_ASSERT(index < rep_->schema->size() && column.type() == (*rep_->schema)[index].type &&
              column.row_count() == rep_->rows);
  rep_->bytes += column.byte_size();
  new (reinterpret_cast<Column*>(rep_ + 1) + index) Column(std::move(column));
  ++rep_->column_count;
}

void BatchDraft::add(Column::Parts parts) {
  parts.owner = rep_->memory.borrow();
  place(Column(std::move(parts)));
}

void BatchDraft::add_in_frame(Column::Parts parts) {
  parts.owner = rep_->frame.borrow();
  place(Column(std::move(parts)));
}

void BatchDraft::add(const Column& column) {
  place(Column(column));
}

Batch BatchDraft::finish(Time entered) {
  LEAT_ASSERT(rep_->column_count == rep_->schema->size() && rep_->rows <= Batch::kRowsMax);
  rep_->entered = entered;
  Batch batch;
  batch.rep_ = std::exchange(rep_, nullptr);
  return batch;
}

// Columns that were copied out of the batch may keep the memory alive after it.
void Batch::free(const Rep* rep) {
  for (const Column& column : rep->columns()) column.~Column();
  const Memory memory = std::move(const_cast<Rep*>(rep)->memory);
  rep->~Rep();
}

}  // namespace leat
