#include "common/result.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "common/histogram.hpp"
#include "common/options.hpp"
#include "common/revision.hpp"
#include "common/usage.hpp"

namespace leat::bench {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + '"';
}

}  // namespace

void RunResult::take_latency(const Histogram& latency) {
  ev_n = latency.count();
  ev_p50_us = double(latency.percentile(0.50)) / 1e3;
  ev_p99_us = double(latency.percentile(0.99)) / 1e3;
  ev_max_us = double(latency.max()) / 1e3;
}

void RunResult::take_window_latency(const Histogram& latency) {
  win_n = latency.count();
  win_p50_us = double(latency.percentile(0.50)) / 1e3;
  win_p99_us = double(latency.percentile(0.99)) / 1e3;
  win_max_us = double(latency.max()) / 1e3;
}

JsonObject& JsonObject::add_text(const std::string& key, const std::string& text) {
  if (!members_.empty()) members_ += ", ";
  members_ += quoted(key) + ": " + text;
  return *this;
}

JsonObject& JsonObject::add(const std::string& key, const std::string& value) {
  return add_text(key, quoted(value));
}
JsonObject& JsonObject::add(const std::string& key, double value) {
  return std::isfinite(value) ? add_text(key, fmt::format("{:.6g}", value)) : add_null(key);
}
JsonObject& JsonObject::add(const std::string& key, std::uint64_t value) {
  return add_text(key, fmt::format("{}", value));
}
JsonObject& JsonObject::add(const std::string& key, bool value) {
  return add_text(key, value ? "true" : "false");
}
JsonObject& JsonObject::add(const std::string& key, const JsonObject& value) {
  return add_text(key, value.text());
}
JsonObject& JsonObject::add_null(const std::string& key) {
  return add_text(key, "null");
}

JsonObject describe_run(const std::string& workload, const std::string& impl, const Options& options,
                        const RunResult& run) {
  JsonObject out;
  out.add("impl", impl).add("workload", workload).add("input", options.input).add("layout", options.layout);
  out.add("deploy", options.deploy).add("edge", options.edge).add("pin", options.pin);
  if (run.batch == 0)
    out.add("batch", "auto");
  else
    out.add("batch", run.batch);
  out.add("shards", options.shards).add("relays", std::uint64_t(options.relays));
  out.add("rate", options.rate).add("idle_secs", options.idle_secs);
  out.add("events", run.events).add("secs", run.secs).add("events_per_s", run.events_per_s());
  out.add("cpu_s", run.cpu_s);
  if (run.events > 0)
    out.add("cpu_s_per_m", run.cpu_s_per_m());
  else
    out.add_null("cpu_s_per_m");
  out.add_null("broker_cpu_s_per_m");
  if (run.ev_n > 0)
    out.add("ev_p50_us", run.ev_p50_us).add("ev_p99_us", run.ev_p99_us).add("ev_max_us", run.ev_max_us);
  else
    out.add_null("ev_p50_us").add_null("ev_p99_us").add_null("ev_max_us");
  out.add("ev_n", run.ev_n);
  if (run.win_n > 0)
    out.add("win_p50_us", run.win_p50_us).add("win_p99_us", run.win_p99_us).add("win_max_us", run.win_max_us);
  else
    out.add_null("win_p50_us").add_null("win_p99_us").add_null("win_max_us");
  out.add("win_n", run.win_n);
  out.add("rss_mb", run.rss_mb).add_null("broker_rss_mb");
  out.add("other_cpu", run.other_cpu).add("steal", run.steal);
  out.add("ok", run.ok).add("verified", run.ok);
  out.add("rev", kRevision).add("machine", machine_name());
  return out;
}

const RunResult& median_run(const std::vector<RunResult>& runs) {
  std::vector<const RunResult*> order;
  for (const RunResult& run : runs) order.push_back(&run);
  const auto middle = order.begin() + std::ptrdiff_t((order.size() - 1) / 2);
  std::nth_element(order.begin(), middle, order.end(), [](const RunResult* a, const RunResult* b) {
    return a->events_per_s() < b->events_per_s();
  });
  return **middle;
}

}  // namespace leat::bench
