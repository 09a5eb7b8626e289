#include <fmt/format.h>

#include <cerrno>

#include "link/wire.hpp"
#include "record/block.hpp"
#include "record/recording.hpp"
#include "recording.pb.h"

namespace leat {
namespace {

std::string block(BlockHead head, std::string_view bytes) {
  head.bytes = static_cast<std::uint32_t>(bytes.size());
  head.checksum = block_checksum(head, bytes);
  std::string out(sizeof head + bytes.size(), '\0');
  std::memcpy(out.data(), &head, sizeof head);
  if (!bytes.empty()) std::memcpy(out.data() + sizeof head, bytes.data(), bytes.size());
  return out;
}

std::string header_bytes(const RecordingHeader& header) {
  wire::RecordingHeader out;
  out.set_topology(header.topology);
  out.set_started(header.started.time_since_epoch().count());
  for (const RecordedPort& port : header.ports) {
    auto& to = *out.add_ports();
    to.set_actor(port.actor);
    to.set_port(port.port);
    to.set_instances(port.instances);
    for (const Field& field : port.schema->fields()) {
      auto& added = *to.add_fields();
      added.set_name(field.name);
      added.set_type(static_cast<std::uint32_t>(field.type));
      added.set_nullable(field.nullable);
    }
  }
  return out.SerializeAsString();
}

std::string entry_bytes(const RecordedEntry& entry) {
  Message message;
  message.kind = entry.end ? MessageKind::fin : MessageKind::data;
  message.channel = {static_cast<std::uint32_t>(entry.port), entry.instance, 0};
  message.watermark = entry.watermark;
  message.batch = entry.rows;
  FrameWriter writer;
  std::string frame(writer.prepare(message), '\0');
  writer.write(message, reinterpret_cast<std::byte*>(frame.data()));
  return frame;
}

}  // namespace

Result<std::unique_ptr<RecordingWriter>> RecordingWriter::create(const std::string& path,
                                                                 const RecordingHeader& header) {
  std::FILE* file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr)
    return fail(Code::storage_failed, fmt::format("the recording can't be made: {}", std::strerror(errno)),
                path);
  std::string begin(kRecordingMagic);
  begin.append(reinterpret_cast<const char*>(&kRecordingVersion), sizeof kRecordingVersion);
  begin += block({.kind = BlockKind::header}, header_bytes(header));
  std::unique_ptr<RecordingWriter> writer(new RecordingWriter(path, file));
  const std::lock_guard lock(writer->mutex_);
  writer->waiting_ = std::move(begin);
  return writer;
}

RecordingWriter::RecordingWriter(std::string path, std::FILE* file)
    : path_(std::move(path)), file_(file), thread_([this] { run(); }) {}

RecordingWriter::~RecordingWriter() {
  static_cast<void>(close());
}

void RecordingWriter::add(const RecordedEntry& entry) {
  const std::uint64_t rows = entry.rows.row_count();
  const std::string bytes =
      block({.time = entry.time.time_since_epoch().count()}, entry_bytes(entry));  // before the lock
  {
    const std::lock_guard lock(mutex_);
    if (error_ || waiting_.size() + bytes.size() > kWaitingBytesMax) {
      rows_lost_ += rows;
      rows_lost_unsaid_ += rows;
      return;
    }
    if (rows_lost_unsaid_ != 0)
      waiting_ += block({.kind = BlockKind::lost, .time = static_cast<std::int64_t>(rows_lost_unsaid_)}, {});
    rows_lost_unsaid_ = 0;
    waiting_ += bytes;
    rows_ += rows;
  }
  ready_.notify_one();
}

void RecordingWriter::run() {
  std::string bytes;
  std::unique_lock lock(mutex_);
  while (true) {
    ready_.wait(lock, [this] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    bytes.clear();
    bytes.swap(waiting_);  // both keep their memory
    lock.unlock();
    write(bytes);
    lock.lock();
  }
}

void RecordingWriter::write(const std::string& bytes) {
  const bool written =
      std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size() && std::fflush(file_) == 0;
  const int error = errno;
  const std::lock_guard lock(mutex_);
  if (written) {
    bytes_ += bytes.size();
  } else if (!error_) {
    error_ = Error{error == ENOSPC ? Code::storage_full : Code::storage_failed,
                   fmt::format("the recording ends here: {}", std::strerror(error)), path_};
  }
}

Status RecordingWriter::close() {
  if (thread_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      if (rows_lost_unsaid_ != 0)
        waiting_ +=
            block({.kind = BlockKind::lost, .time = static_cast<std::int64_t>(rows_lost_unsaid_)}, {});
      closing_ = true;
    }
    ready_.notify_one();
    thread_.join();
    std::fclose(file_);
  }
  if (error_) return Failure(*error_);
  return {};
}

}  // namespace leat
