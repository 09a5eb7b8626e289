#pragma once

#include <leat/event_time.hpp>

#include "aggregate/compute.hpp"
#include "aggregate/windows.hpp"

namespace leat {

struct HoppingOptions {
  Duration size{};
  Duration every{};
};
struct SessionOptions {
  Duration gap{};
};
struct WindowOptions {
  std::optional<Duration> tumbling;
  std::optional<HoppingOptions> hopping;
  std::optional<SessionOptions> session;
  std::optional<Rows> count;
};

/// The options of `aggregate`, and what `describe_aggregate` works out from them.
struct AggregateConfig {
  KeyFields key;
  std::optional<WindowOptions> window;
  Named<Computation> compute;
  EventTime time;
  Duration lateness{};
  std::optional<Duration> emit_every;
  Duration every{std::chrono::seconds(1)};
  Rows groups{1'000'000};

  WindowSpec spec;
  SchemaPtr output;
  bool has_window_columns = false;
  bool needs_time = false;
};

Fields<AggregateConfig> aggregate_fields();
void describe_aggregate(AggregateConfig& config, const Port& out, const Port& late, Describe& describe);

}  // namespace leat
