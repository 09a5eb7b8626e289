#include "aggregate/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace leat {
namespace {

constexpr std::int64_t kPanesMax = 10'000;

bool is_field_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void check_positive(std::int64_t value, std::string_view option, Describe& describe) {
  if (value > 0) return;
  describe.problem(Code::bad_value, describe.place_of(option),
                   fmt::format("`{}` must be more than 0", option));
}

WindowSpec spec_of(const AggregateConfig& config, Describe& describe) {
  WindowSpec spec;
  spec.lateness_us = config.lateness.count();
  spec.previews_on_timer = config.emit_every.has_value();
  spec.groups_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(config.groups.count, UINT32_MAX - 1));
  if (!config.window) return spec;
  const WindowOptions& window = *config.window;
  const int said = int{window.tumbling.has_value()} + int{window.hopping.has_value()} +
                   int{window.session.has_value()} + int{window.count.has_value()};
  if (said != 1) {
    describe.problem(Code::bad_value, describe.place_of("window"), "a window is of exactly one form", {},
                     "one of: tumbling, hopping, session, count");
    return spec;
  }
  if (window.tumbling) {
    spec.kind = WindowSpec::Kind::panes;
    spec.size_us = spec.every_us = window.tumbling->count();
    check_positive(spec.size_us, "window.tumbling", describe);
  } else if (window.hopping) {
    spec.kind = WindowSpec::Kind::panes;
    spec.size_us = window.hopping->size.count();
    spec.every_us = window.hopping->every.count();
    check_positive(spec.size_us, "window.hopping.size", describe);
    check_positive(spec.every_us, "window.hopping.every", describe);
    if (spec.every_us > spec.size_us)
      describe.problem(Code::bad_value, describe.place_of("window.hopping.every"),
                       "with `every` greater than `size` rows between two windows would belong to none");
    if (spec.size_us > 0 && spec.every_us > 0 &&
        spec.size_us / std::gcd(spec.size_us, spec.every_us) > kPanesMax)
      describe.problem(Code::bad_value, describe.place_of("window.hopping"),
                       fmt::format("a window would have more than {} parts", kPanesMax), {},
                       "choose a `size` that is a multiple of `every`");
  } else if (window.session) {
    spec.kind = WindowSpec::Kind::sessions;
    spec.gap_us = window.session->gap.count();
    check_positive(spec.gap_us, "window.session.gap", describe);
  } else {
    spec.kind = WindowSpec::Kind::count;
    spec.rows = static_cast<std::int64_t>(std::min<std::uint64_t>(window.count->count, INT64_MAX));
    check_positive(spec.rows, "window.count", describe);
  }
  return spec;
}

// Columns of the output; two of one name are reported.
class OutputFields {
 public:
  explicit OutputFields(Describe& describe) : describe_(describe) {}

  void add(const Place& place, Field field) {
    if (!is_field_name(field.name)) {
      good_ = false;
      return describe_.problem(Code::bad_name, place,
                               fmt::format("`{}` cannot be the name of a column", field.name), {},
                               "give it one: `name: EXPRESSION`; names are letters, digits and _");
    }
    if (std::ranges::find(list_, field.name, &Field::name) != list_.end()) {
      good_ = false;
      return describe_.problem(Code::bad_name, place, fmt::format("two columns are named `{}`", field.name));
    }
    list_.push_back(std::move(field));
  }
  SchemaPtr schema() && { return good_ ? Schema::make(std::move(list_)) : nullptr; }

 private:
  Describe& describe_;
  std::vector<Field> list_;
  bool good_ = true;
};

bool describe_computation(Computation& computation, const SchemaPtr& input, Describe& describe) {
  bool good = computation.argument.empty() || describe.bind(computation.argument, input);
  good &= computation.where.empty() || describe.bind(computation.where, input, Type::boolean);
  if (!good) return false;
  if (result_type(computation.function, computation.argument_type())) return true;
  describe.problem(Code::type_mismatch, computation.argument.place(),
                   fmt::format("`{}` has the type {}; this function takes {}", computation.argument.text(),
                               to_text(computation.argument.type()), wanted_argument(computation.function)));
  return false;
}

}  // namespace

Fields<AggregateConfig> aggregate_fields() {
  using C = AggregateConfig;
  using W = WindowOptions;
  std::string functions;
  for (const FunctionInfo& info : all_functions())
    functions += fmt::format(" `{}`: {}.", info.name, info.doc);
  return {
      optional("key", &C::key, "What rows are grouped by. Without it all rows are one group.")
          .bind_in_describe()
          .example("[country, device]"),
      group(
          "window", &C::window,
          Fields<W>{
              optional("tumbling", &W::tumbling, "Windows side by side, each this long.").example("1m"),
              group("hopping", &W::hopping,
                    Fields<HoppingOptions>{
                        required("size", &HoppingOptions::size, "How long a window is."),
                        required("every", &HoppingOptions::every, "How far apart windows begin."),
                    },
                    "Windows that overlap."),
              group("session", &W::session,
                    Fields<SessionOptions>{
                        required("gap", &SessionOptions::gap,
                                 "A session ends when no row of its key came for this long."),
                    },
                    "Windows that last as long as rows keep coming."),
              optional("count", &W::count, "Windows of so many rows per key.").example("1000"),
          },
          "How the stream is cut. Windows of a length begin at multiples of it since 1970, UTC. Without one: "
          "totals since the start."),
      required("compute", &C::compute,
               "Columns to compute: `count`, or `{ FUNCTION: EXPRESSION }`, each with an optional `where: "
               "CONDITION`. Nulls are ignored." +
                   functions)
          .bind_in_describe()
          .example("{ views: count, revenue: { sum: price, where: sold } }"),
      optional("time", &C::time,
               "Which time a row has: a timestamp expression, or `processing`. Default: the input's only "
               "timestamp field.")
          .example("clicked_at"),
      optional(
          "lateness", &C::lateness,
          "How long after its end a window still takes rows. It is shown at its end and after each change; "
          "its final row comes when this is over."),
      optional("emit_every", &C::emit_every,
               "Show open windows that changed so often (by the clock), marked by `final: false`.")
          .example("10s"),
      optional("every", &C::every, "Without a window: how often totals that changed are sent."),
      optional(
          "groups", &C::groups,
          "Most groups (pairs of key and window) held at once. A row that would need one more is rejected."),
  };
}

void describe_aggregate(AggregateConfig& config, const Port& out, const Port& late, Describe& describe) {
  const SchemaPtr input = describe.input();
  if (!input) return;
  config.spec = spec_of(config, describe);
  config.needs_time =
      config.spec.kind == WindowSpec::Kind::panes || config.spec.kind == WindowSpec::Kind::sessions;
  config.has_window_columns = config.needs_time;
  OutputFields fields(describe);
  const Place here = describe.place_of("");
  bool good = !config.needs_time || config.time.describe(input, describe);
  if (config.has_window_columns) {
    fields.add(here, {"window_start", Type::timestamp});
    fields.add(here, {"window_end", Type::timestamp});
  }
  std::vector<Expression> keys;
  for (auto& [name, key] : config.key.list) {
    if (!describe.bind(key, input)) {
      good = false;
      continue;
    }
    fields.add(key.place(), {name, key.type(), key.nullable()});
    keys.push_back(key);
  }
  if (config.compute.empty())
    describe.problem(Code::missing_key, describe.place_of("compute"), "there is nothing to compute");
  for (auto& [name, computation] : config.compute) {
    if (!describe_computation(computation, input, describe)) {
      good = false;
      continue;
    }
    fields.add(computation.place, {name, *result_type(computation.function, computation.argument_type()),
                                   result_nullable(computation.function)});
  }
  fields.add(here, {"final", Type::boolean});
  config.output = std::move(fields).schema();
  if (good && config.output) describe.output(out, config.output);
  describe.output(late, input);
  if (good) describe.partition_by(0, std::move(keys));
}

}  // namespace leat
