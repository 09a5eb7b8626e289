// count_distinct: the hashes themselves while they are few, then HyperLogLog (Flajolet, Fusy, Gandouet,
// Meunier 2007) with linear counting for small ranges. 4096 registers: standard error 1.04 / 64 = 1.6 %.
#include <bit>
#include <cmath>

#include "aggregate/functions.hpp"
#include "aggregate/hash.hpp"

namespace leat {
namespace {

constexpr std::uint32_t kRegisterBits = 12;
constexpr std::uint32_t kRegisters = 1u << kRegisterBits;

std::uint64_t hash_at(const Column& column, std::uint32_t row) {
  switch (column.type()) {
    case Type::boolean:
      return hash_word(column.boolean(row) ? 1 : 2);
    case Type::int64:
    case Type::timestamp:
      return hash_word(static_cast<std::uint64_t>(column.int64(row)) ^ 0x9e3779b97f4a7c15u);
    case Type::float64: {
      const double value = column.float64(row);
      return hash_word(value == 0 ? 0x5bd1e995u : std::bit_cast<std::uint64_t>(value));
    }
    case Type::float32_list: {
      const auto values = column.floats(row);
      return hash_bytes({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
    }
    default:
      return hash_bytes(column.text(row));
  }
}

// A set of hashes by open addressing (0 = free, so a hash of 0 counts as 1), or registers.
struct Distinct {
  std::vector<std::uint64_t> slots;
  std::uint32_t count = 0;
  std::vector<std::uint8_t> registers;
};

void grow(Distinct& state) {
  std::vector<std::uint64_t> old(state.slots.empty() ? 8 : state.slots.size() * 2);
  old.swap(state.slots);
  for (const std::uint64_t hash : old) {
    if (hash == 0) continue;
    std::size_t at = hash & (state.slots.size() - 1);
    while (state.slots[at] != 0) at = (at + 1) & (state.slots.size() - 1);
    state.slots[at] = hash;
  }
}

void add_to_registers(Distinct& state, std::uint64_t hash) {
  const auto index = hash >> (64 - kRegisterBits);
  const auto rank =
      static_cast<std::uint8_t>(std::countl_zero(hash << kRegisterBits | (1u << (kRegisterBits - 1))) + 1);
  state.registers[index] = std::max(state.registers[index], rank);
}

void add_hash(Distinct& state, std::uint64_t hash, std::uint32_t exact) {
  if (!state.registers.empty()) return add_to_registers(state, hash);
  if (hash == 0) hash = 1;
  if ((state.count + 1) * 3 > state.slots.size() * 2) grow(state);
  std::size_t at = hash & (state.slots.size() - 1);
  while (state.slots[at] != 0 && state.slots[at] != hash) at = (at + 1) & (state.slots.size() - 1);
  if (state.slots[at] == hash) return;
  state.slots[at] = hash;
  if (++state.count <= exact) return;
  state.registers.assign(kRegisters, 0);
  for (const std::uint64_t known : state.slots)
    if (known != 0) add_to_registers(state, known);
  state.slots = {};
}

std::int64_t estimate(const std::vector<std::uint8_t>& registers) {
  constexpr double kAlpha = 0.7213 / (1 + 1.079 / kRegisters);
  double sum = 0;
  std::uint32_t zeros = 0;
  for (const std::uint8_t rank : registers) {
    sum += std::ldexp(1.0, -rank);
    zeros += rank == 0 ? 1 : 0;
  }
  const double raw = kAlpha * kRegisters * kRegisters / sum;
  if (raw <= 2.5 * kRegisters && zeros != 0)
    return std::llround(kRegisters * std::log(static_cast<double>(kRegisters) / zeros));
  return std::llround(raw);
}

class CountDistinct final : public StatePerGroup<CountDistinct, Distinct> {
 public:
  explicit CountDistinct(std::uint32_t exact) : exact_(exact) {}
  std::unique_ptr<Accumulator> make_empty() const override { return std::make_unique<CountDistinct>(exact_); }

  void add(Distinct& state, const Column& values, std::uint32_t row, std::int64_t) const {
    add_hash(state, hash_at(values, row), exact_);
  }
  void merge_states(Distinct& state, const Distinct& from) const {
    for (const std::uint64_t hash : from.slots)
      if (hash != 0) add_hash(state, hash, exact_);
    if (from.registers.empty()) return;
    if (state.registers.empty()) {
      state.registers.assign(kRegisters, 0);
      for (const std::uint64_t hash : state.slots)
        if (hash != 0) add_to_registers(state, hash);
      state.slots = {};
    }
    for (std::uint32_t at = 0; at < kRegisters; ++at)
      state.registers[at] = std::max(state.registers[at], from.registers[at]);
  }
  Status emit_state(const Distinct& state, ColumnBuilder& out) const {
    out.append(state.registers.empty() ? std::int64_t{state.count} : estimate(state.registers));
    return {};
  }
  void save_state(const Distinct& state, StateOut& out) const {
    out.put(static_cast<std::uint32_t>(state.registers.size()));
    for (const std::uint8_t rank : state.registers) out.put(rank);
    if (!state.registers.empty()) return;
    out.put(state.count);
    for (const std::uint64_t hash : state.slots)
      if (hash != 0) out.put(hash);
  }
  void load_state(Distinct& state, StateIn& in) const {
    state = {};
    const std::uint32_t registers = in.get_count();
    if (registers != 0 && registers != kRegisters) return in.fail();
    for (std::uint32_t at = 0; at < registers; ++at) state.registers.push_back(in.get<std::uint8_t>());
    if (registers != 0) return;
    for (std::uint32_t left = in.get_count(sizeof(std::uint64_t)); left > 0; --left)
      add_hash(state, in.get<std::uint64_t>(), exact_);
  }
  static std::size_t heap_bytes(const Distinct& state) {
    return state.slots.capacity() * sizeof(std::uint64_t) + state.registers.capacity();
  }

 private:
  std::uint32_t exact_;
};

}  // namespace

std::unique_ptr<Accumulator> make_count_distinct(Type, std::uint32_t exact) {
  return std::make_unique<CountDistinct>(exact);
}

}  // namespace leat
