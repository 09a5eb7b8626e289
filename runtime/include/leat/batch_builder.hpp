#pragma once

#include <cstring>
#include <leat/batch.hpp>

namespace leat {

namespace detail {
/// Bytes that grow at the end, without the zeroing of std::vector. Keeps its memory when cleared.
class GrowingBytes {
 public:
  const std::byte* data() const { return bytes_; }
  std::byte* data() { return bytes_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  /// Only shrinks, or grows by unspecified bytes.
  void resize(std::size_t size) {
    if (size > capacity_) grow(size);
    size_ = size;
  }
  void append(const void* from, std::size_t count) {
    if (size_ + count > capacity_) [[unlikely]]
      grow(size_ + count);
    if (count != 0) std::memcpy(bytes_ + size_, from, count);
    size_ += count;
  }
  /// Where the next bytes go: room for `count`, of which `taken` says how many were written.
  std::byte* room(std::size_t count) {
    if (size_ + count > capacity_) [[unlikely]]
      grow(size_ + count);
    return bytes_ + size_;
  }
  void taken(std::size_t count) { size_ += count; }
  template <class Value>
  void append_value(Value value) {
    if (size_ + sizeof value > capacity_) [[unlikely]]
      grow(size_ + sizeof value);
    std::memcpy(bytes_ + size_, &value, sizeof value);
    size_ += sizeof value;
  }
  /// Gives its memory away and is empty; what is begun next has room for `next` bytes.
  Memory release(std::size_t next);

 private:
  void grow(std::size_t least);
  Memory memory_;
  std::byte* bytes_ = nullptr;  // memory_'s
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t least_ = 256;  // capacity to begin with
};
}  // namespace detail

/// Grows one column. Reused after `BatchBuilder::finish`: memory that was not given away is kept. One thread.
/// Appending a value of another type is a bug.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(Type type) : type_(type) {}

  Type type() const { return type_; }
  std::uint32_t row_count() const { return rows_; }
  void append(bool value);
  void append(std::int64_t value) {  ///< int64 and timestamp
    LEAT_ASSERT(type_ == Type::int64 || type_ == Type::timestamp);
    values_.append_value(value);
    append_present();
  }
  void append(double value) {
    LEAT_ASSERT(type_ == Type::float64);
    values_.append_value(value);
    append_present();
  }
  void append(std::string_view value) {  ///< string (must be UTF-8), bytes, any (must be MessagePack)
    LEAT_ASSERT(type_ == Type::string || type_ == Type::bytes || type_ == Type::any);
    values_.append(value.data(), value.size());
    append_offset(values_.size());
    append_present();
  }
  /// To write such a value in place: room for `bytes` of it, then how many it has.
  std::byte* begin_text(std::size_t bytes) { return values_.room(bytes); }
  void end_text(std::size_t bytes) {
    LEAT_ASSERT(type_ == Type::string || type_ == Type::bytes || type_ == Type::any);
    values_.taken(bytes);
    append_offset(values_.size());
    append_present();
  }
  void append(const char* value) { append(std::string_view(value)); }
  void append(int value) { append(static_cast<std::int64_t>(value)); }
  void append(Time value) { append(value.time_since_epoch().count()); }
  void append(std::span<const float> value);
  void append_null();
  /// The given row of a column of the same type.
  void append_from(const Column& column, std::uint32_t row);
  /// Takes back everything appended since the builder had `rows` rows.
  void truncate(std::uint32_t rows);
  std::size_t byte_size() const;

 private:
  friend class BatchBuilder;
  void append_present() {
    if (nulls_ != 0) [[unlikely]]
      mark_present();
    ++rows_;
  }
  void append_offset(std::size_t end) {
    LEAT_ASSERT(end <= INT32_MAX);
    if (offsets_.empty()) [[unlikely]]
      offsets_.append_value(std::int32_t{0});
    offsets_.append_value(static_cast<std::int32_t>(end));
  }
  void mark_present();
  void clear();
  /// Bytes of a buffer that has the values first, then offsets and validity: what is given away.
  std::size_t own_size() const;
  bool gives_away() const;
  void give_away(Column::Parts& parts);
  std::size_t laid_out_end(std::size_t begin) const;
  void lay_out(std::byte* body, std::size_t& begin, Column::Parts& parts);

  Type type_;
  std::uint32_t rows_ = 0;
  std::uint32_t nulls_ = 0;
  std::vector<std::uint8_t> validity_;  // empty until the first null
  detail::GrowingBytes values_;
  detail::GrowingBytes offsets_;  // int32s
};

/// Builds batches row by row. `finish` lays all columns into one 64-byte aligned allocation, but gives a long
/// text column the memory that it grew in, and leaves the builder empty for the next batch. One thread.
class BatchBuilder {
 public:
  explicit BatchBuilder(SchemaPtr schema);

  const SchemaPtr& schema() const { return schema_; }
  ColumnBuilder& column(std::size_t index) { return columns_[index]; }
  std::uint32_t row_count() const { return columns_.empty() ? 0 : columns_[0].row_count(); }
  bool empty() const { return row_count() == 0; }
  std::size_t byte_size() const;

  /// One value per column, in order; std::nullopt for null.
  template <class... Values>
  void add(const Values&... values) {
    std::size_t index = 0;
    (add_one(columns_[index++], values), ...);
  }
  void add_row_from(const Batch& batch, std::uint32_t row);
  /// Drops rows beyond `rows` in every column: takes back a row that turned out malformed half-way.
  void truncate(std::uint32_t rows);
  /// Every column must have the same number of rows (LEAT_ASSERT).
  Batch finish();

 private:
  template <class Value>
  static void add_one(ColumnBuilder& column, const Value& value) {
    column.append(value);
  }
  template <class Value>
  static void add_one(ColumnBuilder& column, const std::optional<Value>& value) {
    value ? column.append(*value) : column.append_null();
  }
  static void add_one(ColumnBuilder& column, std::nullopt_t) { column.append_null(); }

  SchemaPtr schema_;
  std::vector<ColumnBuilder> columns_;
};

}  // namespace leat
