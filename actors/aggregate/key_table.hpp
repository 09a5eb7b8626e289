#pragma once

#include <leat/key_share.hpp>
#include <leat/state_bytes.hpp>

#include "aggregate/row_keys.hpp"

namespace leat {

/// Distinct keys, numbered in the order of their first sight: a hash table with linear probing whose slots
/// hold a part of the hash and the number. Keys are stored once, words side by side, texts in one arena.
/// Grows only; about 20 bytes per key and the key's own.
class KeyTable {
 public:
  explicit KeyTable(RowKeys::Form form) : form_(form) {}

  RowKeys::Form form() const { return form_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(hashes_.size()); }

  /// The numbers of the given rows' keys; those not seen before are added while there is `room` for them, the
  /// others get kNone.
  static constexpr std::uint32_t kNone = UINT32_MAX;
  void find_or_add(const RowKeys& keys, std::span<const std::uint32_t> rows, std::uint32_t room,
                   std::span<std::uint32_t> numbers);
  /// The same for one key of another table of the same form.
  std::uint32_t find_or_add(const KeyTable& from, std::uint32_t number);
  /// Without adding.
  std::uint32_t find(const RowKeys& keys, std::uint32_t row) const;

  void decode(std::uint32_t number, const RowKeys& keys, BatchBuilder& rows, std::size_t first_column) const;
  /// The key as stored; words as their eight bytes.
  std::string_view bytes(std::uint32_t number) const;
  std::size_t byte_size() const;
  void clear();

  void save(std::uint32_t number, StateOut& out) const { out.put_text(bytes(number)); }
  std::uint32_t load(StateIn& in);
  /// All keys, in the order of their numbers.
  void save_all(StateOut& out) const;
  /// Into an empty table: keys get the numbers they had.
  void load_all(StateIn& in);

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t number = kNone;
  };

  template <class Equal, class Add>
  std::uint32_t probe(std::uint64_t hash, bool may_add, Equal&& equal, Add&& add);
  std::uint32_t find_or_add_word(std::uint64_t hash, std::uint64_t word, bool may_add);
  std::uint32_t find_or_add_text(std::uint64_t hash, std::string_view text, bool may_add);
  std::string_view text(std::uint32_t number) const {
    const std::size_t begin = number == 0 ? 0 : ends_[number - 1];
    return std::string_view(arena_).substr(begin, ends_[number] - begin);
  }
  void grow();
  void grow_small(std::uint64_t word);

  static constexpr std::uint64_t kSmallWords = 1u << 16;

  RowKeys::Form form_;
  std::vector<Slot> slots_;  // a power of two
  std::uint32_t slots_used_ = 0;
  std::vector<std::uint32_t> small_;  // number by word
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint64_t> words_;
  std::string arena_;
  std::vector<std::size_t> ends_;
};

/// By number: whether the key is this instance's. `keys` knows how they are stored.
std::vector<bool> keys_of(const KeyShare& share, const KeyTable& table, const RowKeys& keys);

}  // namespace leat
