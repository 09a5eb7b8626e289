#pragma once

#include <mutex>

#include "engine/worker.hpp"

namespace leat {

/// What the workers of one host say about one attempt, gathered until it concerns the whole host. Any thread
/// reports; the control thread takes.
class HostReport final : public WorkerObserver {
 public:
  struct Event {
    enum class Kind : std::uint8_t { saved, committed, quiet, broken, failed } kind = Kind::saved;
    std::uint64_t checkpoint = 0;
    std::map<std::size_t, CellState> states;  ///< saved: by Plan::instances
    Error error{Code::internal, {}, {}};      ///< broken, failed
  };

  /// `next`: hears about failures, log lines and drains too. `wake`: called after each event, any thread.
  HostReport(const Plan& plan, const std::string& host, WorkerObserver& next, std::function<void()> wake);

  std::vector<Event> take();

  // WorkerObserver
  void failed(const std::string& actor, Error error) override;
  void log(LogLevel level, const std::string& actor, std::string message) override;
  void drain_requested() override { next_->drain_requested(); }
  void snapshot(std::uint64_t checkpoint, std::size_t instance, CellState state) override;
  void committed(std::uint32_t worker, std::uint64_t checkpoint) override;
  void quiet(std::uint32_t worker) override;
  void broken(Error error) override;

 private:
  void add(Event event);

  WorkerObserver* next_;
  std::function<void()> wake_;
  std::size_t instances_ = 0, workers_ = 0;  // of this host
  std::mutex mutex_;
  std::map<std::size_t, CellState> states_;  // of the checkpoint being made
  std::size_t committed_ = 0, quiet_ = 0;    // workers
  std::vector<Event> events_;
};

}  // namespace leat
