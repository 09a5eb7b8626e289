#pragma once

#include <deque>

#include "topology/topology.hpp"

namespace leat {

// Actors that stand in for others when only a part of a topology runs. They are ordinary kinds, made on the
// spot: the engine does not know them from others. One thread.

/// What a Feed sends: filled from outside, emptied by the engine.
struct FeedQueue {
  struct Item {
    std::uint8_t port = 0;
    Batch batch;                ///< may be empty
    Time watermark = kTimeMin;  ///< reached once the batch is sent
    bool end = false;
  };
  std::deque<Item> items;
  bool ended = false;
};

/// What a Capture got and nobody has taken yet.
struct CaptureBuffer {
  std::vector<Batch> batches;
  /// All rows since the last call, as one batch; empty if there were none.
  Batch take();
};

/// How a Stub answers.
struct StubPlan {
  struct Source {
    std::optional<Expression> expression;  ///< bound to the first input's schema
    std::optional<std::size_t> column;     ///< else: copied from there; else: null
  };
  SchemaPtr schema;             ///< of the replies; null: rows go nowhere
  std::uint8_t port = 0;        ///< where they go
  std::vector<Source> columns;  ///< replies computed from rows, by field; empty: `canned`
  Batch canned;                 ///< one reply per row; the last answers all further ones
  Duration delay{};
  bool fails = false;
  Expression fail_where;  ///< empty: every row
  Error failure;
};

/// Owns the kinds of the stand-ins of one topology, which must not outlive it.
class StandIns {
 public:
  /// A source that sends what is put into the queue, out of the given ports (none of them is `errors`).
  ActorSpec feed(std::string name, std::vector<OutputSpec> outputs, std::shared_ptr<FeedQueue> queue);
  /// A sink for rows of any schema.
  ActorSpec capture(std::string name, std::shared_ptr<CaptureBuffer> buffer);
  /// Takes the place of `original`: the same inputs and outputs.
  ActorSpec stub(const ActorSpec& original, StubPlan plan);

 private:
  const Kind* add(std::string_view name, std::vector<Port> inputs, bool source);
  std::deque<Kind> kinds_;
};

}  // namespace leat
