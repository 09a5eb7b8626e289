#include "batch/frame.hpp"

namespace leat {
namespace {

constexpr int kDepthMax = 32;

// Walks one value; a count never exceeds the bytes that are left, so hostile counts cost nothing.
class Checker {
 public:
  explicit Checker(std::string_view bytes) : rest_(bytes) {}
  bool one_value() { return value(0) && rest_.empty(); }

 private:
  bool skip(std::uint64_t count) {
    if (count > rest_.size()) return false;
    rest_.remove_prefix(count);
    return true;
  }

  bool number(unsigned bytes, std::uint64_t& value) {
    if (bytes > rest_.size()) return false;
    value = 0;
    for (unsigned at = 0; at < bytes; ++at) value = value << 8 | static_cast<unsigned char>(rest_[at]);
    rest_.remove_prefix(bytes);
    return true;
  }

  bool sized(unsigned bytes, std::uint64_t extra) {
    std::uint64_t count = 0;
    return number(bytes, count) && skip(count + extra);
  }

  bool values(std::uint64_t count, int depth) {
    if (count > rest_.size() || depth >= kDepthMax) return false;
    for (; count > 0; --count)
      if (!value(depth + 1)) return false;
    return true;
  }

  bool counted(unsigned bytes, std::uint64_t per_entry, int depth) {
    std::uint64_t count = 0;
    return number(bytes, count) && values(count * per_entry, depth);
  }

  bool value(int depth) {
    std::uint64_t head = 0;
    if (!number(1, head)) return false;
    if (head < 0x80 || head >= 0xe0) return true;
    if (head < 0x90) return values((head & 0x0f) * 2, depth);
    if (head < 0xa0) return values(head & 0x0f, depth);
    if (head < 0xc0) return skip(head & 0x1f);
    switch (head) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return true;
      case 0xc4:
      case 0xd9:
        return sized(1, 0);
      case 0xc5:
      case 0xda:
        return sized(2, 0);
      case 0xc6:
      case 0xdb:
        return sized(4, 0);
      case 0xc7:
        return sized(1, 1);
      case 0xc8:
        return sized(2, 1);
      case 0xc9:
        return sized(4, 1);
      case 0xca:
        return skip(4);
      case 0xcb:
        return skip(8);
      case 0xcc:
      case 0xd0:
        return skip(1);
      case 0xcd:
      case 0xd1:
        return skip(2);
      case 0xce:
      case 0xd2:
        return skip(4);
      case 0xcf:
      case 0xd3:
        return skip(8);
      case 0xd4:
        return skip(2);
      case 0xd5:
        return skip(3);
      case 0xd6:
        return skip(5);
      case 0xd7:
        return skip(9);
      case 0xd8:
        return skip(17);
      case 0xdc:
        return counted(2, 1, depth);
      case 0xdd:
        return counted(4, 1, depth);
      case 0xde:
        return counted(2, 2, depth);
      case 0xdf:
        return counted(4, 2, depth);
      default:
        return false;  // 0xc1 is never used
    }
  }

  std::string_view rest_;
};

}  // namespace

bool valid_msgpack(std::string_view bytes) {
  return Checker(bytes).one_value();
}

}  // namespace leat
