#include "observe/metrics.hpp"

#include <fmt/format.h>

#include <iterator>
#include <memory>

namespace leat {

namespace {

/// Its slot, taken when it is new; else the last.
ActorMetrics::Reason& slot_of(std::string_view name,
                              std::array<ActorMetrics::Reason, ActorMetrics::kReasonsMax>& slots) {
  for (ActorMetrics::Reason& slot : slots) {
    const char* taken = slot.name.load(std::memory_order_relaxed);
    if (taken == nullptr) {
      slot.length = name.size();
      slot.name.store(name.data(), std::memory_order_release);
      return slot;
    }
    if (std::string_view(taken, slot.length) == name) return slot;
  }
  return slots.back();
}

}  // namespace

void ActorMetrics::add_dropped(std::string_view reason, std::uint64_t rows) {
  slot_of(reason, dropped).rows.add(rows);
}

void ActorMetrics::set_value(std::string_view name, std::uint64_t value) {
  Reason& slot = slot_of(name, values);
  if (std::string_view(slot.name.load(std::memory_order_relaxed), slot.length) == name) slot.rows.set(value);
}

std::uint64_t ActorMetrics::rows_dropped() const {
  std::uint64_t total = 0;
  for (const Reason& slot : dropped) total += slot.rows.get();
  return total;
}

std::vector<ActorTotals> totals(const Metrics& metrics) {
  std::vector<ActorTotals> list;
  std::vector<std::unique_ptr<Histogram>> latencies;
  for (const ActorMetrics& actor : metrics.actors()) {
    std::size_t at = 0;
    while (at < list.size() && list[at].actor != actor.actor) ++at;
    if (at == list.size()) {
      list.emplace_back().actor = actor.actor;
      latencies.push_back(std::make_unique<Histogram>());
    }
    ActorTotals& total = list[at];
    total.in += actor.rows_in.get();
    total.out += actor.rows_out.get();
    total.late += actor.rows_late.get();
    total.errors += actor.rows_errors.get();
    total.busy_ns += actor.busy_ns.get();
    total.blocked_ns += actor.blocked_ns.get();
    for (const auto& slot : actor.dropped)
      if (const char* name = slot.name.load(std::memory_order_acquire); name != nullptr) {
        total.dropped_by[std::string(name, slot.length)] += slot.rows.get();
        total.dropped += slot.rows.get();
      }
    latencies[at]->merge(actor.latency_us);
  }
  for (std::size_t at = 0; at < list.size(); ++at) {
    list[at].latency_p50_us = latencies[at]->quantile(0.5);
    list[at].latency_p99_us = latencies[at]->quantile(0.99);
  }
  return list;
}

namespace {

using Output = std::back_insert_iterator<std::string>;

void family(std::string& text, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(Output(text), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

struct ActorFamily {
  std::string_view name, type, help;
  double (*value)(const ActorMetrics&);
};

double seconds(const Counter& nanoseconds) {
  return static_cast<double>(nanoseconds.get()) / 1e9;
}
double number(const Counter& counter) {
  return static_cast<double>(counter.get());
}

constexpr ActorFamily kActorFamilies[] = {
    {"leat_actor_rows_in_total", "counter", "Rows an actor took in.",
     [](const ActorMetrics& m) { return number(m.rows_in); }},
    {"leat_actor_rows_out_total", "counter", "Rows an actor sent out.",
     [](const ActorMetrics& m) { return number(m.rows_out); }},
    {"leat_actor_errors_total", "counter", "Rows sent to the errors port.",
     [](const ActorMetrics& m) { return number(m.rows_errors); }},
    {"leat_actor_late_total", "counter", "Rows that came after their window.",
     [](const ActorMetrics& m) { return number(m.rows_late); }},
    {"leat_actor_batches_in_total", "counter", "Batches an actor took in.",
     [](const ActorMetrics& m) { return number(m.batches_in); }},
    {"leat_actor_batches_out_total", "counter", "Batches an actor sent out.",
     [](const ActorMetrics& m) { return number(m.batches_out); }},
    {"leat_actor_bytes_in_total", "counter", "Bytes an actor took in.",
     [](const ActorMetrics& m) { return number(m.bytes_in); }},
    {"leat_actor_bytes_out_total", "counter", "Bytes an actor sent out.",
     [](const ActorMetrics& m) { return number(m.bytes_out); }},
    {"leat_actor_busy_seconds_total", "counter", "Time inside the actor.",
     [](const ActorMetrics& m) { return seconds(m.busy_ns); }},
    {"leat_actor_blocked_seconds_total", "counter", "Time waiting for credit downstream.",
     [](const ActorMetrics& m) { return seconds(m.blocked_ns); }},
    {"leat_actor_checkpoint_stall_seconds_max", "gauge", "Longest time a checkpoint has held the actor up.",
     [](const ActorMetrics& m) { return seconds(m.save_ns_max); }},
    {"leat_actor_state_bytes", "gauge", "State that the last checkpoint saved.",
     [](const ActorMetrics& m) { return number(m.state_bytes); }},
};

struct ChannelFamily {
  std::string_view name, type, help, extra;
  const Counter ChannelMetrics::*value;
};

constexpr ChannelFamily kChannelFamilies[] = {
    {"leat_link_rows_total", "counter", "Rows sent over a link between workers.", "",
     &ChannelMetrics::rows_sent},
    {"leat_link_batches_total", "counter", "Messages sent over a link.", "", &ChannelMetrics::batches_sent},
    {"leat_link_bytes_total", "counter", "Column bytes sent over a link.", "", &ChannelMetrics::bytes_sent},
    {"leat_link_waiting_rows", "gauge", "Rows waiting for credit at the producer.", "",
     &ChannelMetrics::rows_waiting},
    {"leat_link_waiting_bytes", "gauge", "Bytes waiting for credit at the producer.", "",
     &ChannelMetrics::bytes_waiting},
    {"leat_link_queued_rows", "gauge", "Rows queued at the consumer.", "", &ChannelMetrics::rows_queued},
    {"leat_link_dropped_total", "counter", "Rows dropped by the link's queue.", ",reason=\"drop_oldest\"",
     &ChannelMetrics::rows_dropped_oldest},
    {"leat_link_dropped_total", "", "", ",reason=\"drop_newest\"", &ChannelMetrics::rows_dropped_newest},
    {"leat_link_lost_rows_total", "counter", "Rows missing by the sender's count.", "",
     &ChannelMetrics::rows_lost},
    {"leat_link_gaps_total", "counter", "Messages missing by sequence number.", "", &ChannelMetrics::gaps},
    {"leat_link_duplicates_total", "counter", "Messages seen before.", "", &ChannelMetrics::duplicates},
    {"leat_link_stale_total", "counter", "Messages of an older epoch.", "", &ChannelMetrics::stale},
    {"leat_link_malformed_total", "counter", "Messages that could not be decoded.", "",
     &ChannelMetrics::malformed},
};

void latency_histogram(std::string& text, const ActorMetrics& actor, const std::string& labels) {
  constexpr std::uint64_t kBounds[] = {63, 127, 255, 511, 1023, 4095, 16383, 65535, 262143, 1048575, 4194303};
  for (const std::uint64_t bound : kBounds)
    fmt::format_to(Output(text), "leat_actor_latency_seconds_bucket{{{},le=\"{}\"}} {}\n", labels,
                   static_cast<double>(bound + 1) / 1e6, actor.latency_us.count_up_to(bound));
  const std::uint64_t count = actor.latency_us.count();
  fmt::format_to(Output(text), "leat_actor_latency_seconds_bucket{{{},le=\"+Inf\"}} {}\n", labels, count);
  fmt::format_to(Output(text), "leat_actor_latency_seconds_sum{{{}}} {}\n", labels,
                 static_cast<double>(actor.latency_us.sum()) / 1e6);
  fmt::format_to(Output(text), "leat_actor_latency_seconds_count{{{}}} {}\n", labels, count);
}

}  // namespace

std::string prometheus_text(const Metrics& metrics, std::string_view topology) {
  std::string text;
  const auto labels = [&](const ActorMetrics& actor) {
    return fmt::format("topology=\"{}\",actor=\"{}\",instance=\"{}\"", topology, actor.actor, actor.instance);
  };
  for (const ActorFamily& row : kActorFamilies) {
    family(text, row.name, row.type, row.help);
    for (const ActorMetrics& actor : metrics.actors())
      fmt::format_to(Output(text), "{}{{{}}} {}\n", row.name, labels(actor), row.value(actor));
  }
  family(text, "leat_actor_dropped_total", "counter", "Rows dropped by a rule.");
  for (const ActorMetrics& actor : metrics.actors())
    for (const auto& slot : actor.dropped)
      if (const char* name = slot.name.load(std::memory_order_acquire); name != nullptr)
        fmt::format_to(Output(text), "leat_actor_dropped_total{{{},reason=\"{}\"}} {}\n", labels(actor),
                       std::string_view(name, slot.length), slot.rows.get());
  family(text, "leat_actor_value", "gauge", "What an actor measures itself.");
  for (const ActorMetrics& actor : metrics.actors())
    for (const auto& slot : actor.values)
      if (const char* name = slot.name.load(std::memory_order_acquire); name != nullptr)
        fmt::format_to(Output(text), "leat_actor_value{{{},name=\"{}\"}} {}\n", labels(actor),
                       std::string_view(name, slot.length), slot.rows.get());
  family(text, "leat_actor_latency_seconds", "histogram", "Time from the source to this actor, per batch.");
  for (const ActorMetrics& actor : metrics.actors()) latency_histogram(text, actor, labels(actor));
  for (const ChannelFamily& row : kChannelFamilies) {
    if (!row.type.empty()) family(text, row.name, row.type, row.help);
    for (const ChannelMetrics& channel : metrics.channels())
      fmt::format_to(Output(text), "{}{{topology=\"{}\",link=\"{}\",producer=\"{}\",consumer=\"{}\"{}}} {}\n",
                     row.name, topology, channel.link, channel.producer, channel.consumer, row.extra,
                     (channel.*row.value).get());
  }
  return text;
}

}  // namespace leat
