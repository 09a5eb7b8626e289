#include "aggregate/groups.hpp"

#include <algorithm>

namespace leat {

Groups::Groups(const GroupShape& shape) : tracks_changes_(shape.tracks_changes), keys_(shape.form) {
  for (const auto& function : shape.functions) functions_.push_back(function->make_empty());
}

Groups::Groups(const Groups& shape, std::nullptr_t)
    : tracks_changes_(shape.tracks_changes_), keys_(shape.keys_.form()) {
  for (const auto& function : shape.functions_) functions_.push_back(function->make_empty());
}

void Groups::grow() {
  const std::uint32_t groups = keys_.size();
  if (changed_.size() >= groups) return;
  changed_.resize(groups);
  for (const auto& function : functions_) function->grow(groups);
}

std::span<const std::uint32_t> Groups::find_or_add(const RowKeys& keys, std::span<const std::uint32_t> rows,
                                                   std::uint32_t room) {
  numbers_.resize(rows.size());
  keys_.find_or_add(keys, rows, room, numbers_);
  grow();
  return numbers_;
}

void Groups::fold(const WindowRows& input, std::span<const std::uint32_t> rows, std::uint32_t room,
                  std::vector<std::uint32_t>& refused) {
  const auto groups = find_or_add(*input.keys, rows, room);
  if (room >= rows.size() || std::find(groups.begin(), groups.end(), KeyTable::kNone) == groups.end())
    return fold_into(input, rows, groups);
  std::vector<std::uint32_t> kept_rows, kept_groups;
  for (std::size_t at = 0; at < rows.size(); ++at) {
    if (groups[at] == KeyTable::kNone) {
      refused.push_back(rows[at]);
      continue;
    }
    kept_rows.push_back(rows[at]);
    kept_groups.push_back(groups[at]);
  }
  fold_into(input, kept_rows, kept_groups);
}

void Groups::fold_into(const WindowRows& input, std::span<const std::uint32_t> rows,
                       std::span<const std::uint32_t> groups) {
  if (tracks_changes_)
    for (const std::uint32_t group : groups) changed_[group] = 1;
  fold_functions(input, rows, groups);
}

void Groups::fold_functions(const WindowRows& input, std::span<const std::uint32_t> rows,
                            std::span<const std::uint32_t> groups) {
  for (std::size_t at = 0; at < functions_.size(); ++at) {
    const WindowRows::Argument& argument = input.arguments[at];
    GroupedRows grouped{rows, groups, input.times};
    if (argument.where) {
      chosen_rows_.clear();
      chosen_groups_.clear();
      for (std::size_t row = 0; row < rows.size(); ++row)
        if (!argument.where->is_null(rows[row]) && argument.where->boolean(rows[row])) {
          chosen_rows_.push_back(rows[row]);
          chosen_groups_.push_back(groups[row]);
        }
      grouped = {chosen_rows_, chosen_groups_, input.times};
    }
    functions_[at]->fold(grouped, argument.values ? &*argument.values : nullptr);
  }
}

void Groups::merge(const Groups& from) {
  numbers_.resize(from.size());
  for (std::uint32_t group = 0; group < from.size(); ++group)
    numbers_[group] = keys_.find_or_add(from.keys_, group);
  grow();
  for (std::uint32_t group = 0; tracks_changes_ && group < from.size(); ++group)
    changed_[numbers_[group]] |= from.changed_[group];
  for (std::size_t at = 0; at < functions_.size(); ++at)
    functions_[at]->merge_all(numbers_, *from.functions_[at]);
}

std::uint32_t Groups::add(const KeyTable& keys, std::uint32_t key, const Groups& from,
                          std::uint32_t from_group) {
  const std::uint32_t group = keys_.find_or_add(keys, key);
  grow();
  for (std::size_t at = 0; at < functions_.size(); ++at)
    functions_[at]->merge(group, *from.functions_[at], from_group);
  return group;
}

void Groups::clear() {
  keys_.clear();
  changed_.clear();
  for (const auto& function : functions_) function->clear();
}

void Groups::reset(std::uint32_t group) {
  changed_[group] = 0;
  for (const auto& function : functions_) function->reset(group);
}

void Groups::save(StateOut& out) const {
  out.reserve(byte_size());
  keys_.save_all(out);
  out.put_all(std::span(changed_).first(keys_.size()));
  for (const auto& function : functions_) function->save_all(keys_.size(), out);
}

void Groups::load(StateIn& in, const KeepKeys& keep) {
  if (keep) {
    Groups loaded(*this, nullptr);
    loaded.load(in, {});
    const std::vector<bool> ours = keep(loaded.keys_);
    for (std::uint32_t group = 0; group < loaded.size(); ++group)
      if (ours[group]) changed_[add(loaded.keys_, group, loaded, group)] |= loaded.changed_[group];
    return;
  }
  keys_.load_all(in);
  grow();
  in.get_all(std::span(changed_).first(keys_.size()));
  for (const auto& function : functions_) function->load_all(keys_.size(), in);
}

std::size_t Groups::byte_size() const {
  std::size_t bytes = keys_.byte_size() + changed_.capacity();
  for (const auto& function : functions_) bytes += function->byte_size();
  return bytes;
}

}  // namespace leat
