#pragma once

#include <cstdint>
#include <functional>
#include <leat/result.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace leat {

/// Items of a feed that wait for the checkpoint that covers them, in their order. One string of MessagePack,
/// which is also what is saved: what was not taken when a process died is there again in the next one. One
/// thread. Whoever adds keeps `bytes` within a bound.
class FeedHold {
 public:
  struct Item {
    std::string topic;
    std::uint64_t seq = 0, total = 0;
    std::string_view row;  ///< MessagePack; ends with the next call of anything
  };

  void add(std::string_view topic, std::uint64_t seq, std::uint64_t total, std::string_view row);
  /// A checkpoint covers all that is in here.
  void cover() { covered_ = bytes_.size(); }
  /// That checkpoint counts: `take` may have what it covers.
  void release() { released_ = covered_; }
  /// The first released item; nothing when there is none.
  std::optional<Item> take();

  std::size_t bytes() const { return bytes_.size() - taken_; }
  /// What was not taken yet.
  std::string_view rest() const { return std::string_view(bytes_).substr(taken_); }
  /// Goes on from a rest that was saved, all of it released. corrupt_state if it is none; `visit` is called
  /// with each item.
  Status load(std::string rest, const std::function<void(const Item&)>& visit);

 private:
  std::string bytes_;
  std::size_t taken_ = 0, released_ = 0, covered_ = 0;  // offsets, ascending
};

}  // namespace leat
