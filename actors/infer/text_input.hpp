#pragma once

#include <leat/context.hpp>
#include <leat/describe.hpp>
#include <leat/fields.hpp>

#include "infer/model.hpp"

namespace leat {

/// `map:` of a kind that reads one text per row.
struct TextMap {
  Expression in;
  std::string out;
};

/// What happens to a row whose text is null.
enum class OnNull : std::uint8_t { reject, keep };

/// The rows of a batch whose text a model can read, and their texts.
struct Texts {
  Batch rows;
  Column texts;
};

/// The `map` and `on_null` options, for a Config with members of these names.
template <class Config>
FieldSpec text_map_field(std::string doc) {
  FieldSpec spec =
      group("map", &Config::map,
            Fields<TextMap>{
                required("in", &TextMap::in, "The text, from the fields of a row.").returns(Type::string),
                required("out", &TextMap::out, std::move(doc))},
            "What the model reads and where its answers go.");
  spec.info.required = true;
  spec.info.example = "{ in: title, out: sentiment }";
  return spec;
}
template <class Config>
FieldSpec on_null_field() {
  return choice("on_null", &Config::on_null, {{"reject", OnNull::reject}, {"keep", OnNull::keep}},
                "A row whose text is null goes to `errors`, or on with null answers.");
}

/// False, with a problem at the place, when a name cannot be a column's.
bool check_name(const std::string& name, const Place& place, Describe& describe);
bool check_out(const std::optional<TextMap>& map, Describe& describe);

/// The input's fields followed by the answers'; null, with a problem at `map.out`, when a name is taken.
SchemaPtr with_answers(std::span<const Field> answers, Describe& describe);

/// The rows of [0, count) that are not listed (ascending).
std::vector<std::uint32_t> others(std::uint32_t count, std::span<const std::uint32_t> listed);

/// Evaluates the expression and rejects the rows without a text.
Texts select_texts(const Expression& in, OnNull on_null, const Batch& batch, Context& ctx);

/// The rows and texts without those a model failed on, which are rejected; the outputs keep the same rows.
void reject_failed(Texts& texts, Prediction& prediction, Context& ctx);

}  // namespace leat
