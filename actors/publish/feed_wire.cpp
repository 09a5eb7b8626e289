#include "publish/feed_wire.hpp"

#include <fmt/format.h>

#define MSGPACK_NO_BOOST
#include <msgpack.hpp>

namespace leat {
namespace {

constexpr std::size_t kDepthMax = 32;

struct Appender {
  std::string& out;
  void write(const char* bytes, std::size_t size) { out.append(bytes, size); }
};

void pack_text(msgpack::packer<Appender>& packer, std::string_view text) {
  packer.pack_str(static_cast<std::uint32_t>(text.size()));
  packer.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
}

void write_stamp(const FeedStamp& stamp, std::uint32_t entries, std::string& out) {
  Appender to{out};
  msgpack::packer<Appender> packer(to);
  packer.pack_map(entries);
  pack_text(packer, "feed");
  pack_text(packer, stamp.feed);
  pack_text(packer, "run");
  packer.pack_int64(stamp.run);
  pack_text(packer, "seq");
  packer.pack_uint64(stamp.seq);
  pack_text(packer, "total");
  packer.pack_uint64(stamp.total);
  pack_text(packer, "time");
  packer.pack_int64(stamp.time.time_since_epoch().count());
}

Failure malformed(std::string what) {
  return fail(Code::malformed_frame, "not a feed message: " + std::move(what));
}

Result<std::uint64_t> number(const msgpack::object& value, std::string_view key) {
  if (value.type != msgpack::type::POSITIVE_INTEGER)
    return malformed(fmt::format("`{}` is no whole number", key));
  return value.via.u64;
}

Result<std::int64_t> signed_number(const msgpack::object& value, std::string_view key) {
  const bool positive = value.type == msgpack::type::POSITIVE_INTEGER && value.via.u64 <= INT64_MAX;
  if (!positive && value.type != msgpack::type::NEGATIVE_INTEGER)
    return malformed(fmt::format("`{}` is no whole number", key));
  return value.via.i64;
}

Status read_entry(std::string_view key, const msgpack::object& value, FeedMessage& message) {
  if (key == "feed") {
    if (value.type != msgpack::type::STR) return malformed("`feed` is no string");
    message.feed.assign(value.via.str.ptr, value.via.str.size);
  } else if (key == "seq") {
    LEAT_TRY_ASSIGN(message.seq, number(value, key));
  } else if (key == "total") {
    LEAT_TRY_ASSIGN(message.total, number(value, key));
  } else if (key == "base") {
    LEAT_TRY_ASSIGN(message.head.base, number(value, key));
  } else if (key == "replay") {
    if (value.type != msgpack::type::STR) return malformed("`replay` is no string");
    message.head.replay.assign(value.via.str.ptr, value.via.str.size);
  } else if (key == "run") {
    LEAT_TRY_ASSIGN(message.run, signed_number(value, key));
  } else if (key == "time") {
    LEAT_TRY_ASSIGN(const std::int64_t time, signed_number(value, key));
    message.time = Time(Duration(time));
  } else if (key == "row") {
    if (value.type != msgpack::type::MAP) return malformed("`row` is no map");
    Appender to{message.row.emplace()};
    msgpack::packer<Appender>(to).pack(value);
  }
  return {};
}

Result<FeedMessage> read_map(const msgpack::object& root) {
  if (root.type != msgpack::type::MAP) return malformed("no map");
  FeedMessage message;
  for (const msgpack::object_kv& entry : std::span(root.via.map.ptr, root.via.map.size)) {
    if (entry.key.type != msgpack::type::STR) return malformed("a key is no string");
    LEAT_TRY(read_entry({entry.key.via.str.ptr, entry.key.via.str.size}, entry.val, message));
  }
  if (message.feed.empty()) return malformed("no `feed`");
  return message;
}

}  // namespace

void write_feed_item(const FeedStamp& stamp, std::string_view row, std::string& out) {
  write_stamp(stamp, 6, out);
  Appender to{out};
  msgpack::packer<Appender> packer(to);
  pack_text(packer, "row");
  out.append(row);
}

void write_feed_head(const FeedStamp& stamp, const FeedHead& head, std::string& out) {
  write_stamp(stamp, head.replay.empty() ? 6 : 7, out);
  Appender to{out};
  msgpack::packer<Appender> packer(to);
  pack_text(packer, "base");
  packer.pack_uint64(head.base);
  if (head.replay.empty()) return;
  pack_text(packer, "replay");
  pack_text(packer, head.replay);
}

Result<FeedMessage> read_feed_message(std::string_view body) {
  // No container may claim more elements than there are bytes, so a hostile count allocates nothing.
  const msgpack::unpack_limit limit(body.size(), body.size(), body.size(), body.size(), body.size(),
                                    kDepthMax);
  const auto by_reference = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  try {
    std::size_t end = 0;
    const msgpack::object_handle root =
        msgpack::unpack(body.data(), body.size(), end, by_reference, nullptr, limit);
    if (end != body.size()) return malformed("bytes after the map");
    return read_map(root.get());
  } catch (const std::exception& error) {
    return malformed(error.what());
  }
}

}  // namespace leat
