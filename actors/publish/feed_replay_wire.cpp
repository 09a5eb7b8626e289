#include "publish/feed_replay_wire.hpp"

#include <fmt/format.h>

#define MSGPACK_NO_BOOST
#include <msgpack.hpp>

namespace leat {
namespace {

constexpr std::size_t kDepthMax = 8;

Failure malformed(std::string what) {
  return fail(Code::malformed_frame, std::move(what));
}

Result<std::uint64_t> number(std::string_view key, const msgpack::object& value) {
  if (value.type != msgpack::type::POSITIVE_INTEGER)
    return malformed(fmt::format("`{}` is no whole number", key));
  return value.via.u64;
}

Result<std::string> text(std::string_view key, const msgpack::object& value) {
  if (value.type != msgpack::type::STR) return malformed(fmt::format("`{}` is no string", key));
  return std::string(value.via.str.ptr, value.via.str.size);
}

/// Calls `entry` with every key and value of the one map that the bytes are.
template <class Entry>
Status read_map(std::string_view bytes, Entry&& entry) {
  // No container may claim more elements than there are bytes, so a hostile count allocates nothing.
  const msgpack::unpack_limit limit(bytes.size(), bytes.size(), bytes.size(), bytes.size(), bytes.size(),
                                    kDepthMax);
  const auto by_reference = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  try {
    std::size_t end = 0;
    const msgpack::object_handle root =
        msgpack::unpack(bytes.data(), bytes.size(), end, by_reference, nullptr, limit);
    if (end != bytes.size()) return malformed("there are bytes behind the map");
    if (root->type != msgpack::type::MAP) return malformed("it is no MessagePack map");
    for (const msgpack::object_kv& pair : std::span(root->via.map.ptr, root->via.map.size)) {
      LEAT_TRY_ASSIGN(const std::string key, text("a key", pair.key));
      LEAT_TRY(entry(std::string_view(key), pair.val));
    }
    return {};
  } catch (const std::exception& error) {
    return malformed(error.what());
  }
}

class MapWriter {
 public:
  explicit MapWriter(std::uint32_t entries) : packer_(buffer_) { packer_.pack_map(entries); }
  void add(std::string_view key, std::uint64_t value) {
    packer_.pack(key);
    packer_.pack_uint64(value);
  }
  void add(std::string_view key, std::int64_t value) {
    packer_.pack(key);
    packer_.pack_int64(value);
  }
  void add(std::string_view key, std::string_view value) {
    packer_.pack(key);
    packer_.pack(value);
  }
  std::string bytes() const { return {buffer_.data(), buffer_.size()}; }

 private:
  msgpack::sbuffer buffer_;
  msgpack::packer<msgpack::sbuffer> packer_;
};

}  // namespace

std::string write_replay_request(const ReplayRequest& request) {
  MapWriter map(request.feed.empty() ? 4 : 5);
  map.add("id", request.id);
  if (!request.feed.empty()) map.add("feed", std::string_view(request.feed));
  map.add(request.query.by == FeedRing::Query::By::topic ? "topic" : "prefix",
          std::string_view(request.query.text));
  map.add("from", request.query.from);
  map.add("to", request.query.to);
  return map.bytes();
}

Result<ReplayRequest> read_replay_request(std::string_view bytes) {
  ReplayRequest request;
  int asked = 0;
  LEAT_TRY(read_map(bytes, [&](std::string_view key, const msgpack::object& value) -> Status {
    if (key == "id") {
      LEAT_TRY_ASSIGN(request.id, number(key, value));
    } else if (key == "feed") {
      LEAT_TRY_ASSIGN(request.feed, text(key, value));
    } else if (key == "topic" || key == "prefix") {
      ++asked;
      request.query.by = key == "topic" ? FeedRing::Query::By::topic : FeedRing::Query::By::prefix;
      LEAT_TRY_ASSIGN(request.query.text, text(key, value));
    } else if (key == "from") {
      LEAT_TRY_ASSIGN(request.query.from, number(key, value));
    } else if (key == "to") {
      LEAT_TRY_ASSIGN(request.query.to, number(key, value));
    }
    return {};
  }));
  if (asked != 1) return malformed("a request has either `topic` or `prefix`");
  return request;
}

std::string write_replay_header(const ReplayHeader& header) {
  const bool failed = !header.error.empty();
  MapWriter map(failed ? 8 : 6);
  map.add("id", header.id);
  map.add("feed", std::string_view(header.feed));
  map.add("run", header.run);
  map.add("oldest", header.oldest);
  map.add("last", header.last);
  map.add("next", header.next);
  if (failed) {
    map.add("error", std::string_view(header.error));
    map.add("message", std::string_view(header.message));
  }
  return map.bytes();
}

Result<ReplayHeader> read_replay_header(std::string_view bytes) {
  ReplayHeader header;
  LEAT_TRY(read_map(bytes, [&](std::string_view key, const msgpack::object& value) -> Status {
    if (key == "id") {
      LEAT_TRY_ASSIGN(header.id, number(key, value));
    } else if (key == "feed") {
      LEAT_TRY_ASSIGN(header.feed, text(key, value));
    } else if (key == "run") {
      LEAT_TRY_ASSIGN(const std::uint64_t run, number(key, value));
      header.run = static_cast<std::int64_t>(run);
    } else if (key == "oldest") {
      LEAT_TRY_ASSIGN(header.oldest, number(key, value));
    } else if (key == "last") {
      LEAT_TRY_ASSIGN(header.last, number(key, value));
    } else if (key == "next") {
      LEAT_TRY_ASSIGN(header.next, number(key, value));
    } else if (key == "error") {
      LEAT_TRY_ASSIGN(header.error, text(key, value));
    } else if (key == "message") {
      LEAT_TRY_ASSIGN(header.message, text(key, value));
    }
    return {};
  }));
  return header;
}

}  // namespace leat
