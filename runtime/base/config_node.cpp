#include <fmt/format.h>

#include <algorithm>
#include <leat/config_node.hpp>
#include <span>
#include <tuple>

namespace leat {

std::string Place::text() const {
  const std::string name = file ? *file : std::string();
  return known() ? fmt::format("{}:{}:{}", name, line, column) : name;
}

const ConfigNode::Entry* ConfigNode::find_entry(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}

const ConfigNode* ConfigNode::find(std::string_view key) const {
  const Entry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

std::size_t Diagnostics::error_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      list_, [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::error; }));
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> list = list_;
  const auto key = [](const Diagnostic& diagnostic) {
    return std::tuple(diagnostic.place.line, diagnostic.place.column, diagnostic.code,
                      std::string_view(diagnostic.message));
  };
  std::ranges::stable_sort(list, {}, key);
  const auto same = [&](const Diagnostic& a, const Diagnostic& b) { return key(a) == key(b); };
  list.erase(std::unique(list.begin(), list.end(), same), list.end());
  return list;
}

namespace {

// Optimal string alignment: insert, delete, replace, or swap of neighbours cost one each.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replace, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string suggest(std::string_view word, std::span<const std::string> candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(1, (word.size() + 2) / 3) + 1;
  for (const std::string& candidate : candidates)
    if (const std::size_t steps = distance(word, candidate);
        steps < best_distance && steps < candidate.size()) {
      best = &candidate;
      best_distance = steps;
    }
  return best == nullptr ? std::string() : fmt::format("did you mean `{}`?", *best);
}

}  // namespace leat
