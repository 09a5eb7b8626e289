#pragma once

#include <leat/batch_builder.hpp>

namespace leat {

/// The keys of a batch's rows, each hashed once and in a form that can be compared and stored:
///   none   no key columns: all rows are one group
///   word   one fixed-width column without nulls: 8 bytes, -0.0 as 0.0
///   text   anything else: one text column as it stands, more columns (or nulls) encoded one after the other
class RowKeys {
 public:
  enum class Form : std::uint8_t { none, word, text };

  explicit RowKeys(std::vector<Type> types, bool nullable);

  Form form() const { return form_; }
  const std::vector<Type>& types() const { return types_; }

  /// The columns must have the types, and live until the next call.
  void assign(std::span<const Column> columns, std::uint32_t rows);

  std::uint64_t hash(std::uint32_t row) const { return hashes_[row]; }
  std::uint64_t word(std::uint32_t row) const { return words_[row]; }
  std::string_view text(std::uint32_t row) const { return texts_[row]; }

  /// Appends the values behind a stored key to the builders, one per key column.
  void decode(std::uint64_t word, BatchBuilder& rows, std::size_t first_column) const;
  void decode(std::string_view text, BatchBuilder& rows, std::size_t first_column) const;

 private:
  void assign_words(const Column& column);
  void assign_texts(const Column& column);
  void encode(std::span<const Column> columns, std::uint32_t rows);

  std::vector<Type> types_;
  Form form_;
  bool encoded_;  // text: with a mark for null and lengths
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint64_t> words_;
  std::vector<std::string_view> texts_;
  std::string encoding_;
  std::vector<std::size_t> ends_;
};

}  // namespace leat
