#pragma once

#include "engine/router.hpp"
#include "link/sender.hpp"

namespace leat {

class Cell;

/// One channel as its producer sees it: rows, watermarks and the end go over it, whatever carries it.
class Edge : public Outlet {
 public:
  virtual void watermark(Time watermark, bool idle) = 0;
  virtual void barrier(std::uint64_t checkpoint) = 0;
  virtual void finish() = 0;
};

/// A channel between two cells of one worker: a function call, depth first.
class LocalEdge final : public Edge {
 public:
  LocalEdge(Cell& to, Port port, std::size_t input) : to_(to), port_(port), input_(input) {}
  void send(Batch batch) override;
  std::uint64_t room() const override { return UINT64_MAX; }
  void watermark(Time watermark, bool idle) override;
  void barrier(std::uint64_t checkpoint) override;
  void finish() override;
  Cell& to() const { return to_; }

 private:
  Cell& to_;
  Port port_;
  std::size_t input_;
};

/// A channel to another worker: rows wait in the sender until the worker pumps it.
class RemoteEdge final : public Edge {
 public:
  RemoteEdge(Sender sender, std::uint32_t worker, const Instant& now)
      : sender_(std::move(sender)), worker_(worker), now_(now) {}
  void send(Batch batch) override { sender_.push(std::move(batch), now_); }
  std::uint64_t room() const override {
    const std::uint64_t waiting = sender_.rows_waiting();
    const std::uint64_t credit = sender_.credit_rows();
    return credit > waiting ? credit - waiting : 0;
  }
  void watermark(Time watermark, bool idle) override { sender_.set_watermark(watermark, idle); }
  void barrier(std::uint64_t checkpoint) override { sender_.push_barrier(checkpoint); }
  void finish() override { sender_.finish(); }
  Sender& sender() { return sender_; }
  std::uint32_t worker() const { return worker_; }

 private:
  Sender sender_;
  std::uint32_t worker_;
  const Instant& now_;  // the worker's clock
};

}  // namespace leat
