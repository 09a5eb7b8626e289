#include "transform/transform.hpp"

#include <algorithm>
#include <leat/context.hpp>

#include "transform/field_name.hpp"
#include "transform/row_choice.hpp"

namespace leat {
namespace {

/// Where a column of the output comes from: the input, or an expression of `select` or `extend`.
struct Origin {
  enum class From : std::uint8_t { input, select, extend };
  From from = From::input;
  std::size_t index = 0;
};

/// Columns with their origins, in order.
struct Layout {
  std::vector<Field> fields;
  std::vector<Origin> origins;

  std::vector<Field>::iterator find(std::string_view name) {
    return std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
  }
  void put(Field field, Origin origin) {
    const auto at = find(field.name);
    if (at == fields.end()) {
      fields.push_back(std::move(field));
      origins.push_back(origin);
    } else {
      origins[static_cast<std::size_t>(at - fields.begin())] = origin;
      *at = std::move(field);
    }
  }
  void put(const Named<Expression>& expressions, Origin::From from) {
    for (std::size_t at = 0; at < expressions.size(); ++at) {
      const auto& [name, expression] = expressions[at];
      put(Field{name, expression.type(), expression.nullable()}, {from, at});
    }
  }
  void put(const Schema& schema) {
    for (std::size_t at = 0; at < schema.size(); ++at) put(schema[at], {Origin::From::input, at});
  }
};

struct TransformConfig {
  Expression where;
  Named<Expression> select;
  Named<Expression> extend;
  std::vector<FieldName> drop;
  Named<Expression> routes;

  // What `describe` works out.
  SchemaPtr input;
  SchemaPtr routed;             ///< what `routes` read: the input with the columns of `extend`
  SchemaPtr output;             ///< the input's when nothing is computed, renamed or dropped
  std::vector<Origin> columns;  ///< of `output`; empty when that is the input's
  std::vector<std::uint8_t> route_ports;
};

bool is_field_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool is_port_name(std::string_view name) {
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

bool check_column_names(const Named<Expression>& expressions, std::string_view option, Describe& describe) {
  bool good = true;
  for (const auto& [name, expression] : expressions) {
    if (!is_field_name(name)) {
      describe.problem(
          Code::bad_name, expression.place(), fmt::format("`{}` cannot be the name of a column", name), {},
          fmt::format("names under `{}` are letters, digits and _, not beginning with a digit", option));
      good = false;
    }
    good = good && expression.bound();
  }
  return good;
}

std::vector<std::string> names_of(const std::vector<Field>& fields) {
  std::vector<std::string> names;
  names.reserve(fields.size());
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

void drop_columns(const std::vector<FieldName>& drop, Layout& layout, Describe& describe) {
  const std::vector<std::string> names = names_of(layout.fields);
  for (const FieldName& name : drop) {
    const auto at = layout.find(name.text);
    if (at == layout.fields.end()) {
      describe.problem(Code::unknown_field, name.place, fmt::format("no field named `{}` to drop", name.text),
                       suggest(name.text, names));
    } else {
      layout.origins.erase(layout.origins.begin() + (at - layout.fields.begin()));
      layout.fields.erase(at);
    }
  }
  if (layout.fields.empty())
    describe.problem(Code::bad_value, describe.place_of("drop"),
                     "every field is dropped; nothing is left to send");
}

/// Filters rows, computes columns and spreads rows over named ports, without a state of its own. Columns that
/// stay as they are and batches whose rows all pass are handed on, not copied.
class Transform final : public Actor {
 public:
  using Config = TransformConfig;
  static constexpr KindInfo kind{
      .name = "transform",
      .doc = "Filters rows, computes columns and routes rows to named ports.",
      .example = "where: amount > 0\nextend: { gross: amount * 1.2 }\nroutes: { large: amount > 1000 }",
      .each_row = true};
  static constexpr Port in{0, "in", "Rows to transform."};
  static constexpr Port out{0, "out", "Rows that pass `where` and take no route."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() {
    return {
        optional("where", &Config::where,
                 "Rows for which this is not true (false or null) are dropped and counted as `where`.")
            .returns(Type::boolean)
            .example("language == \"en\""),
        optional("select", &Config::select, "Send exactly these columns, computed from the input's fields.")
            .example("{ id: id, text: title.trim() }"),
        optional(
            "extend", &Config::extend,
            "Columns to add or to replace, computed from the input's fields. They do not see each other.")
            .example("{ gross: amount * 1.2 }"),
        optional("drop", &Config::drop, "Columns to leave out, after `select` and `extend`.")
            .example("[debug, raw]"),
        optional("routes", &Config::routes,
                 "Port name to condition over the input's fields and those of `extend`. A row leaves by the "
                 "port of the "
                 "first condition that is true, else by `out`.")
            .returns(Type::boolean)
            .bind_in_describe()
            .example("{ large: amount > 1000, odd: amount % 2 == 1 }"),
    };
  }

  static void describe(Config& config, Describe& describe) {
    config.input = describe.input();
    if (!config.input) return;
    const bool extend_good = check_column_names(config.extend, "extend", describe);
    const bool select_good = check_column_names(config.select, "select", describe);
    if (!extend_good || !select_good) return;

    Layout extended;
    extended.put(*config.input);
    extended.put(config.extend, Origin::From::extend);
    config.routed = config.extend.empty() ? config.input : Schema::make(extended.fields);

    Layout layout;
    if (config.select.empty()) layout.put(*config.input);
    layout.put(config.select, Origin::From::select);
    layout.put(config.extend, Origin::From::extend);
    drop_columns(config.drop, layout, describe);
    const bool unchanged = config.select.empty() && config.extend.empty() && config.drop.empty();
    config.columns = unchanged ? std::vector<Origin>() : std::move(layout.origins);
    config.output = unchanged ? config.input : Schema::make(std::move(layout.fields));
    describe.output(out, config.output);

    config.route_ports.clear();
    for (auto& [name, condition] : config.routes) {
      if (!is_port_name(name))
        describe.problem(Code::bad_name, condition.place(),
                         fmt::format("`{}` cannot be the name of a port", name), {},
                         "names of ports are lowercase letters, digits, _ and -, beginning with a letter");
      describe.bind(condition, config.routed, Type::boolean);
      config.route_ports.push_back(describe.add_output(name, config.output, condition.place()));
    }
  }

  explicit Transform(Config config) : config_(std::move(config)) {
    for (std::size_t route = 0; route < config_.routes.size(); ++route)
      route_ports_.push_back({config_.route_ports[route], config_.routes[route].first, {}});
    computes_ = !config_.extend.empty() || !config_.routes.empty() ||
                std::any_of(config_.select.begin(), config_.select.end(),
                            [](const auto& entry) { return !entry.second.field_index(); });
  }

  Status on_batch(const Port&, const Batch& batch, Context& ctx) override {
    if (config_.where.empty()) {
      send(batch, ctx);
      return {};
    }
    const Evaluated passed = config_.where.evaluate(batch);
    for (const Evaluated::Failed& failed : passed.failed)
      ctx.reject(batch, failed.row, explained(failed.error, "where", {}, config_.where));
    chosen_.choose_true(passed);
    const std::size_t dropped = batch.row_count() - passed.failed.size() - chosen_.rows().size();
    if (dropped > 0) ctx.drop(dropped, "where");
    if (chosen_.rows().empty()) return {};
    if (computes_)
      send(chosen_.of(batch), ctx);
    else  // Only the columns that leave are worth copying.
      ctx.emit(out, chosen_.of(assemble(batch, {}, {})));
    return {};
  }

 private:
  /// What becomes of a row: kOut, kGone, or the number of a route.
  using Fate = std::uint32_t;
  static constexpr Fate kOut = UINT32_MAX;
  static constexpr Fate kGone = UINT32_MAX - 1;

  static Error explained(const Error& error, std::string_view option, std::string_view name,
                         const Expression& expression) {
    return {error.code,
            name.empty() ? fmt::format("`{}`: {}", option, error.message)
                         : fmt::format("`{}.{}`: {}", option, name, error.message),
            expression.place().known() ? expression.place().text() : std::string()};
  }

  void send(const Batch& rows, Context& ctx) {
    fates_.clear();
    const std::vector<Column> selected = columns_of(config_.select, "select", rows, ctx);
    const std::vector<Column> extended = columns_of(config_.extend, "extend", rows, ctx);
    const Batch output = assemble(rows, selected, extended);
    if (!config_.routes.empty()) route(rows, extended, ctx);
    if (fates_.empty()) {
      ctx.emit(out, output);
      return;
    }
    send_rows_of(kOut, out, output, ctx);
    for (std::size_t at = 0; at < route_ports_.size(); ++at)
      send_rows_of(static_cast<Fate>(at), route_ports_[at], output, ctx);
  }

  void send_rows_of(Fate fate, const Port& port, const Batch& output, Context& ctx) {
    chosen_.clear();
    for (std::uint32_t row = 0; row < fates_.size(); ++row)
      if (fates_[row] == fate) chosen_.add(row);
    if (!chosen_.rows().empty()) ctx.emit(port, chosen_.of(output));
  }

  std::vector<Column> columns_of(const Named<Expression>& expressions, std::string_view option,
                                 const Batch& rows, Context& ctx) {
    std::vector<Column> columns;
    columns.reserve(expressions.size());
    for (const auto& [name, expression] : expressions) {
      Evaluated evaluated = expression.evaluate(rows);
      reject_failed(evaluated, option, name, expression, rows, ctx);
      columns.push_back(std::move(evaluated.values));
    }
    return columns;
  }

  /// A row is rejected once, for its first failure, and only while nothing else has been decided about it.
  void reject_failed(const Evaluated& evaluated, std::string_view option, std::string_view name,
                     const Expression& expression, const Batch& rows, Context& ctx) {
    if (!evaluated.failed.empty() && fates_.empty()) fates_.assign(rows.row_count(), kOut);
    for (const Evaluated::Failed& failed : evaluated.failed) {
      if (fates_[failed.row] != kOut) continue;
      fates_[failed.row] = kGone;
      ctx.reject(rows, failed.row, explained(failed.error, option, name, expression));
    }
  }

  void route(const Batch& rows, const std::vector<Column>& extended, Context& ctx) {
    if (fates_.empty()) fates_.assign(rows.row_count(), kOut);
    const Batch readable = with_extended(rows, extended);
    for (std::size_t at = 0; at < config_.routes.size(); ++at) {
      const auto& [name, condition] = config_.routes[at];
      const Evaluated taken = condition.evaluate(readable);
      reject_failed(taken, "routes", name, condition, rows, ctx);
      chosen_.choose_true(taken);
      for (const std::uint32_t row : chosen_.rows())
        if (fates_[row] == kOut) fates_[row] = static_cast<Fate>(at);
    }
  }

  Batch with_extended(const Batch& rows, const std::vector<Column>& extended) const {
    if (extended.empty()) return rows;
    std::vector<Column> columns(rows.columns().begin(), rows.columns().end());
    columns.resize(config_.routed->size());
    for (std::size_t at = 0; at < extended.size(); ++at)
      columns[*config_.routed->index_of(config_.extend[at].first)] = extended[at];
    return Batch(config_.routed, columns, rows.row_count());
  }

  /// The output's columns over all of `rows`. Without `selected`, the columns of `select` are plain fields.
  Batch assemble(const Batch& rows, const std::vector<Column>& selected,
                 const std::vector<Column>& extended) const {
    if (config_.columns.empty()) return rows;
    std::vector<Column> columns;
    columns.reserve(config_.columns.size());
    for (const Origin& origin : config_.columns) {
      switch (origin.from) {
        case Origin::From::input:
          columns.push_back(rows.column(origin.index));
          break;
        case Origin::From::select:
          columns.push_back(selected.empty() ? rows.column(*config_.select[origin.index].second.field_index())
                                             : selected[origin.index]);
          break;
        case Origin::From::extend:
          columns.push_back(extended[origin.index]);
          break;
      }
    }
    return Batch(config_.output, columns, rows.row_count()).with_entered(rows.entered());
  }

  Config config_;
  std::vector<Port> route_ports_;
  bool computes_ = false;
  RowChoice chosen_;
  std::vector<Fate> fates_;  // of the batch at hand; empty: all leave by `out`
};

}  // namespace

void register_transform(Registry& registry) {
  registry.add<Transform>();
}

}  // namespace leat
