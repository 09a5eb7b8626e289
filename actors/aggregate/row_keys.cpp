#include "aggregate/row_keys.hpp"

#include <bit>
#include <cstring>

#include "aggregate/hash.hpp"

namespace leat {
namespace {

bool is_text(Type type) {
  return type == Type::string || type == Type::bytes || type == Type::any;
}
bool is_word(Type type) {
  return !is_text(type) && type != Type::float32_list;
}

std::uint64_t word_of(const Column& column, std::uint32_t row) {
  switch (column.type()) {
    case Type::boolean:
      return column.boolean(row) ? 1 : 0;
    case Type::float64: {
      const double value = column.float64(row);
      if (value != value) return std::bit_cast<std::uint64_t>(__builtin_nan(""));  // all NaNs are one key
      return std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
    }
    default:
      return static_cast<std::uint64_t>(column.int64(row));
  }
}

void append_word(Type type, std::uint64_t word, ColumnBuilder& column) {
  switch (type) {
    case Type::boolean:
      return column.append(word != 0);
    case Type::float64:
      return column.append(std::bit_cast<double>(word));
    default:
      return column.append(static_cast<std::int64_t>(word));
  }
}

std::string_view bytes_of(const Column& column, std::uint32_t row) {
  if (is_text(column.type())) return column.text(row);
  const auto values = column.floats(row);
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

void append_bytes(Type type, std::string_view bytes, ColumnBuilder& column) {
  if (is_text(type)) return column.append(bytes);
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  column.append(std::span<const float>(values));
}

}  // namespace

RowKeys::RowKeys(std::vector<Type> types, bool nullable) : types_(std::move(types)) {
  const bool alone = types_.size() == 1 && !nullable;
  form_ = types_.empty() ? Form::none : alone && is_word(types_[0]) ? Form::word : Form::text;
  encoded_ = form_ == Form::text && !(alone && is_text(types_[0]));
}

void RowKeys::assign(std::span<const Column> columns, std::uint32_t rows) {
  hashes_.resize(rows);
  if (form_ == Form::none) return;
  if (form_ == Form::word) return assign_words(columns[0]);
  texts_.resize(rows);
  if (encoded_)
    encode(columns, rows);
  else
    assign_texts(columns[0]);
  for (std::uint32_t row = 0; row < rows; ++row) hashes_[row] = hash_bytes(texts_[row]);
}

void RowKeys::assign_words(const Column& column) {
  words_.resize(column.row_count());
  if (column.type() == Type::int64 || column.type() == Type::timestamp) {
    const auto values = column.int64s();
    for (std::size_t row = 0; row < values.size(); ++row) {
      words_[row] = static_cast<std::uint64_t>(values[row]);
      hashes_[row] = hash_word(words_[row]);
    }
    return;
  }
  for (std::uint32_t row = 0; row < column.row_count(); ++row) {
    words_[row] = word_of(column, row);
    hashes_[row] = hash_word(words_[row]);
  }
}

void RowKeys::assign_texts(const Column& column) {
  for (std::uint32_t row = 0; row < column.row_count(); ++row) texts_[row] = column.text(row);
}

// Per value: a byte 0 for null; or a byte 1, then the word, or the length as 32 bits and the bytes.
void RowKeys::encode(std::span<const Column> columns, std::uint32_t rows) {
  encoding_.clear();
  ends_.clear();
  for (std::uint32_t row = 0; row < rows; ++row) {
    for (const Column& column : columns) {
      encoding_ += column.is_null(row) ? '\0' : '\1';
      if (column.is_null(row)) continue;
      if (is_word(column.type())) {
        const std::uint64_t word = word_of(column, row);
        encoding_.append(reinterpret_cast<const char*>(&word), sizeof word);
      } else {
        const std::string_view bytes = bytes_of(column, row);
        const auto size = static_cast<std::uint32_t>(bytes.size());
        encoding_.append(reinterpret_cast<const char*>(&size), sizeof size);
        encoding_.append(bytes);
      }
    }
    ends_.push_back(encoding_.size());
  }
  std::size_t begin = 0;
  for (std::uint32_t row = 0; row < rows; ++row) {
    texts_[row] = std::string_view(encoding_).substr(begin, ends_[row] - begin);
    begin = ends_[row];
  }
}

void RowKeys::decode(std::uint64_t word, BatchBuilder& rows, std::size_t first_column) const {
  append_word(types_[0], word, rows.column(first_column));
}

void RowKeys::decode(std::string_view text, BatchBuilder& rows, std::size_t first_column) const {
  if (!encoded_) return rows.column(first_column).append(text);
  for (std::size_t at = 0; at < types_.size(); ++at) {
    ColumnBuilder& column = rows.column(first_column + at);
    const bool present = text.front() != '\0';
    text.remove_prefix(1);
    if (!present) {
      column.append_null();
      continue;
    }
    if (is_word(types_[at])) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data(), sizeof word);
      append_word(types_[at], word, column);
      text.remove_prefix(sizeof word);
      continue;
    }
    std::uint32_t size = 0;
    std::memcpy(&size, text.data(), sizeof size);
    append_bytes(types_[at], text.substr(sizeof size, size), column);
    text.remove_prefix(sizeof size + size);
  }
}

}  // namespace leat
