#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "link/transport.hpp"

namespace leat {

/// The network of a test: all workers' inboxes, in one thread. A test may hold messages back, drop or repeat
/// them by changing `inbox` between two turns.
struct MemoryNetwork {
  explicit MemoryNetwork(std::size_t workers) : inbox(workers) {}
  std::vector<std::deque<Message>> inbox;
};

/// One worker's door to a MemoryNetwork.
class MemoryTransport final : public Transport {
 public:
  MemoryTransport(MemoryNetwork& network, std::size_t self) : network_(network), self_(self) {}
  void send(std::uint32_t worker, Message&& message) override {
    network_.inbox[worker].push_back(std::move(message));
  }
  void flush() override {}
  bool receive(Message& message) override {
    auto& inbox = network_.inbox[self_];
    if (inbox.empty()) return false;
    message = std::move(inbox.front());
    inbox.pop_front();
    return true;
  }
  void wait(Duration, std::span<const int>) override {}
  void wake() override {}

 private:
  MemoryNetwork& network_;
  std::size_t self_;
};

}  // namespace leat
