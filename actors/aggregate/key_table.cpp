#include "aggregate/key_table.hpp"

#include <fmt/format.h>

#include "aggregate/hash.hpp"

namespace leat {
namespace {

std::uint32_t tag_of(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

template <class Equal, class Add>
std::uint32_t KeyTable::probe(std::uint64_t hash, bool may_add, Equal&& equal, Add&& add) {
  if (slots_used_ * 2 >= slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  const std::uint32_t tag = tag_of(hash);
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.number == kNone) {
      if (!may_add) return kNone;
      slot = {tag, size()};
      ++slots_used_;
      hashes_.push_back(hash);
      add();
      return slot.number;
    }
    if (slot.tag == tag && equal(slot.number)) return slot.number;
  }
}

std::uint32_t KeyTable::find_or_add_word(std::uint64_t hash, std::uint64_t word, bool may_add) {
  if (word < kSmallWords) {
    if (word >= small_.size()) [[unlikely]]
      grow_small(word);
    std::uint32_t& number = small_[word];
    if (number == kNone && may_add) [[unlikely]] {
      number = size();
      hashes_.push_back(hash);
      words_.push_back(word);
    }
    return number;
  }
  return probe(
      hash, may_add, [&](std::uint32_t number) { return words_[number] == word; },
      [&] { words_.push_back(word); });
}

std::uint32_t KeyTable::find_or_add_text(std::uint64_t hash, std::string_view key, bool may_add) {
  return probe(
      hash, may_add, [&](std::uint32_t number) { return text(number) == key; },
      [&] {
        arena_.append(key);
        ends_.push_back(arena_.size());
      });
}

void KeyTable::find_or_add(const RowKeys& keys, std::span<const std::uint32_t> rows, std::uint32_t room,
                           std::span<std::uint32_t> numbers) {
  const std::uint32_t size_max = room > kNone - size() ? kNone : size() + room;
  switch (form_) {
    case RowKeys::Form::none: {
      if (hashes_.empty() && room > 0) hashes_.push_back(0);
      std::fill(numbers.begin(), numbers.end(), hashes_.empty() ? kNone : 0);
      return;
    }
    case RowKeys::Form::word:
      for (std::size_t at = 0; at < rows.size(); ++at) {
        const std::uint64_t word = keys.word(rows[at]);
        numbers[at] = word < small_.size() ? small_[word] : kNone;
        if (numbers[at] == kNone) [[unlikely]]
          numbers[at] = find_or_add_word(keys.hash(rows[at]), word, size() < size_max);
      }
      return;
    case RowKeys::Form::text:
      for (std::size_t at = 0; at < rows.size(); ++at)
        numbers[at] = find_or_add_text(keys.hash(rows[at]), keys.text(rows[at]), size() < size_max);
  }
}

std::uint32_t KeyTable::find_or_add(const KeyTable& from, std::uint32_t number) {
  if (form_ == RowKeys::Form::none) {
    if (hashes_.empty()) hashes_.push_back(0);
    return 0;
  }
  const std::uint64_t hash = from.hashes_[number];
  return form_ == RowKeys::Form::word ? find_or_add_word(hash, from.words_[number], true)
                                      : find_or_add_text(hash, from.text(number), true);
}

std::uint32_t KeyTable::find(const RowKeys& keys, std::uint32_t row) const {
  auto& self = const_cast<KeyTable&>(*this);  // probing adds nothing when it may not
  if (form_ == RowKeys::Form::none) return hashes_.empty() ? kNone : 0;
  return form_ == RowKeys::Form::word ? self.find_or_add_word(keys.hash(row), keys.word(row), false)
                                      : self.find_or_add_text(keys.hash(row), keys.text(row), false);
}

void KeyTable::decode(std::uint32_t number, const RowKeys& keys, BatchBuilder& rows,
                      std::size_t first_column) const {
  if (form_ == RowKeys::Form::word) keys.decode(words_[number], rows, first_column);
  if (form_ == RowKeys::Form::text) keys.decode(text(number), rows, first_column);
}

std::string_view KeyTable::bytes(std::uint32_t number) const {
  if (form_ == RowKeys::Form::none) return {};
  if (form_ == RowKeys::Form::text) return text(number);
  return {reinterpret_cast<const char*>(&words_[number]), sizeof(std::uint64_t)};
}

std::uint32_t KeyTable::load(StateIn& in) {
  const std::string_view key = in.get_text();
  if (form_ == RowKeys::Form::text) return find_or_add_text(hash_bytes(key), key, true);
  if (form_ == RowKeys::Form::none) {
    if (hashes_.empty()) hashes_.push_back(0);
    return 0;
  }
  std::uint64_t word = 0;
  if (key.size() != sizeof word)
    in.fail();
  else
    std::memcpy(&word, key.data(), sizeof word);
  return find_or_add_word(hash_word(word), word, true);
}

void KeyTable::save_all(StateOut& out) const {
  out.put(size());
  if (form_ == RowKeys::Form::word) out.put_all(std::span(words_));
  if (form_ != RowKeys::Form::text) return;
  out.put_all(std::span(ends_));
  out.put_text(arena_);
}

void KeyTable::load_all(StateIn& in) {
  const std::uint32_t count = in.get_count(form_ == RowKeys::Form::none ? 0 : sizeof(std::uint64_t));
  if (form_ == RowKeys::Form::none) {
    if (count > 1) return in.fail();
    hashes_.assign(count, 0);
    return;
  }
  if (form_ == RowKeys::Form::word) {
    std::vector<std::uint64_t> words(count);
    in.get_all(std::span(words));
    for (const std::uint64_t word : words) find_or_add_word(hash_word(word), word, true);
  } else {
    std::vector<std::size_t> ends(count);
    in.get_all(std::span(ends));
    const std::string_view arena = in.get_text();
    for (std::size_t at = 0, begin = 0; at < ends.size(); begin = ends[at++]) {
      if (ends[at] < begin || ends[at] > arena.size()) return in.fail();
      const std::string_view key = arena.substr(begin, ends[at] - begin);
      find_or_add_text(hash_bytes(key), key, true);
    }
  }
  if (size() != count) in.fail();
}

std::size_t KeyTable::byte_size() const {
  return slots_.capacity() * sizeof(Slot) + small_.capacity() * sizeof(std::uint32_t) +
         (hashes_.capacity() + words_.capacity()) * sizeof(std::uint64_t) + arena_.capacity() +
         ends_.capacity() * sizeof(std::size_t);
}

void KeyTable::clear() {
  std::fill(slots_.begin(), slots_.end(), Slot{});
  std::fill(small_.begin(), small_.end(), kNone);
  slots_used_ = 0;
  hashes_.clear();
  words_.clear();
  arena_.clear();
  ends_.clear();
}

void KeyTable::grow() {
  slots_.assign(slots_.empty() ? 16 : slots_.size() * 2, Slot{});
  const std::size_t mask = slots_.size() - 1;
  for (std::uint32_t number = 0; number < size(); ++number) {
    if (form_ == RowKeys::Form::word && words_[number] < kSmallWords) continue;
    std::size_t at = hashes_[number] & mask;
    while (slots_[at].number != kNone) at = (at + 1) & mask;
    slots_[at] = {tag_of(hashes_[number]), number};
  }
}

void KeyTable::grow_small(std::uint64_t word) {
  std::size_t size = 64;
  while (size <= word) size *= 2;
  small_.resize(size, kNone);
}

std::vector<bool> keys_of(const KeyShare& share, const KeyTable& table, const RowKeys& keys) {
  if (keys.form() == RowKeys::Form::none) return std::vector<bool>(table.size(), true);
  std::vector<Field> fields;
  for (const Type type : keys.types()) fields.push_back({fmt::format("k{}", fields.size()), type, true});
  BatchBuilder rows(Schema::make(std::move(fields)));
  std::vector<bool> ours;
  for (std::uint32_t number = 0; number < table.size(); ++number) {
    table.decode(number, keys, rows, 0);
    if (rows.row_count() < Batch::kRowsMax / 64 && number + 1 < table.size()) continue;
    const Batch batch = rows.finish();
    std::vector<Column> columns;
    for (std::size_t at = 0; at < keys.types().size(); ++at) columns.push_back(batch.column(at));
    const std::vector<bool> some = share.of(columns, batch.row_count());
    ours.insert(ours.end(), some.begin(), some.end());
  }
  return ours;
}

}  // namespace leat
