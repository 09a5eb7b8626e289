#pragma once

#include <leat/registry.hpp>

#include "topology/loader.hpp"

namespace leat::testing {

// Kinds as small as they can be: the loader's tests need ports and options, not work.

class Numbers final : public Source {
 public:
  struct Config {
    std::uint64_t count = 1;
  };
  static constexpr KindInfo kind{"numbers", "Made-up rows of { id: int64, name: string }."};
  static constexpr auto inputs = ports();
  static constexpr Port out{0, "out", "The rows."};
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {optional("count", &Config::count, "How many.")}; }
  static void describe(Config&, Describe& describe) {
    describe.output(out, Schema::make({{"id", Type::int64, false}, {"name", Type::string, false}}));
  }
  explicit Numbers(Config) {}
  Result<Produced> produce(std::uint32_t, Context&) override { return Produced::end(); }
};

class Times final : public Source {
 public:
  struct Config {
    SchemaPtr schema;
  };
  static constexpr KindInfo kind{"times", "Rows of a named schema."};
  static constexpr auto inputs = ports();
  static constexpr Port out{0, "out", "The rows."};
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {required("schema", &Config::schema, "What flows.")}; }
  static void describe(Config& config, Describe& describe) { describe.output(out, config.schema); }
  explicit Times(Config) {}
  Result<Produced> produce(std::uint32_t, Context&) override { return Produced::end(); }
};

class Filter final : public Actor {
 public:
  struct Config {
    Expression where;
    std::optional<Expression> also;
    bool strict = false;
  };
  static constexpr KindInfo kind{"filter", "Keeps rows."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr Port out{0, "out", "Kept rows."};
  static constexpr Port rest{1, "rest", "Other rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports(out, rest);
  static Fields<Config> fields() {
    return {required("where", &Config::where, "What to keep.").returns(Type::boolean),
            optional("also", &Config::also, "More."), optional("strict", &Config::strict, "A switch.")};
  }
  explicit Filter(Config) {}
};

class Join final : public Actor {
 public:
  struct Config {};
  static constexpr KindInfo kind{"join", "Two inputs."};
  static constexpr Port left{0, "left", "Rows."};
  static constexpr Port right{1, "right", "Rows."};
  static constexpr Port out{0, "out", "Pairs."};
  static constexpr auto inputs = ports(left, right);
  static constexpr auto outputs = ports(out);
  static Fields<Config> fields() { return {}; }
  explicit Join(Config) {}
};

class Sink final : public Actor {
 public:
  struct Config {
    enum class Mode : std::uint8_t { fast, safe } mode = Mode::fast;
    Bytes limit{64};
    Duration wait{1000};
    Rate rate;
  };
  static constexpr KindInfo kind{"sink", "Ends here."};
  static constexpr Port in{0, "in", "Rows."};
  static constexpr auto inputs = ports(in);
  static constexpr auto outputs = ports();
  static Fields<Config> fields() {
    return {
        choice("mode", &Config::mode, {{"fast", Config::Mode::fast}, {"safe", Config::Mode::safe}}, "How."),
        optional("limit", &Config::limit, "A size."), optional("wait", &Config::wait, "A duration."),
        optional("rate", &Config::rate, "A rate.")};
  }
  explicit Sink(Config) {}
};

inline void add_small_kinds(Registry& registry) {
  registry.add<Numbers>();
  registry.add<Times>();
  registry.add<Filter>();
  registry.add<Join>();
  registry.add<Sink>();
}

/// A topology loaded from text, with what was said about it.
struct Loaded {
  Registry registry;
  Diagnostics diagnostics;
  std::optional<Topology> topology;

  explicit Loaded(const std::string& text, const LoadOptions& options = {}) {
    add_small_kinds(registry);
    topology = load_topology_text(text, "t.yaml", registry, diagnostics, options);
  }
  Loaded(const Loaded&) = delete;

  /// "4:9 L0204 message | suggestion" for each problem, a line each.
  std::string said() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.sorted()) {
      out += fmt::format("{}:{} {} {}", d.place.line, d.place.column, code_number(d.code), d.message);
      out += d.suggestion.empty() ? "\n" : " | " + d.suggestion + "\n";
    }
    return out;
  }
};

/// What a topology of only these actors says; the first actor is on line 4.
inline std::string said_about(const std::string& actors, const std::string& more = {}) {
  return Loaded("topology: t\ndelivery: best_effort\nactors:\n" + actors + more).said();
}

}  // namespace leat::testing
