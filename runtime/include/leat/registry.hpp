#pragma once

#include <leat/describe.hpp>
#include <leat/fields.hpp>
#include <map>

namespace leat {

/// One actor of a topology after its options were read: makes the instances. Immutable once described; shared
/// by workers.
class ConfiguredActor {
 public:
  virtual ~ConfiguredActor() = default;
  /// Binds expressions, declares output schemas, reports problems. Called once, when all inputs are known.
  virtual void describe(Describe& describe) = 0;
  virtual std::unique_ptr<Actor> create() const = 0;
};

/// A kind of actor, as data.
struct Kind {
  KindInfo info;
  std::vector<Port> inputs;
  std::vector<Port> outputs;  ///< without `errors`, which every kind has
  std::vector<FieldSpec> fields;
  bool source = false;
  std::string origin;  ///< "built in" or the plugin's path
  std::unique_ptr<ConfiguredActor> (*configure)(const ConfigNode&, const Kind&, ReadContext&,
                                                std::span<const std::string_view> common_keys) = nullptr;
};

/// All kinds a program knows. `main` owns one; there is no global. Not thread-safe while kinds are being
/// added.
class Registry {
 public:
  /// Adds actor class A (see leat/actor.hpp for what it must have). A second kind of the same name is a bug.
  template <class A>
  void add();
  void add(Kind kind);

  const Kind* find(std::string_view name) const;
  std::vector<std::string> names() const;  ///< sorted
  const std::map<std::string, Kind, std::less<>>& kinds() const { return kinds_; }
  /// Kinds added from now on carry this origin.
  void set_origin(std::string origin) { origin_ = std::move(origin); }

 private:
  std::map<std::string, Kind, std::less<>> kinds_;
  std::string origin_ = "built in";
};

/// Adds every kind that comes with Leat.
void register_standard_actors(Registry& registry);

namespace detail {
/// Binds the expressions that read input 0.
void bind_expressions(const std::vector<FieldSpec>& fields, void* config, Describe& describe);

template <class A>
class ConfiguredActorOf final : public ConfiguredActor {
 public:
  ConfiguredActorOf(const ConfigNode& node, const Kind& kind, ReadContext& context,
                    std::span<const std::string_view> common_keys)
      : fields_(&kind.fields), source_(kind.source) {
    read_fields(node, kind.fields, &config_, context, common_keys);
  }
  void describe(Describe& describe) override {
    if (!source_) bind_expressions(*fields_, &config_, describe);
    if constexpr (requires { A::describe(config_, describe); }) A::describe(config_, describe);
  }
  std::unique_ptr<Actor> create() const override { return std::make_unique<A>(config_); }

 private:
  const std::vector<FieldSpec>* fields_;  // lives in the registry
  bool source_;
  typename A::Config config_;
};
}  // namespace detail

template <class A>
void Registry::add() {
  Kind kind;
  kind.info = A::kind;
  kind.inputs.assign(A::inputs.begin(), A::inputs.end());
  kind.outputs.assign(A::outputs.begin(), A::outputs.end());
  kind.fields = A::fields().list();
  kind.source = std::is_base_of_v<Source, A>;
  kind.configure = [](const ConfigNode& node, const Kind& self, ReadContext& context,
                      std::span<const std::string_view> common_keys) -> std::unique_ptr<ConfiguredActor> {
    return std::make_unique<detail::ConfiguredActorOf<A>>(node, self, context, common_keys);
  };
  add(std::move(kind));
}

}  // namespace leat
