#include "control/control_wire.hpp"

#include <fmt/format.h>

#include "state.pb.h"

namespace leat {
namespace {

constexpr std::uint32_t kVersion = 1;

bool known(std::uint32_t kind) {
  return (kind >= static_cast<std::uint32_t>(ControlKind::hello) &&
          kind <= static_cast<std::uint32_t>(ControlKind::released)) ||
         (kind >= static_cast<std::uint32_t>(ControlKind::start) &&
          kind <= static_cast<std::uint32_t>(ControlKind::give_up));
}

}  // namespace

std::string encode_control(const ControlMessage& message, const std::string& topology) {
  wire::ControlMessage out;
  out.set_version(kVersion);
  out.set_topology(topology);
  out.set_kind(static_cast<std::uint32_t>(message.kind));
  out.set_host(message.host);
  out.set_incarnation(message.incarnation);
  out.set_plan(message.plan);
  out.set_epoch(message.epoch);
  out.set_checkpoint(message.checkpoint);
  out.set_last(message.last);
  for (const SnapshotRef& snapshot : message.snapshots) {
    wire::SnapshotRef& part = *out.add_snapshots();
    part.set_name(snapshot.name);
    part.set_bytes(snapshot.bytes);
    part.set_checksum(snapshot.checksum);
  }
  out.set_text(message.text);
  return out.SerializeAsString();
}

Result<ControlMessage> decode_control(const std::string& bytes, const std::string& topology) {
  wire::ControlMessage in;
  if (!in.ParseFromString(bytes)) return fail(Code::malformed_frame, "this is no control message");
  if (in.version() != kVersion)
    return fail(
        Code::malformed_frame,
        fmt::format("the peer speaks control version {}, this program {}; run the same leat on all hosts",
                    in.version(), kVersion));
  if (in.topology() != topology)
    return fail(Code::peer_mismatch, fmt::format("the peer runs topology `{}`", in.topology()));
  if (!known(in.kind()))
    return fail(Code::malformed_frame, fmt::format("unknown control kind {}", in.kind()));
  ControlMessage message{.kind = static_cast<ControlKind>(in.kind()),
                         .host = in.host(),
                         .incarnation = in.incarnation(),
                         .plan = in.plan(),
                         .epoch = in.epoch(),
                         .checkpoint = in.checkpoint(),
                         .last = in.last(),
                         .text = in.text()};
  // A part lies in the checkpoint folder, whatever its name says.
  for (const wire::SnapshotRef& part : in.snapshots()) {
    if (part.name().find('/') != std::string::npos)
      return fail(Code::malformed_frame, "the name of a checkpoint's part is a path");
    message.snapshots.push_back({part.name(), part.bytes(), part.checksum()});
  }
  return message;
}

}  // namespace leat
