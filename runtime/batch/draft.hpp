#pragma once

#include <leat/batch.hpp>

namespace leat {

/// A batch under construction, in one allocation with its columns and `buffer_bytes` for their buffers. Set
/// every column once, then finish.
class BatchDraft {
 public:
  BatchDraft(const SchemaPtr& schema, std::uint32_t rows, std::size_t buffer_bytes, Memory frame = {});
  BatchDraft(const BatchDraft&) = delete;
  BatchDraft& operator=(const BatchDraft&) = delete;
  ~BatchDraft();

  /// Aligned as in `memory_layout`.
  std::byte* buffers() const { return buffers_; }
  /// The next column, to be filled in place: its type and rows are set, it views `buffers`. (To copy it right
  /// after it was written would wait until all writes before it have reached the cache.)
  Column::Parts& add();
  /// The next column; views the frame.
  void add_in_frame(Column::Parts parts);
  /// The next column; views `buffers`.
  void add(Column::Parts parts);
  /// The next column, with an owner of its own.
  void add(const Column& column) { add(Column(column)); }
  void add(Column&& column);
  /// LEAT_ASSERTs that the columns fit the schema (count, types, lengths).
  Batch finish(Time entered);

 private:
  Column* next();

  Batch::Rep* rep_;
  std::byte* buffers_;
};

}  // namespace leat
