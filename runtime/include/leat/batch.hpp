#pragma once

#include <cstddef>
#include <leat/clock.hpp>
#include <leat/memory.hpp>
#include <leat/schema.hpp>
#include <span>
#include <string_view>

namespace leat {

namespace detail {
struct SchemaShare;  // batch/schema_share.hpp
}

/// One column of a batch: a view into memory that `owner` keeps alive. Arrow's columnar layout:
/// validity bitmap (least significant bit first, 1 = present; null pointer = all present), values, and for
/// variable-length types int32 offsets (row_count + 1 of them). Booleans are bits. float32_list values are
/// floats. Copying one costs a reference count. Immutable, so any thread may read it.
class Column {
 public:
  struct Parts {
    Type type = Type::any;
    std::uint32_t rows = 0;
    std::uint32_t offset = 0;  ///< first row inside the buffers: slices share buffers
    std::uint32_t nulls = 0;   ///< exact number of absent rows in [offset, offset + rows)
    const std::uint8_t* validity = nullptr;
    const std::byte* values = nullptr;
    const std::int32_t* offsets = nullptr;
    Memory owner;
  };

  Column() = default;
  explicit Column(Parts parts) : parts_(std::move(parts)) {}

  Type type() const { return parts_.type; }
  std::uint32_t row_count() const { return parts_.rows; }
  std::uint32_t null_count() const { return parts_.nulls; }
  bool is_null(std::uint32_t row) const {
    if (parts_.nulls == 0) return false;
    const std::uint32_t at = parts_.offset + row;
    return parts_.validity != nullptr && ((parts_.validity[at >> 3] >> (at & 7)) & 1) == 0;
  }

  // Values of absent rows are unspecified but readable. Calling an accessor of another type is a bug.
  bool boolean(std::uint32_t row) const {
    const std::uint32_t at = parts_.offset + row;
    return (std::to_integer<std::uint8_t>(parts_.values[at >> 3]) >> (at & 7)) & 1;
  }
  /// int64 and timestamp.
  std::int64_t int64(std::uint32_t row) const { return int64s()[row]; }
  double float64(std::uint32_t row) const { return float64s()[row]; }
  /// string, bytes and any (MessagePack bytes).
  std::string_view text(std::uint32_t row) const {
    const std::int32_t* at = parts_.offsets + parts_.offset + row;
    return {reinterpret_cast<const char*>(parts_.values) + at[0], static_cast<std::size_t>(at[1] - at[0])};
  }
  std::span<const float> floats(std::uint32_t row) const {
    const std::int32_t* at = parts_.offsets + parts_.offset + row;
    return {reinterpret_cast<const float*>(parts_.values) + at[0], static_cast<std::size_t>(at[1] - at[0])};
  }
  std::span<const std::int64_t> int64s() const {
    return {reinterpret_cast<const std::int64_t*>(parts_.values) + parts_.offset, parts_.rows};
  }
  std::span<const double> float64s() const {
    return {reinterpret_cast<const double*>(parts_.values) + parts_.offset, parts_.rows};
  }

  Column slice(std::uint32_t first, std::uint32_t count) const;
  /// A new column with the given rows, in the given order.
  Column take(std::span<const std::uint32_t> rows) const;
  /// Bytes this column's rows occupy (not the whole buffer when it is a slice).
  std::size_t byte_size() const;
  const Parts& parts() const { return parts_; }

 private:
  friend class BatchDraft;  // batch/draft.hpp
  Parts parts_;
};

/// What travels: immutable columns of equal length with their schema. Copying one costs one reference count.
/// Thread-safe to read. At most kRowsMax rows.
class Batch {
 public:
  static constexpr std::uint32_t kRowsMax = 1u << 20;

  /// No schema, no rows.
  Batch() = default;
  Batch(const Batch& other) : rep_(other.rep_) {
    if (rep_ != nullptr) rep_->handles.fetch_add(1, std::memory_order_relaxed);
  }
  Batch(Batch&& other) noexcept : rep_(std::exchange(other.rep_, nullptr)) {}
  Batch& operator=(Batch other) noexcept {
    std::swap(rep_, other.rep_);
    return *this;
  }
  ~Batch() {
    if (rep_ != nullptr && (rep_->handles.load(std::memory_order_acquire) == 1 ||
                            rep_->handles.fetch_sub(1, std::memory_order_acq_rel) == 1))
      free(rep_);
  }
  /// LEAT_ASSERTs that the columns fit the schema (count, types, lengths).
  Batch(SchemaPtr schema, std::span<const Column> columns, std::uint32_t rows);

  const SchemaPtr& schema() const;
  std::uint32_t row_count() const { return rep_ ? rep_->rows : 0; }
  bool empty() const { return row_count() == 0; }
  const Column& column(std::size_t index) const { return rep_->columns()[index]; }
  /// Null when there is no such column.
  const Column* column(std::string_view name) const;
  std::span<const Column> columns() const { return rep_ ? rep_->columns() : std::span<const Column>(); }
  /// Bytes of all rows: what credit counts.
  std::size_t byte_size() const { return rep_ ? rep_->bytes : 0; }
  /// When the oldest row entered the topology (Clock::now); kTimeMin = unknown. Feeds the latency histogram;
  /// between hosts it is as good as their clocks agree.
  Time entered() const { return rep_ ? rep_->entered : kTimeMin; }

  /// Hints that another thread's batch will be read soon: what a batch of few rows consists of.
  void prefetch() const {
    constexpr std::size_t kLine = 64;
    if (rep_ == nullptr) return;
    for (std::size_t line = 0; line < 5; ++line)
      __builtin_prefetch(reinterpret_cast<const std::byte*>(rep_) + line * kLine);
  }

  Batch slice(std::uint32_t first, std::uint32_t count) const;
  Batch take(std::span<const std::uint32_t> rows) const;
  /// The same columns and rows under another schema of equal types (a rename), or with another entry time.
  Batch with_schema(SchemaPtr schema) const;
  Batch with_entered(Time entered) const&;
  Batch with_entered(Time entered) &&;  ///< in place when this is the only handle

 private:
  friend class BatchDraft;  // batch/draft.hpp
  struct Rep {
    const detail::SchemaShare* share = nullptr;
    const Schema* schema = nullptr;  // that of `share`, one cache line nearer
    std::size_t bytes = 0;
    Time entered = kTimeMin;
    Memory memory;  // that this, the columns and perhaps their buffers lie in
    Memory frame;   // that the buffers lie in otherwise
    mutable std::atomic<std::uint32_t> handles{1};
    std::uint32_t rows = 0;
    std::uint32_t column_count = 0;

    std::span<const Column> columns() const {
      return {reinterpret_cast<const Column*>(this + 1), column_count};
    }
  };
  static_assert(sizeof(Rep) % alignof(Column) == 0);
  static void free(const Rep* rep);

  const Rep* rep_ = nullptr;
};

/// All rows of all parts, in order. Parts must have the same fields; the oldest entry time wins.
Batch concat(std::span<const Batch> parts);

/// One JSON object per row, one per line: for logs, tests and people.
std::string to_json_lines(const Batch& batch);

}  // namespace leat
