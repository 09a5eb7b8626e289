#pragma once

#include <leat/state.hpp>
#include <map>

#include "infer/question.hpp"

namespace leat {

/// The rows that have no outcome yet, with what is asked about them, by number. Rows that came together share
/// memory until the last of them is gone.
class AskedRows {
 public:
  using Row = std::uint64_t;

  /// Numbers the rows; returns the first number. `keys`: their hashes, for the order of answers; empty: none.
  Row add(Question question, std::vector<std::uint64_t> keys, Time watermark);
  /// The row is gone.
  void remove(Row row);
  std::uint64_t size() const { return size_; }
  /// While there are rows, the watermark that stood when the first of them came; else kTimeMax.
  Time watermark_limit() const;

  std::uint64_t key(Row row) const;
  /// The row as it came.
  Batch row(Row row) const;
  /// These rows as they came, in this order.
  Batch rows(std::span<const Row> rows) const;
  /// What is asked about these rows.
  std::vector<Column> columns(std::span<const Row> rows) const;
  /// Whether something that it needs is null, so that its answer is.
  bool absent(Row row) const;

  void save(StateWriter& state) const;

 private:
  struct Chunk {
    Question question;
    Batch columns;  // of the question, to be cut and joined like rows
    std::vector<std::uint64_t> keys;
    std::vector<bool> gone;
    std::uint32_t open = 0;
    Time watermark{};
  };
  using Place = std::pair<const Chunk*, std::uint32_t>;
  Place place_of(Row row) const;
  /// The rows out of what `part` finds in their chunks; those that lie side by side in one piece.
  template <class Part>
  Batch gather(std::span<const Row> rows, Part part) const;

  std::map<Row, Chunk> chunks_;               // by the first row
  std::map<Time, std::uint32_t> watermarks_;  // and the chunks that came while it stood
  SchemaPtr asked_;                           // of the columns
  Row next_ = 0;
  std::uint64_t size_ = 0;
};

/// What was saved, to be asked about again.
struct SavedRows {
  std::vector<Batch> rows;
  Time watermark = kTimeMax;  ///< that stood when the first of them came
};
/// `ours`: which rows of a batch, when another number of instances saved them.
using OwnRows = std::function<std::vector<bool>(const KeyShare&, const Batch&)>;
Status load_rows(const StateReader& state, const SchemaPtr& schema, const OwnRows& ours, SavedRows& saved);

}  // namespace leat
