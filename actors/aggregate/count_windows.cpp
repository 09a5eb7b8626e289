// count: every `rows` rows of a key are one window. What is left at the end of the stream is sent then.
#include <algorithm>

#include "aggregate/windows.hpp"

namespace leat {
namespace {

class CountWindows final : public Windows {
 public:
  CountWindows(const WindowSpec& spec, const GroupShape& shape)
      : spec_(spec), shape_(shape), groups_(shape) {}

  // Rows are folded together up to the one that fills a window.
  void add(const WindowRows& input, std::span<const std::uint32_t> rows, Untaken& untaken,
           WindowResults& results) override {
    const std::uint32_t room = spec_.groups_max - std::min(spec_.groups_max, groups_.size());
    const auto found = groups_.find_or_add(*input.keys, rows, room);
    counts_.resize(groups_.size());
    waiting_rows_.clear();
    waiting_groups_.clear();
    for (std::size_t at = 0; at < rows.size(); ++at) {
      const std::uint32_t group = found[at];
      if (group == KeyTable::kNone) {
        untaken.refused.push_back(rows[at]);
        continue;
      }
      waiting_rows_.push_back(rows[at]);
      waiting_groups_.push_back(group);
      if (++counts_[group] < spec_.rows) continue;
      fold_waiting(input);
      finish(group, results);
    }
    fold_waiting(input);
  }

  void advance(std::int64_t, WindowResults&) override {}
  void preview(WindowResults& results) override {
    for (std::uint32_t group = 0; group < groups_.size(); ++group)
      if (groups_.changed(group)) results.add(groups_, group, nullptr, false);
    groups_.clear_changed();
  }
  void close(WindowResults& results) override {
    for (std::uint32_t group = 0; group < groups_.size(); ++group)
      if (counts_[group] > 0) finish(group, results);
  }
  std::int64_t next_deadline() const override { return INT64_MAX; }
  std::uint32_t group_count() const override { return groups_.size(); }
  std::size_t byte_size() const override {
    return groups_.byte_size() + counts_.capacity() * sizeof(std::int64_t);
  }

  void save(StateOut& out) const override {
    groups_.save(out);
    for (const std::int64_t count : counts_) out.put(count);
  }
  void load(StateIn& in, const KeepKeys& keep) override {
    if (!keep) return load_all(in);
    CountWindows loaded(spec_, shape_);
    loaded.load_all(in);
    const std::vector<bool> ours = keep(loaded.groups_.keys());
    for (std::uint32_t group = 0; group < loaded.groups_.size(); ++group) {
      if (!ours[group]) continue;
      const std::uint32_t at = groups_.add(loaded.groups_.keys(), group, loaded.groups_, group);
      counts_.resize(groups_.size());
      counts_[at] = loaded.counts_[group];
    }
  }

 private:
  void load_all(StateIn& in) {
    groups_.load(in, {});
    counts_.resize(groups_.size());
    for (std::int64_t& count : counts_) count = in.get<std::int64_t>();
  }
  void fold_waiting(const WindowRows& input) {
    groups_.fold_into(input, waiting_rows_, waiting_groups_);
    waiting_rows_.clear();
    waiting_groups_.clear();
  }
  void finish(std::uint32_t group, WindowResults& results) {
    results.add(groups_, group, nullptr, true);
    groups_.reset(group);
    counts_[group] = 0;
  }

  WindowSpec spec_;
  const GroupShape& shape_;
  Groups groups_;
  std::vector<std::int64_t> counts_;  // rows in each group's open window
  std::vector<std::uint32_t> waiting_rows_, waiting_groups_;
};

// No window: totals since the start.
class RunningTotals final : public Windows {
 public:
  RunningTotals(const WindowSpec& spec, const GroupShape& shape) : spec_(spec), groups_(shape) {}

  void add(const WindowRows& input, std::span<const std::uint32_t> rows, Untaken& untaken,
           WindowResults&) override {
    groups_.fold(input, rows, spec_.groups_max - std::min(spec_.groups_max, groups_.size()), untaken.refused);
  }
  void advance(std::int64_t, WindowResults&) override {}
  void preview(WindowResults& results) override {
    for (std::uint32_t group = 0; group < groups_.size(); ++group)
      if (groups_.changed(group)) results.add(groups_, group, nullptr, false);
    groups_.clear_changed();
  }
  void close(WindowResults& results) override {
    for (std::uint32_t group = 0; group < groups_.size(); ++group) results.add(groups_, group, nullptr, true);
  }
  std::int64_t next_deadline() const override { return INT64_MAX; }
  std::uint32_t group_count() const override { return groups_.size(); }
  std::size_t byte_size() const override { return groups_.byte_size(); }
  void save(StateOut& out) const override { groups_.save(out); }
  void load(StateIn& in, const KeepKeys& keep) override { groups_.load(in, keep); }

 private:
  WindowSpec spec_;
  Groups groups_;
};

}  // namespace

std::unique_ptr<Windows> make_count_windows(const WindowSpec& spec, const GroupShape& shape) {
  return std::make_unique<CountWindows>(spec, shape);
}

std::unique_ptr<Windows> make_running_totals(const WindowSpec& spec, const GroupShape& shape) {
  return std::make_unique<RunningTotals>(spec, shape);
}

std::unique_ptr<Windows> make_windows(const WindowSpec& spec, const GroupShape& shape) {
  switch (spec.kind) {
    case WindowSpec::Kind::panes:
      return make_pane_windows(spec, shape);
    case WindowSpec::Kind::sessions:
      return make_session_windows(spec, shape);
    case WindowSpec::Kind::count:
      return make_count_windows(spec, shape);
    case WindowSpec::Kind::none:
      return make_running_totals(spec, shape);
  }
  return nullptr;
}

}  // namespace leat
