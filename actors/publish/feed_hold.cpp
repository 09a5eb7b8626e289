#include "publish/feed_hold.hpp"

#include <fmt/format.h>

#define MSGPACK_NO_BOOST
#include <msgpack.hpp>

namespace leat {
namespace {

struct Appender {
  std::string& out;
  void write(const char* bytes, std::size_t size) { out.append(bytes, size); }
};

/// The item at an offset, which moves behind it; nothing if there is none.
std::optional<FeedHold::Item> read_item(std::string_view bytes, std::size_t& at) {
  const msgpack::unpack_limit limit(4, 0, bytes.size(), bytes.size(), 0, 2);
  const auto by_reference = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  try {
    const msgpack::object_handle handle =
        msgpack::unpack(bytes.data(), bytes.size(), at, by_reference, nullptr, limit);
    const msgpack::object& root = handle.get();
    if (root.type != msgpack::type::ARRAY || root.via.array.size != 4) return std::nullopt;
    const msgpack::object* const parts = root.via.array.ptr;
    if (parts[3].type != msgpack::type::BIN) return std::nullopt;
    return FeedHold::Item{.topic = parts[0].as<std::string>(),
                          .seq = parts[1].as<std::uint64_t>(),
                          .total = parts[2].as<std::uint64_t>(),
                          .row = {parts[3].via.bin.ptr, parts[3].via.bin.size}};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

void FeedHold::add(std::string_view topic, std::uint64_t seq, std::uint64_t total, std::string_view row) {
  Appender to{bytes_};
  msgpack::packer<Appender> packer(to);
  packer.pack_array(4);
  packer.pack_str(static_cast<std::uint32_t>(topic.size()));
  packer.pack_str_body(topic.data(), static_cast<std::uint32_t>(topic.size()));
  packer.pack_uint64(seq);
  packer.pack_uint64(total);
  packer.pack_bin(static_cast<std::uint32_t>(row.size()));
  packer.pack_bin_body(row.data(), static_cast<std::uint32_t>(row.size()));
}

std::optional<FeedHold::Item> FeedHold::take() {
  // What was taken leaves when it is the greater part, so that each byte is moved once on average.
  if (taken_ > 0 && taken_ * 2 >= bytes_.size()) {
    bytes_.erase(0, taken_);
    released_ -= taken_;
    covered_ = covered_ > taken_ ? covered_ - taken_ : 0;
    taken_ = 0;
  }
  if (taken_ >= released_) return std::nullopt;
  return read_item(bytes_, taken_);
}

Status FeedHold::load(std::string rest, const std::function<void(const Item&)>& visit) {
  bytes_ = std::move(rest);
  taken_ = 0;
  released_ = covered_ = bytes_.size();
  for (std::size_t at = 0; at < bytes_.size();) {
    const std::optional<Item> item = read_item(bytes_, at);
    if (!item) return fail(Code::corrupt_state, "the saved items of the feed can't be read");
    visit(*item);
  }
  return {};
}

}  // namespace leat
