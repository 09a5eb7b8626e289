#pragma once

#include <leat/actor.hpp>
#include <leat/batch_builder.hpp>
#include <leat/ingest_log.hpp>

#include "ingest/log_options.hpp"
#include "ingest/log_thread.hpp"

namespace leat {

/// What stands in an ingest log's record: how its bytes are written. The numbers are kept on disk.
enum class RecordTag : std::uint32_t {
  json = 1,     ///< one JSON object
  msgpack = 2,  ///< one MessagePack map
  text = 3,     ///< a line
  csv = 4,      ///< a header and a line end, when the input has a header, and one CSV record
  too_long = 5  ///< the beginning of a record that was refused for its length
};

/// A source whose input lands in a log of its own, and whose rows come from there. Derived kinds say how
/// input gets into the log, on threads of their own, and how records become rows. Holds one batch and the
/// log's buffers.
class LogSource : public Source, public LogBacked {
 public:
  LogSource(LogConfig config, const SchemaPtr& schema);
  ~LogSource() override;

  Status on_start(Context& ctx) final;
  Result<Produced> produce(std::uint32_t rows_max, Context& ctx) final;
  Status on_timer(Timer, Context& ctx) final;
  Status on_end(Context& ctx) final;
  void save(StateWriter& state) const final;
  Status load(StateReader& state) final;
  /// What was saved last is durable: records before it may be deleted.
  Status on_commit(Context&) final;
  void start_from(const LogPosition& position) final { start_from_ = position; }

 protected:
  /// Input begins to go into the log.
  virtual Status start_input(IngestLog& log, Context& ctx) = 0;
  /// Input ends: what was taken is in the log and was acknowledged when this returns. Once, or not at all.
  virtual void stop_input() {}
  /// There will be no further input.
  virtual bool input_ended() const { return false; }
  /// An error the input died of.
  virtual Status input_health() const { return {}; }
  /// Adds a row; on an error the builder is as before.
  virtual Status decode(const IngestRecord& record, BatchBuilder& rows) = 0;
  /// Has `produce` called soon, from any thread.
  void wake() const { wake_.wake(); }

 private:
  static constexpr Port kOut{0, "out", "One row per record."};
  static constexpr Timer kCommit{0};

  Result<std::uint64_t> first_offset() const;
  void commit_read();
  Result<std::uint32_t> read(std::uint32_t rows_max, Context& ctx);

  LogConfig config_;
  BatchBuilder rows_;
  WakeFd wake_;
  std::unique_ptr<IngestLog> log_;
  std::unique_ptr<IngestLogReader> reader_;
  std::optional<std::uint64_t> loaded_;    // where a saved state goes on
  std::optional<LogPosition> start_from_;  // where the user wants to begin
  mutable std::uint64_t saved_ = 0;
  mutable bool checkpointed_ = false;
  std::uint64_t read_bytes_ = 0;  // since they were committed
};

}  // namespace leat
