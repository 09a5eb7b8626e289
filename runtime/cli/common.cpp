#include "cli/common.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <leat/codec.hpp>

#include "topology/reader.hpp"

namespace leat::cli {

bool use_colour(int fd) {
  return ::isatty(fd) == 1 && std::getenv("NO_COLOR") == nullptr;
}

std::string topology_path(const std::string& given) {
  if (!given.empty()) return given;
  for (const char* name : {"leat.yaml", "topology.yaml"})
    if (std::filesystem::exists(name)) return name;
  return "leat.yaml";
}

std::string json_text(std::string_view text) {
  std::string out;
  write_json_string(text, out);
  return out;
}

void print_error(const std::string& message, const std::string& next) {
  fmt::print(stderr, "{}error{}: {}\n", use_colour(STDERR_FILENO) ? "\x1b[1;31m" : "",
             use_colour(STDERR_FILENO) ? "\x1b[0m" : "", message);
  if (!next.empty()) fmt::print(stderr, "next: {}\n", next);
}

namespace {

void print_json(const Diagnostics& diagnostics) {
  for (const Diagnostic& d : diagnostics.sorted())
    fmt::print(
        "{{\"severity\":\"{}\",\"code\":\"{}\",\"file\":{},\"line\":{},\"column\":{},\"message\":{},"
        "\"suggestion\":{},\"note\":{}}}\n",
        d.severity == Severity::error ? "error" : "warning", code_number(d.code),
        json_text(d.place.file ? *d.place.file : ""), d.place.line, d.place.column, json_text(d.message),
        json_text(d.suggestion), json_text(d.note));
}

}  // namespace

void print_diagnostics(const Diagnostics& diagnostics, Format format) {
  if (format == Format::json) return print_json(diagnostics);
  fmt::print(stderr, "{}", render(diagnostics, use_colour(STDERR_FILENO)));
}

int exit_code(const Diagnostics& diagnostics) {
  if (diagnostics.ok()) return kOk;
  for (const Diagnostic& diagnostic : diagnostics.sorted())
    if (diagnostic.severity == Severity::error && !diagnostic.place.known() &&
        (diagnostic.code == Code::input_missing || diagnostic.code == Code::unreadable_file))
      return kInputMissing;
  return kInvalid;
}

std::optional<Topology> load(const TopologyArguments& arguments, Registry& registry, Diagnostics& diagnostics,
                             int& exit) {
  register_standard_actors(registry);
  LoadOptions options;
  options.plugins = arguments.plugins;
  std::optional<Topology> topology =
      load_topology(topology_path(arguments.path), registry, diagnostics, options);
  exit = exit_code(diagnostics);
  return topology;
}

bool fill_registry(Registry& registry, const std::vector<std::string>& plugins) {
  register_standard_actors(registry);
  for (const std::string& plugin : plugins)
    if (Status loaded = load_plugin(std::filesystem::absolute(plugin), registry); !loaded) {
      print_error(loaded.error().text());
      return false;
    }
  return true;
}

}  // namespace leat::cli
