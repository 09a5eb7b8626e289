#pragma once

#include <map>

#include "testing/stand_ins.hpp"

namespace leat {

/// A place where rows come into an excerpt from outside.
struct FeedPoint {
  enum class Kind : std::uint8_t {
    output,  ///< the actor is replaced: rows come out of its ports as though it had sent them
    input,   ///< what feeds this input of the actor is replaced
  } kind = Kind::output;
  std::size_t actor = 0;
  std::uint8_t port = 0;  ///< of an input

  friend auto operator<=>(const FeedPoint&, const FeedPoint&) = default;
};

struct OutputPoint {
  std::size_t actor = 0;
  std::uint8_t port = 0;
  friend auto operator<=>(const OutputPoint&, const OutputPoint&) = default;
};

/// What to take out of a topology: indices are those of the whole one.
struct ExcerptPlan {
  std::vector<FeedPoint> feeds;
  std::vector<OutputPoint> captures;
  std::vector<std::size_t> run;           ///< actors that run although nobody looks at their outputs
  std::map<std::size_t, StubPlan> stubs;  ///< by actor
};

/// A part of a topology that runs alone: what is captured and run, everything that leads there, and stand-ins
/// where rows come from outside. Nothing else is started. Move-only, and outlives what runs it.
struct Excerpt {
  Topology topology;
  std::vector<std::shared_ptr<FeedQueue>> feeds;         ///< as in the plan
  std::vector<std::shared_ptr<CaptureBuffer>> captures;  ///< as in the plan
  std::vector<std::size_t> kept;  ///< actors of the whole topology that run as themselves
  StandIns stand_ins;
};
Excerpt make_excerpt(const Topology& whole, ExcerptPlan plan);

/// The fields of the rows that an input gets; null for a port without links.
SchemaPtr input_schema(const Topology& topology, std::size_t actor, std::uint8_t port);

/// Where event time comes from at an actor: the rule of a source before it that has one, nearest first.
std::optional<EventTimeSpec> event_time_before(const Topology& topology, std::size_t actor);

}  // namespace leat
