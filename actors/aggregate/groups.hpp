#pragma once

#include <functional>

#include "aggregate/accumulator.hpp"
#include "aggregate/key_table.hpp"

namespace leat {

/// A batch on its way into windows: all expressions evaluated, by row of the batch.
struct WindowRows {
  const RowKeys* keys = nullptr;
  std::span<const std::int64_t> times;  ///< empty for windows that know no time
  struct Argument {
    std::optional<Column> values;  ///< none: `count` of rows
    std::optional<Column> where;   ///< only rows for which this is true
  };
  std::vector<Argument> arguments;  ///< by entry of `compute`
};

/// What all windows of an actor have in common.
struct GroupShape {
  RowKeys::Form form = RowKeys::Form::none;
  std::vector<std::unique_ptr<Accumulator>> functions;  ///< empty ones, by entry of `compute`
  bool tracks_changes = false;                          ///< something asks `Groups::changed`
};

/// Which of a table's keys are this instance's, by number; empty: all of them.
using KeepKeys = std::function<std::vector<bool>(const KeyTable&)>;

/// The keys of one window and what is computed for each. One thread.
class Groups {
 public:
  explicit Groups(const GroupShape& shape);

  std::uint32_t size() const { return keys_.size(); }
  /// Folds the rows in; those whose key finds no `room` are appended to `refused`.
  void fold(const WindowRows& input, std::span<const std::uint32_t> rows, std::uint32_t room,
            std::vector<std::uint32_t>& refused);
  /// The group's number for each row, kNone without room; folds nothing.
  std::span<const std::uint32_t> find_or_add(const RowKeys& keys, std::span<const std::uint32_t> rows,
                                             std::uint32_t room);
  /// Folds rows whose groups are known, and marks these as changed.
  void fold_into(const WindowRows& input, std::span<const std::uint32_t> rows,
                 std::span<const std::uint32_t> groups);
  /// Only the functions, for callers that number groups themselves.
  void fold_functions(const WindowRows& input, std::span<const std::uint32_t> rows,
                      std::span<const std::uint32_t> groups);
  /// Adds all groups of another window of the same shape.
  void merge(const Groups& from);
  /// Adds one key, with the functions of `from`'s group.
  std::uint32_t add(const KeyTable& keys, std::uint32_t key, const Groups& from, std::uint32_t from_group);
  void clear();

  const KeyTable& keys() const { return keys_; }
  Accumulator& function(std::size_t at) { return *functions_[at]; }
  const Accumulator& function(std::size_t at) const { return *functions_[at]; }
  std::size_t function_count() const { return functions_.size(); }
  /// Whether rows came for the group since `clear_changed`.
  bool changed(std::uint32_t group) const { return changed_[group] != 0; }
  void clear_changed() { std::fill(changed_.begin(), changed_.end(), std::uint8_t{0}); }
  void reset(std::uint32_t group);

  void save(StateOut& out) const;
  /// Adds what was saved; with `keep`, of another instance, only the keys that it keeps.
  void load(StateIn& in, const KeepKeys& keep);
  std::size_t byte_size() const;

 private:
  Groups(const Groups& shape, std::nullptr_t);  // an empty one like it
  void grow();

  bool tracks_changes_;
  KeyTable keys_;
  std::vector<std::unique_ptr<Accumulator>> functions_;
  std::vector<std::uint8_t> changed_;
  std::vector<std::uint32_t> numbers_;  // scratch, kept for its memory
  std::vector<std::uint32_t> chosen_rows_, chosen_groups_;
};

}  // namespace leat
