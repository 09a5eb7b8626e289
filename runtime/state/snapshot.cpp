#include "state/snapshot.hpp"

#include <cstring>

#include "state.pb.h"

namespace leat {
namespace {

constexpr std::string_view kMagic = "leat-ckp";
constexpr std::uint32_t kVersion = 1;

void put(std::string& to, std::size_t value) {
  for (int at = 0; at < 4; ++at) to.push_back(static_cast<char>(value >> (8 * at)));
}

bool get(std::string_view& from, std::uint32_t& value) {
  if (from.size() < sizeof value) return false;
  value = 0;
  for (int at = 3; at >= 0; --at)
    value = value << 8 | static_cast<std::uint8_t>(from[static_cast<std::size_t>(at)]);
  from.remove_prefix(sizeof value);
  return true;
}

Failure damaged(std::string_view what) {
  return fail(Code::corrupt_state, "this is no part of a checkpoint: " + std::string(what));
}

}  // namespace

std::string encode_snapshot(std::map<CellName, CellState> states) {
  std::string bytes(kMagic);
  put(bytes, kVersion);
  put(bytes, states.size());
  for (auto& [name, state] : states) {
    wire::CellState out;
    out.set_actor(name.first);
    out.set_instance(name.second);
    out.set_watermark(state.watermark.time_since_epoch().count());
    out.set_event_time_max(state.event_time_max.time_since_epoch().count());
    out.set_ended(state.ended);
    out.set_instances(state.instances);
    out.set_kind(state.kind);
    for (auto& [part, value] : state.parts) (*out.mutable_parts())[part] = std::move(value);
    put(bytes, out.ByteSizeLong());
    out.AppendToString(&bytes);
  }
  return bytes;
}

Result<std::map<CellName, CellState>> decode_snapshot(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return damaged("it begins otherwise");
  bytes.remove_prefix(kMagic.size());
  std::uint32_t version = 0, count = 0;
  if (!get(bytes, version) || !get(bytes, count)) return damaged("it breaks off");
  if (version != kVersion) return damaged("it has another version");
  std::map<CellName, CellState> states;
  for (; count > 0; --count) {
    std::uint32_t length = 0;
    if (!get(bytes, length) || length > bytes.size()) return damaged("it breaks off");
    wire::CellState in;
    if (length > INT32_MAX || !in.ParseFromArray(bytes.data(), static_cast<int>(length)))
      return damaged("a state can't be read");
    bytes.remove_prefix(length);
    CellState& state = states[{in.actor(), in.instance()}];
    state.watermark = Time(Duration(in.watermark()));
    state.event_time_max = Time(Duration(in.event_time_max()));
    state.ended = in.ended();
    state.instances = std::max(in.instances(), 1u);
    state.kind = in.kind();
    for (auto& [part, value] : *in.mutable_parts()) state.parts[part] = std::move(value);
  }
  if (!bytes.empty()) return damaged("something follows it");
  return states;
}

}  // namespace leat
