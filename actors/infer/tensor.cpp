#include "infer/tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <leat/batch_builder.hpp>
#include <limits>
#include <numeric>

namespace leat {
namespace {

constexpr std::string_view kNames[] = {"float32", "float64", "int8",   "int16",   "int32",  "int64", "uint8",
                                       "uint16",  "uint32",  "uint64", "boolean", "string", "other"};

/// Calls `use` with a value of the C++ type that an element has.
template <class Use>
auto with_type(Element element, Use&& use) {
  switch (element) {
    case Element::float32:
      return use(float{});
    case Element::float64:
      return use(double{});
    case Element::int8:
      return use(std::int8_t{});
    case Element::int16:
      return use(std::int16_t{});
    case Element::int32:
      return use(std::int32_t{});
    case Element::int64:
      return use(std::int64_t{});
    case Element::uint8:
      return use(std::uint8_t{});
    case Element::uint16:
      return use(std::uint16_t{});
    case Element::uint32:
      return use(std::uint32_t{});
    case Element::uint64:
      return use(std::uint64_t{});
    default:
      return use(bool{});
  }
}

template <class To, class From>
To null_of() {
  return std::is_floating_point_v<To> ? std::numeric_limits<To>::quiet_NaN() : To{};
}

// Rows that are laid side by side together: as many stay in the first cache while all columns pass over them.
constexpr std::uint32_t kTile = 32;

struct Rows {
  std::uint32_t first, end;
};

/// Rows of one column into every `stride`th place, those of the first one at `to`. The common case has no
/// branch per row.
template <class To, class From>
Status fill(std::span<const From> from, const Column& column, Rows rows, To* to, std::size_t stride) {
  if constexpr (std::is_integral_v<To> && !std::is_same_v<To, bool> && sizeof(To) < sizeof(From)) {
    for (std::uint32_t row = rows.first; row < rows.end; ++row)
      if (!column.is_null(row) && !std::in_range<To>(from[row]))
        return fail(Code::out_of_range,
                    fmt::format("{} does not fit the model's {} bytes", from[row], sizeof(To)));
  }
  To* place = to;
  for (std::uint32_t row = rows.first; row < rows.end; ++row, place += stride)
    *place = static_cast<To>(from[row]);
  if (column.null_count() != 0)
    for (std::uint32_t row = rows.first; row < rows.end; ++row)
      if (column.is_null(row)) to[(row - rows.first) * stride] = null_of<To, From>();
  return {};
}

template <class To>
Status fill(const Column& column, Rows rows, To* to, std::size_t stride) {
  switch (column.type()) {
    case Type::float64:
      if constexpr (std::is_floating_point_v<To>) return fill(column.float64s(), column, rows, to, stride);
      break;
    case Type::int64:
      return fill(column.int64s(), column, rows, to, stride);
    case Type::boolean:
      for (std::uint32_t row = rows.first; row < rows.end; ++row, to += stride)
        *to = column.is_null(row) ? null_of<To, bool>() : static_cast<To>(column.boolean(row));
      return {};
    default:
      break;
  }
  return fail(Code::internal, fmt::format("a column of {} for a tensor", to_text(column.type())));
}

/// Columns that lie in memory one by one come faster when all are asked for at once.
void prefetch(const Column& column, Rows rows) {
  constexpr std::uint32_t kLine = 64 / sizeof(double);
  if (column.type() == Type::boolean) return;
  const auto* const values = reinterpret_cast<const double*>(column.parts().values) + column.parts().offset;
  for (std::uint32_t row = rows.first; row < rows.end; row += kLine) __builtin_prefetch(values + row);
}

template <class To>
Status fill_columns(std::span<const Column> columns, std::uint32_t rows, To* to) {
  for (std::uint32_t first = 0; first < rows; first += kTile, to += kTile * columns.size()) {
    const Rows tile{first, std::min(rows, first + kTile)};
    const Rows next{tile.end, std::min(rows, tile.end + kTile)};
    for (std::size_t at = 0; at < columns.size(); ++at) {
      prefetch(columns[at], next);
      LEAT_TRY(fill(columns[at], tile, to + at, columns.size()));
    }
  }
  return {};
}

/// All values, when they lie side by side as a tensor of that width has them.
std::span<const float> side_by_side(const Column& lists, std::size_t width) {
  if (lists.row_count() == 0 || lists.null_count() != 0) return {};
  for (std::uint32_t row = 0; row < lists.row_count(); ++row)
    if (lists.floats(row).size() != width) return {};
  return {lists.floats(0).data(), lists.row_count() * width};
}

template <class To>
Status fill_lists(const Column& column, To* to, std::size_t width) {
  for (std::uint32_t row = 0; row < column.row_count(); ++row, to += width) {
    if (column.is_null(row)) {
      std::fill_n(to, width, null_of<To, float>());
      continue;
    }
    const std::span<const float> values = column.floats(row);
    if (values.size() != width)
      return fail(Code::out_of_range,
                  fmt::format("a list of {} values, where the model wants {}", values.size(), width));
    std::ranges::transform(values, to, [](float value) { return static_cast<To>(value); });
  }
  return {};
}

/// The length of the lists, when the model leaves it free: that of the first row that has one.
std::size_t list_width(const Column& column) {
  for (std::uint32_t row = 0; row < column.row_count(); ++row)
    if (!column.is_null(row)) return column.floats(row).size();
  return 1;
}

Status fill_values(Tensor& tensor, std::span<const Column> columns, std::uint32_t rows, std::size_t width) {
  tensor.values = Memory::allocate(std::max<std::size_t>(rows * width * element_size(tensor.element), 1));
  return with_type(tensor.element, [&](auto value) -> Status {
    auto* const to = reinterpret_cast<decltype(value)*>(tensor.values.data());
    return columns[0].type() == Type::float32_list ? fill_lists(columns[0], to, width)
                                                   : fill_columns(columns, rows, to);
  });
}

Tensor make_strings(const TensorType& type, std::span<const Column> columns, std::uint32_t rows) {
  Tensor tensor{type.element, {}, {}, {}};
  tensor.strings.resize(rows * columns.size());
  for (std::size_t at = 0; at < columns.size(); ++at)
    for (std::uint32_t row = 0; row < rows; ++row)
      if (!columns[at].is_null(row)) tensor.strings[row * columns.size() + at] = columns[at].text(row);
  return tensor;
}

}  // namespace

std::string TensorType::text() const {
  if (!is_tensor()) return kind;
  std::string text(kNames[static_cast<std::size_t>(element)]);
  text += '[';
  for (std::size_t at = 0; at < shape.size(); ++at)
    text += (at == 0 ? "" : ",") + (shape[at] < 0 ? std::string("?") : std::to_string(shape[at]));
  return text + "]";
}

std::int64_t Tensor::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::size_t element_size(Element element) {
  return with_type(element, [](auto value) { return sizeof value; });
}

Result<ModelInput> input_of(const TensorType& tensor) {
  const auto refuse = [&](std::string_view why) {
    return fail(Code::model_mismatch, fmt::format("input `{}` is {}: {}", tensor.name, tensor.text(), why));
  };
  if (!tensor.is_tensor() || tensor.element == Element::other) return refuse("no columns can fill that");
  if (tensor.shape.empty()) return refuse("one value for all rows, not one of each row");
  if (tensor.shape[0] > 1)
    return refuse("the number of rows is fixed; export it with a free first dimension");
  ModelInput input{tensor.name, Type::float64, 1, tensor.text(), {}};
  std::int64_t width = 1;
  int free = 0;
  for (std::size_t at = 1; at < tensor.shape.size(); ++at)
    tensor.shape[at] < 0 ? void(++free) : void(width *= tensor.shape[at]);
  if (free > 1 || (free == 1 && tensor.shape.size() > 2))
    return refuse("more is left open than the number of rows; export it with fixed dimensions");
  if (width > 1 << 20) return refuse("too many values per row");
  input.width = free == 1 ? 0 : static_cast<std::uint32_t>(width);
  input.type = tensor.element == Element::string    ? Type::string
               : tensor.element == Element::boolean ? Type::boolean
               : tensor.element <= Element::float64 ? Type::float64
                                                    : Type::int64;
  return input;
}

Result<Tensor> to_tensor(const TensorType& type, std::span<const Column> columns, std::uint32_t rows) {
  const bool lists = columns[0].type() == Type::float32_list;
  std::size_t width = lists ? list_width(columns[0]) : columns.size();
  std::int64_t wanted = 1;
  for (std::size_t at = 1; at < type.shape.size(); ++at) wanted *= std::max<std::int64_t>(type.shape[at], 1);
  const bool free = std::find(type.shape.begin() + 1, type.shape.end(), -1) != type.shape.end();
  if (!free) width = static_cast<std::size_t>(wanted);
  Tensor tensor;
  if (type.element == Element::string) {
    tensor = make_strings(type, columns, rows);
  } else {
    tensor.element = type.element;
    if (lists && type.element == Element::float32) tensor.lent = side_by_side(columns[0], width);
    if (tensor.lent.empty()) LEAT_TRY(fill_values(tensor, columns, rows, width));
  }
  tensor.shape = type.shape;
  tensor.shape[0] = rows;
  std::ranges::replace(tensor.shape, -1, static_cast<std::int64_t>(width));
  return tensor;
}

std::optional<Type> column_type(const TensorType& output) {
  if (!output.is_tensor() || output.element == Element::other) return std::nullopt;
  bool single = true;
  for (std::size_t at = 1; at < output.shape.size(); ++at) single = single && output.shape[at] == 1;
  const bool floats = output.element <= Element::float64;
  const bool open = output.shape.size() > 2 &&
                    std::find(output.shape.begin() + 1, output.shape.end(), -1) != output.shape.end();
  if (open) return std::nullopt;
  if (!single) return floats ? std::optional(Type::float32_list) : std::nullopt;
  return floats                               ? Type::float64
         : output.element == Element::string  ? Type::string
         : output.element == Element::boolean ? Type::boolean
                                              : Type::int64;
}

Result<Column> to_column(const Tensor& tensor, Type type, std::uint32_t rows, const std::string& name) {
  const std::int64_t size = tensor.size();
  const auto width = static_cast<std::uint32_t>(size / rows);
  if (size % rows != 0 || (type != Type::float32_list && size != rows))
    return fail(Code::model_failed, fmt::format("output `{}` has {} values for {} rows", name, size, rows));
  if (type == Type::string) {
    const std::vector<std::string_view> views(tensor.strings.begin(), tensor.strings.end());
    return leat::make_strings(views);
  }
  return with_type(tensor.element, [&](auto value) -> Result<Column> {
    const std::span from(static_cast<const decltype(value)*>(tensor.data()), static_cast<std::size_t>(size));
    if (type == Type::float32_list) {
      Memory floats = Memory::allocate(std::max<std::size_t>(from.size() * sizeof(float), 1));
      std::ranges::transform(from, reinterpret_cast<float*>(floats.data()),
                             [](auto one) { return static_cast<float>(one); });
      return make_lists(std::move(floats), rows, width);
    }
    const SchemaPtr schema = Schema::make({{"value", type}});
    if (type == Type::boolean) {
      BatchBuilder builder(schema);
      for (const auto one : from) builder.add(static_cast<bool>(one));
      return builder.finish().column(0);
    }
    Column::Parts parts{.type = type, .rows = rows, .owner = Memory::allocate(from.size() * 8)};
    parts.values = parts.owner.data();
    if (type == Type::float64)
      std::ranges::transform(from, reinterpret_cast<double*>(parts.owner.data()),
                             [](auto one) { return static_cast<double>(one); });
    else
      std::ranges::transform(from, reinterpret_cast<std::int64_t*>(parts.owner.data()),
                             [](auto one) { return static_cast<std::int64_t>(one); });
    return Column(std::move(parts));
  });
}

Column make_lists(Memory values, std::uint32_t rows, std::uint32_t width) {
  // One owner for both buffers.
  struct Both {
    Memory values, offsets;
  };
  auto both = std::make_shared<Both>();
  both->values = std::move(values);
  both->offsets = Memory::allocate((rows + 1) * sizeof(std::int32_t));
  auto* offsets = reinterpret_cast<std::int32_t*>(both->offsets.data());
  for (std::uint32_t row = 0; row <= rows; ++row) offsets[row] = static_cast<std::int32_t>(row * width);
  Column::Parts parts{
      .type = Type::float32_list, .rows = rows, .values = both->values.data(), .offsets = offsets};
  parts.owner = Memory::hold(std::move(both));
  return Column(std::move(parts));
}

Column make_float64s(std::span<const double> values) {
  Column::Parts parts{.type = Type::float64,
                      .rows = static_cast<std::uint32_t>(values.size()),
                      .owner = Memory::allocate(std::max<std::size_t>(values.size_bytes(), 1))};
  std::memcpy(parts.owner.data(), values.data(), values.size_bytes());
  parts.values = parts.owner.data();
  return Column(std::move(parts));
}

Column make_strings(std::span<const std::string_view> values) {
  static const SchemaPtr schema = Schema::make({{"value", Type::string}});
  BatchBuilder builder(schema);
  for (const std::string_view value : values) builder.add(value);
  return builder.finish().column(0);
}

}  // namespace leat
