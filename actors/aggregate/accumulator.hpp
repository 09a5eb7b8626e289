#pragma once

#include <leat/batch_builder.hpp>
#include <leat/state_bytes.hpp>
#include <memory>

namespace leat {

/// Rows of a batch on their way into groups.
struct GroupedRows {
  std::span<const std::uint32_t> rows;    ///< which rows
  std::span<const std::uint32_t> groups;  ///< the group of each
  std::span<const std::int64_t> times;    ///< by row of the batch, for first and last
};

/// One aggregate function's state for all groups, side by side. Nulls are ignored, as in SQL: no function but
/// `count` of rows sees them. One thread.
class Accumulator {
 public:
  virtual ~Accumulator() = default;
  virtual std::unique_ptr<Accumulator> make_empty() const = 0;
  /// Groups below `groups` exist from now on.
  virtual void grow(std::uint32_t groups) = 0;
  /// `values` is null for functions without an argument.
  virtual void fold(const GroupedRows& rows, const Column* values) = 0;
  /// Adds `from`'s group to one of ours; `from` is of the same function. May be this object.
  virtual void merge(std::uint32_t group, const Accumulator& from, std::uint32_t from_group) = 0;
  /// The same for all groups of `from`: its group i goes to `groups[i]`.
  virtual void merge_all(std::span<const std::uint32_t> groups, const Accumulator& from) = 0;
  /// No groups; keeps its memory.
  virtual void clear() = 0;
  /// The group is as new.
  virtual void reset(std::uint32_t group) = 0;
  /// Appends the result; an error (and nothing appended) if it does not fit its type.
  virtual Status emit(std::uint32_t group, ColumnBuilder& out) const = 0;
  virtual void save(std::uint32_t group, StateOut& out) const = 0;
  virtual void load(std::uint32_t group, StateIn& in) = 0;
  /// The first `groups` groups; a function of plain states writes them as one block.
  virtual void save_all(std::uint32_t groups, StateOut& out) const {
    for (std::uint32_t group = 0; group < groups; ++group) save(group, out);
  }
  virtual void load_all(std::uint32_t groups, StateIn& in) {
    for (std::uint32_t group = 0; group < groups; ++group) load(group, in);
  }
  virtual std::size_t byte_size() const = 0;
};

/// Calls `each(group, row, value index)` for the rows with a value.
template <class Each>
void for_each_present(const GroupedRows& rows, const Column& values, Each&& each) {
  if (values.null_count() == 0) {
    for (std::size_t at = 0; at < rows.rows.size(); ++at) each(rows.groups[at], rows.rows[at]);
    return;
  }
  for (std::size_t at = 0; at < rows.rows.size(); ++at)
    if (!values.is_null(rows.rows[at])) each(rows.groups[at], rows.rows[at]);
}

/// Holds one State per group. A function derives from it with itself as Function (CRTP) and has `State`,
/// `add(State&, const Column&, row, time)`, `merge(State&, const State&)`, `emit(const State&,
/// ColumnBuilder&)`, `save(const State&, StateOut&)`, `load(State&, StateIn&)` and `heap_bytes(const
/// State&)`.
template <class Function, class State>
class StatePerGroup : public Accumulator {
 public:
  void grow(std::uint32_t groups) override { states_.resize(std::max<std::size_t>(groups, states_.size())); }
  void fold(const GroupedRows& rows, const Column* values) override {
    for_each_present(rows, *values, [&](std::uint32_t group, std::uint32_t row) {
      self().add(states_[group], *values, row, rows.times.empty() ? 0 : rows.times[row]);
    });
  }
  void merge(std::uint32_t group, const Accumulator& from, std::uint32_t from_group) override {
    self().merge_states(states_[group], static_cast<const StatePerGroup&>(from).states_[from_group]);
  }
  void merge_all(std::span<const std::uint32_t> groups, const Accumulator& from) override {
    const auto& others = static_cast<const StatePerGroup&>(from).states_;
    for (std::size_t at = 0; at < groups.size(); ++at) self().merge_states(states_[groups[at]], others[at]);
  }
  void clear() override { states_.clear(); }
  void reset(std::uint32_t group) override { states_[group] = State{}; }
  Status emit(std::uint32_t group, ColumnBuilder& out) const override {
    return self().emit_state(states_[group], out);
  }
  void save(std::uint32_t group, StateOut& out) const override { self().save_state(states_[group], out); }
  void load(std::uint32_t group, StateIn& in) override { self().load_state(states_[group], in); }
  std::size_t byte_size() const override {
    std::size_t bytes = states_.capacity() * sizeof(State);
    if constexpr (requires(const State& state) { Function::heap_bytes(state); })
      for (const State& state : states_) bytes += Function::heap_bytes(state);
    return bytes;
  }

 protected:
  std::vector<State> states_;

 private:
  Function& self() { return static_cast<Function&>(*this); }
  const Function& self() const { return static_cast<const Function&>(*this); }
};

/// Plain states are saved as they lie in memory.
template <class Function, class State>
class PlainStatePerGroup : public StatePerGroup<Function, State> {
 public:
  std::unique_ptr<Accumulator> make_empty() const override { return std::make_unique<Function>(); }
  void save_state(const State& state, StateOut& out) const { out.put(state); }
  void load_state(State& state, StateIn& in) const { state = in.template get<State>(); }
  void save_all(std::uint32_t groups, StateOut& out) const override {
    out.put_all(std::span(this->states_).first(groups));
  }
  void load_all(std::uint32_t groups, StateIn& in) override {
    in.get_all(std::span(this->states_).first(groups));
  }
};

}  // namespace leat
