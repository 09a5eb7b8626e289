#pragma once

#include <atomic>

#include "ingest/log_source.hpp"
#include "ingest/record_reader.hpp"
#include "ingest/row_decoder.hpp"

namespace leat {

/// Reads a descriptor that can't be read twice, cuts it into records and brings them into a log, as they are;
/// a CSV record with its header in front of it, so that each can be read alone. Own thread. Stops reading
/// while the log has no room.
class StdinInput final : public LogThread {
 public:
  StdinInput(int fd, RowFormat format, RecordReader::Format records, IngestLog& log,
             std::function<void()> on_end);
  ~StdinInput() override { stop(); }
  /// What was read stays; what was not is left to whoever reads the descriptor next.
  void stop();

 private:
  void run(int fd);
  Status read(RecordReader& reader, RowDecoder& decoder);
  bool append(std::string_view bytes, RecordTag tag);

  const RowFormat format_;
  const RecordReader::Format records_;
  IngestLog& log_;
  const std::function<void()> on_end_;
  WakeFd stop_;
  std::atomic<bool> stopping_{false};
  std::string header_;
  std::string with_header_;
  std::thread thread_;
};

/// Reads such records into rows.
class StdinDecoder {
 public:
  explicit StdinDecoder(const RowFormat& format) : format_(format) {}
  Status decode(const IngestRecord& record, BatchBuilder& rows);

 private:
  const RowFormat format_;
  std::unique_ptr<RowDecoder> decoder_;
  std::string header_;
};

}  // namespace leat
