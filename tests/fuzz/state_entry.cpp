#include <fmt/format.h>

#include <fstream>

#include "base/hash.hpp"
#include "control/control_wire.hpp"
#include "fuzz/entries.hpp"
#include "state/checkpoint_folder.hpp"
#include "state/chunks.hpp"
#include "state/snapshot.hpp"
#include "support/temp_folder.hpp"

namespace leat::fuzz {
namespace {

bool same(const CellState& one, const CellState& other) {
  return one.watermark == other.watermark && one.event_time_max == other.event_time_max &&
         one.ended == other.ended && one.instances == other.instances && one.kind == other.kind &&
         one.parts == other.parts;
}

}  // namespace

namespace {

// A part that refers to those before it: its chunks lie in files of the folder.
void try_chunked(std::string_view input) {
  const auto head = read_chunked_head("snapshot-1-1-0", input);
  if (!head) {
    LEAT_ASSERT(head.error().code == Code::corrupt_state);
    return;
  }
  for (const auto& [id, place] : head->chunks) LEAT_ASSERT(place.file.find('/') == std::string::npos);
}

// Whatever the bytes, they can be cut into chunks and are whole when put together again.
void try_cutting(std::string_view bytes) {
  const ChunkedFile file = make_chunked("a", bytes, {});
  std::string written = file.head;
  for (const std::string_view own : file.own) written += own;
  const auto head = read_chunked_head("a", written);
  LEAT_ASSERT(head);
  std::string joined;
  for (const auto& [id, place] : head->chunks) {
    LEAT_ASSERT(place.file == "a" && place.offset <= written.size());
    joined += std::string_view(written).substr(place.offset, place.length);
  }
  LEAT_ASSERT(joined == bytes);
}

}  // namespace

void try_snapshot(std::string_view input) {
  try_chunked(input);
  try_cutting(input);
  const auto states = decode_snapshot(input);
  if (!states) {
    LEAT_ASSERT(states.error().code == Code::corrupt_state);
    return;
  }
  const auto again = decode_snapshot(encode_snapshot(*states));
  LEAT_ASSERT(again && again->size() == states->size());
  for (const auto& [name, state] : *states)
    LEAT_ASSERT(again->contains(name) && same(again->at(name), state));
}

void try_manifest(std::string_view input) {
  if (input.empty()) return;
  const bool repaired = (input[0] & 1) != 0;
  std::string bytes(input.substr(1));
  if (repaired) bytes = fmt::format("{:016x}\n", hash_of(std::string_view(bytes))) + bytes;
  static const testing::TempFolder temp;
  const std::string path = temp.path("checkpoints");
  const auto folder = CheckpointFolder::open(path, "", 1);
  LEAT_ASSERT(folder);
  for (const char* name : {"/manifest", "/epoch"})
    std::ofstream(path + name, std::ios::binary | std::ios::trunc) << bytes;
  const auto manifest = (*folder)->load();
  const auto epoch = (*folder)->load_epoch();
  LEAT_ASSERT(repaired ? epoch.has_value() : epoch.has_value() || epoch.error().code == Code::corrupt_state);
  if (!manifest) {
    LEAT_ASSERT(manifest.error().code == Code::corrupt_state && !manifest.error().place.empty());
    return;
  }
  if (!*manifest) return;  // of nothing
  for (const SnapshotRef& part : (*manifest)->snapshots) {
    const auto loaded = (*folder)->load(part);
    LEAT_ASSERT(!loaded || loaded->size() == part.bytes);
  }
  LEAT_ASSERT((*folder)->save(**manifest));
  const auto again = (*folder)->load();
  LEAT_ASSERT(again && *again == *manifest);
}

void try_control(std::string_view input) {
  const auto message = decode_control(std::string(input), "t");
  if (!message) return;
  LEAT_ASSERT(message->kind >= ControlKind::hello && message->kind <= ControlKind::give_up);
  for (const SnapshotRef& part : message->snapshots) LEAT_ASSERT(part.name.find('/') == std::string::npos);
  const std::string said = encode_control(*message, "t");
  const auto again = decode_control(said, "t");
  LEAT_ASSERT(again && encode_control(*again, "t") == said);
}

}  // namespace leat::fuzz
