#include "infer/answers.hpp"

#include <algorithm>
#include <cstring>

#include "infer/text_input.hpp"

namespace leat {
namespace {

/// The column with nulls in these rows.
Column without(const Column& column, std::span<const std::uint32_t> absent) {
  if (absent.empty()) return column;
  struct Both {
    Column column;
    std::vector<std::uint8_t> validity;
  };
  const std::uint32_t rows = column.row_count();
  const std::uint32_t offset = column.parts().offset;
  auto both = std::make_shared<Both>(Both{column, std::vector<std::uint8_t>((offset + rows + 7) / 8, 0xFF)});
  const auto clear = [&](std::uint32_t row) {
    both->validity[(offset + row) >> 3] &= static_cast<std::uint8_t>(~(1u << ((offset + row) & 7)));
  };
  for (std::uint32_t row = 0; row < rows; ++row)
    if (column.is_null(row)) clear(row);
  for (const std::uint32_t row : absent) clear(row);
  Column::Parts parts = column.parts();
  parts.validity = both->validity.data();
  parts.nulls = 0;
  for (std::uint32_t row = 0; row < rows; ++row)
    parts.nulls += ((both->validity[(offset + row) >> 3] >> ((offset + row) & 7)) & 1) == 0;
  parts.owner = Memory::hold(std::move(both));
  return Column(std::move(parts));
}

/// The same text in every row, laid out at once.
Column constant(const std::string& text, std::uint32_t rows) {
  const std::size_t offsets_bytes = (std::size_t{rows} + 1) * sizeof(std::int32_t);
  Column::Parts parts{
      .type = Type::string, .rows = rows, .owner = Memory::allocate(offsets_bytes + rows * text.size())};
  auto* const offsets = reinterpret_cast<std::int32_t*>(parts.owner.data());
  std::byte* const texts = parts.owner.data() + offsets_bytes;
  for (std::uint32_t row = 0; row <= rows; ++row) offsets[row] = static_cast<std::int32_t>(row * text.size());
  for (std::uint32_t row = 0; row < rows; ++row)
    std::memcpy(texts + row * text.size(), text.data(), text.size());
  parts.offsets = offsets;
  parts.values = texts;
  return Column(std::move(parts));
}

void merge(std::vector<Evaluated::Failed>& into, std::vector<Evaluated::Failed> from,
           std::span<const std::uint32_t> absent) {
  for (Evaluated::Failed& failed : from) {
    const bool told = std::ranges::find(into, failed.row, &Evaluated::Failed::row) != into.end();
    if (!told && !std::ranges::binary_search(absent, failed.row)) into.push_back(std::move(failed));
  }
  std::ranges::sort(into, {}, &Evaluated::Failed::row);
}

}  // namespace

std::optional<Answers> Answers::make(const OutputMap& map, const SchemaPtr& outputs,
                                     const std::string& answered_by, bool nullable, Describe& describe) {
  Answers made;
  bool good = true;
  if (map.named) {
    for (const auto& [name, text] : map.fields) {
      Expression expression = text;
      good = check_name(name, expression.place(), describe) && good;
      if (expression.empty() || !describe.bind(expression, outputs)) {
        good = false;
        continue;
      }
      made.fields_.push_back({name, expression.type(), expression.nullable() || nullable});
      made.expressions_.push_back(std::move(expression));
    }
    good = good && !map.fields.empty();
  } else {
    good = check_name(map.prefix, map.place, describe);
    for (const Field& field : outputs->fields())
      made.fields_.push_back({map.prefix + "_" + field.name, field.type, field.nullable || nullable});
  }
  if (answered_by != "none") {
    const std::string name = !answered_by.empty() ? answered_by
                             : map.named          ? "answered_by"
                                                  : map.prefix + "_model";
    made.answered_by_ = true;
    good = good && check_name(name, describe.place_of("answered_by"), describe);
    made.fields_.push_back({name, Type::string, false});
  }
  if (!good) return std::nullopt;
  return made;
}

std::vector<Column> Answers::columns(Prediction& prediction, std::span<const std::uint32_t> absent,
                                     const std::string& identity) const {
  std::vector<Column> columns;
  if (expressions_.empty())
    for (const Column& column : prediction.outputs.columns()) columns.push_back(without(column, absent));
  for (const Expression& expression : expressions_) {
    Evaluated value = expression.evaluate(prediction.outputs);
    if (!value.failed.empty()) merge(prediction.failed, std::move(value.failed), absent);
    columns.push_back(without(value.values, absent));
  }
  if (answered_by_) columns.push_back(constant(identity, prediction.outputs.row_count()));
  return columns;
}

}  // namespace leat
