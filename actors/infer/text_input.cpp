#include "infer/text_input.hpp"

#include <fmt/format.h>

namespace leat {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
      return false;
  return true;
}

}  // namespace

bool check_name(const std::string& name, const Place& place, Describe& describe) {
  if (is_name(name)) return true;
  describe.problem(Code::bad_name, place,
                   fmt::format("`{}` cannot name a column: letters, digits and _ can", name));
  return false;
}

bool check_out(const std::optional<TextMap>& map, Describe& describe) {
  // Missing: reported when the options were read.
  return map && check_name(map->out, describe.place_of("map.out"), describe);
}

std::vector<std::uint32_t> others(std::uint32_t count, std::span<const std::uint32_t> listed) {
  std::vector<std::uint32_t> rows;
  rows.reserve(count - listed.size());
  for (std::uint32_t row = 0, next = 0; row < count; ++row)
    if (next < listed.size() && listed[next] == row)
      ++next;
    else
      rows.push_back(row);
  return rows;
}

SchemaPtr with_answers(std::span<const Field> answers, Describe& describe) {
  std::vector<Field> fields = describe.input()->fields();
  bool free = true;
  for (const Field& answer : answers) {
    if (describe.input()->index_of(answer.name)) {
      describe.problem(Code::bad_name, describe.place_of("map.out"),
                       fmt::format("the input has a field `{}` already; choose another `out`", answer.name));
      free = false;
    }
    fields.push_back(answer);
  }
  return free ? Schema::make(std::move(fields)) : nullptr;
}

Texts select_texts(const Expression& in, OnNull on_null, const Batch& batch, Context& ctx) {
  Evaluated texts = in.evaluate(batch);
  std::vector<std::uint32_t> without;
  std::size_t next = 0;
  for (std::uint32_t row = 0; row < batch.row_count(); ++row) {
    if (next < texts.failed.size() && texts.failed[next].row == row) {
      ctx.reject(batch, row, std::move(texts.failed[next++].error));
      without.push_back(row);
    } else if (on_null == OnNull::reject && texts.values.is_null(row)) {
      ctx.reject(
          batch, row,
          Error{Code::missing_value, fmt::format("`{}` is null; there is no text to read", in.text()), {}});
      without.push_back(row);
    }
  }
  if (without.empty()) return {batch, std::move(texts.values)};
  const std::vector<std::uint32_t> kept = others(batch.row_count(), without);
  return {batch.take(kept), texts.values.take(kept)};
}

void reject_failed(Texts& texts, Prediction& prediction, Context& ctx) {
  if (prediction.failed.empty()) return;
  std::vector<std::uint32_t> failed;
  for (Evaluated::Failed& failure : prediction.failed) {
    ctx.reject(texts.rows, failure.row, std::move(failure.error));
    failed.push_back(failure.row);
  }
  const std::vector<std::uint32_t> kept = others(texts.rows.row_count(), failed);
  texts = {texts.rows.take(kept), texts.texts.take(kept)};
  prediction = {prediction.outputs.take(kept), {}};
}

}  // namespace leat
