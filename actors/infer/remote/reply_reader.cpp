#include "infer/remote/reply_reader.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <leat/batch_builder.hpp>
#include <leat/codec.hpp>

namespace leat {
namespace {

using simdjson::dom::element;
using Kind = simdjson::dom::element_type;

Failure wrong(std::string message) {
  return fail(Code::endpoint_failed, std::move(message));
}

std::optional<double> number(const element& value) {
  double read = 0;
  if (value.get_double().get(read) != simdjson::SUCCESS) return std::nullopt;  // also of integers
  return read;
}

std::optional<std::int64_t> integer(const element& value) {
  std::int64_t read = 0;
  if (value.get_int64().get(read) == simdjson::SUCCESS) return read;
  const std::optional<double> real = value.is_double() ? number(value) : std::nullopt;
  if (!real || *real != std::floor(*real) || std::abs(*real) > 9007199254740992.0) return std::nullopt;
  return static_cast<std::int64_t>(*real);
}

/// A value of the field's type, appended; false if it is none.
bool append(const Field& field, const element& value, ColumnBuilder& column) {
  if (value.is_null()) {
    if (field.nullable) column.append_null();
    return field.nullable;
  }
  switch (field.type) {
    case Type::boolean: {
      bool read = false;
      if (value.get_bool().get(read) != simdjson::SUCCESS) return false;
      column.append(read);
      return true;
    }
    case Type::int64: {
      const auto read = integer(value);
      if (read) column.append(*read);
      return read.has_value();
    }
    case Type::float64: {
      const auto read = number(value);
      if (read) column.append(*read);
      return read.has_value();
    }
    case Type::string: {
      std::string_view read;
      if (value.get_string().get(read) != simdjson::SUCCESS) return false;
      column.append(read);
      return true;
    }
    case Type::any: {
      const Result<std::string> packed = json_to_msgpack(simdjson::minify(value));
      if (packed) column.append(std::string_view(*packed));
      return packed.has_value();
    }
    default:
      return false;
  }
}

/// All values of nested lists in order.
template <class Use>
bool each_value(const element& value, Use&& use) {
  simdjson::dom::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS) return use(value);
  for (const element inner : list)
    if (!each_value(inner, use)) return false;
  return true;
}

bool append_floats(const element& value, std::vector<float>& floats) {
  return each_value(value, [&](const element& inner) {
    const auto read = number(inner);
    if (read) floats.push_back(static_cast<float>(*read));
    return read.has_value();
  });
}

}  // namespace

struct ReplyReader::Impl {
  explicit Impl(ReplyFormat f) : format(std::move(f)), rows(format.outputs) {}

  Status read_kserve(const element& document, std::uint32_t wanted, Reply& reply);
  Status read_tensor(std::size_t at, const element& data, std::uint32_t wanted);
  Status read_predictions(const element& document, std::uint32_t wanted);
  Status read_pointers(const element& document);
  Status read_one(std::size_t at, const element& value);

  Status no_output(std::size_t at) const {
    return wrong(fmt::format("the answer has no `{}`", (*format.outputs)[at].name));
  }

  ReplyFormat format;
  BatchBuilder rows;
  simdjson::dom::parser parser;
  std::vector<float> floats;
};

Status ReplyReader::Impl::read_one(std::size_t at, const element& value) {
  const Field& field = (*format.outputs)[at];
  if (field.type == Type::float32_list && !value.is_null()) {
    floats.clear();
    if (value.is_array() && append_floats(value, floats)) {
      rows.column(at).append(std::span<const float>(floats));
      return {};
    }
  } else if (append(field, value, rows.column(at))) {
    return {};
  }
  return wrong(fmt::format("`{}` of the answer is not {}: {}", field.name, to_text(field.type),
                           std::string(simdjson::minify(value)).substr(0, 60)));
}

Status ReplyReader::Impl::read_tensor(std::size_t at, const element& data, std::uint32_t wanted) {
  const Field& field = (*format.outputs)[at];
  std::size_t count = 0;
  if (field.type == Type::float32_list) {
    floats.clear();
    if (!append_floats(data, floats))
      return wrong(fmt::format("`{}` has values that are no numbers", field.name));
    count = floats.size();
    const std::size_t width = count / wanted;
    if (width == 0 || width * wanted != count)
      return wrong(fmt::format("`{}` has {} values, which {} rows cannot share", field.name, count, wanted));
    for (std::size_t row = 0; row < wanted; ++row)
      rows.column(at).append(std::span<const float>(floats).subspan(row * width, width));
    return {};
  }
  Status good;
  each_value(data, [&](const element& value) {
    good = ++count <= wanted ? read_one(at, value) : Status();
    return good.has_value();
  });
  LEAT_TRY(std::move(good));
  if (count == wanted) return {};
  return wrong(fmt::format("`{}` has {} values for {} rows", field.name, count, wanted));
}

Status ReplyReader::Impl::read_kserve(const element& document, std::uint32_t wanted, Reply& reply) {
  std::string_view text;
  if (document["model_name"].get(text) == simdjson::SUCCESS) reply.model = text;
  if (document["model_version"].get(text) == simdjson::SUCCESS) reply.version = text;
  simdjson::dom::array outputs;
  if (document["outputs"].get(outputs) != simdjson::SUCCESS) return wrong("the answer has no `outputs`");
  for (std::size_t at = 0; at < format.outputs->size(); ++at) {
    bool found = false;
    for (const element output : outputs) {
      if (output["name"].get(text) != simdjson::SUCCESS || text != (*format.outputs)[at].name) continue;
      element data;
      if (found || output["data"].get(data) != simdjson::SUCCESS) return no_output(at);
      found = true;
      LEAT_TRY(read_tensor(at, data, wanted));
    }
    if (!found) return no_output(at);
  }
  return {};
}

Status ReplyReader::Impl::read_predictions(const element& document, std::uint32_t wanted) {
  simdjson::dom::array predictions;
  if (document.get(predictions) != simdjson::SUCCESS &&
      document["predictions"].get(predictions) != simdjson::SUCCESS)
    return wrong("the answer has no `predictions`");
  if (predictions.size() != wanted)
    return wrong(fmt::format("the answer has {} predictions for {} rows", predictions.size(), wanted));
  for (const element prediction : predictions)
    for (std::size_t at = 0; at < format.outputs->size(); ++at) {
      element value = prediction;
      if (prediction.is_object() ? prediction[(*format.outputs)[at].name].get(value) != simdjson::SUCCESS
                                 : format.outputs->size() != 1)
        return no_output(at);
      LEAT_TRY(read_one(at, value));
    }
  return {};
}

Status ReplyReader::Impl::read_pointers(const element& document) {
  for (std::size_t at = 0; at < format.outputs->size(); ++at) {
    element value;
    const std::string& pointer = format.pointers[at];
    if ((pointer.empty() ? simdjson::simdjson_result<element>(element(document))
                         : document.at_pointer(pointer))
            .get(value) != simdjson::SUCCESS)
      return wrong(fmt::format("the answer has nothing at `{}`", pointer));
    LEAT_TRY(read_one(at, value));
  }
  return {};
}

ReplyReader::ReplyReader(ReplyFormat format) : impl_(std::make_unique<Impl>(std::move(format))) {}
ReplyReader::~ReplyReader() = default;

Result<Reply> ReplyReader::read(const std::string& body, std::uint32_t rows) {
  element document;
  if (const auto error = impl_->parser.parse(body).get(document); error != simdjson::SUCCESS)
    return wrong(fmt::format("the answer is not JSON: {}", simdjson::error_message(error)));
  Reply reply;
  impl_->rows.truncate(0);
  if (impl_->format.protocol == Protocol::kserve_v2)
    LEAT_TRY(impl_->read_kserve(document, rows, reply));
  else if (impl_->format.protocol == Protocol::invocations)
    LEAT_TRY(impl_->read_predictions(document, rows));
  else
    LEAT_TRY(impl_->read_pointers(document));
  reply.outputs = impl_->rows.finish();
  return reply;
}

bool is_json_pointer(std::string_view text) {
  if (text.empty()) return true;
  if (text[0] != '/') return false;
  for (std::size_t at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1))
    if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
  return true;
}

}  // namespace leat
