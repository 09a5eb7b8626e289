// collect: the first values, as one MessagePack array.
#include "aggregate/functions.hpp"
#include "aggregate/msgpack_value.hpp"

namespace leat {
namespace {

struct Collection {
  std::vector<std::string> values;  // MessagePack
};

class Collect final : public StatePerGroup<Collect, Collection> {
 public:
  explicit Collect(std::uint32_t values_max) : values_max_(values_max) {}
  std::unique_ptr<Accumulator> make_empty() const override { return std::make_unique<Collect>(values_max_); }

  void add(Collection& state, const Column& values, std::uint32_t row, std::int64_t) const {
    if (state.values.size() < values_max_) state.values.push_back(msgpack_of(values, row));
  }
  void merge_states(Collection& state, const Collection& from) const {
    const std::size_t room = values_max_ - state.values.size();
    const auto end = from.values.begin() + static_cast<std::ptrdiff_t>(std::min(room, from.values.size()));
    state.values.insert(state.values.end(), from.values.begin(), end);
  }
  Status emit_state(const Collection& state, ColumnBuilder& out) const {
    std::string array;
    begin_msgpack_array(static_cast<std::uint32_t>(state.values.size()), array);
    for (const std::string& value : state.values) array += value;
    out.append(std::string_view(array));
    return {};
  }
  void save_state(const Collection& state, StateOut& out) const {
    out.put(static_cast<std::uint32_t>(state.values.size()));
    for (const std::string& value : state.values) out.put_text(value);
  }
  void load_state(Collection& state, StateIn& in) const {
    state = {};
    for (std::uint32_t left = in.get_count(sizeof(std::uint64_t)); left > 0; --left)
      state.values.emplace_back(in.get_text());
  }
  static std::size_t heap_bytes(const Collection& state) {
    std::size_t bytes = state.values.capacity() * sizeof(std::string);
    for (const std::string& value : state.values) bytes += value.capacity() > 15 ? value.capacity() : 0;
    return bytes;
  }

 private:
  std::uint32_t values_max_;
};

}  // namespace

std::unique_ptr<Accumulator> make_collect(std::uint32_t values_max) {
  return std::make_unique<Collect>(values_max);
}

}  // namespace leat
