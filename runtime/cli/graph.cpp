#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "cli/common.hpp"

namespace leat::cli {
namespace {

std::string link_label(const Topology& topology, const LinkSpec& link) {
  const OutputSpec& output = topology.actors[link.from].outputs[link.from_port];
  std::string label = link.from_port == 0 ? "" : output.name;
  if (link.route == Route::key) label += (label.empty() ? "" : ", ") + ("key " + key_text(link));
  if (link.route == Route::paired) label += std::string(label.empty() ? "" : ", ") + "paired";
  if (link.route == Route::all) label += std::string(label.empty() ? "" : ", ") + "all";
  if (link.feedback) label += std::string(label.empty() ? "" : ", ") + "feedback";
  return label;
}

std::string mermaid_text(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '"' ? std::string("#quot;") : std::string(1, c);
  return out;
}

std::string mermaid(const Topology& topology) {
  // Numbered, because names such as `end` mean something to Mermaid.
  std::string out = "flowchart LR\n";
  for (std::size_t at = 0; at < topology.actors.size(); ++at)
    out += fmt::format("  n{}[\"{}<br/><i>{}</i>\"]\n", at, topology.actors[at].name,
                       topology.actors[at].kind->info.name);
  for (const LinkSpec& link : topology.links) {
    const std::string label = link_label(topology, link);
    out += fmt::format("  n{} {}{} n{}\n", link.from, link.feedback ? "-.->" : "-->",
                       label.empty() ? "" : fmt::format("|\"{}\"|", mermaid_text(label)), link.to);
  }
  return out;
}

std::string dot(const Topology& topology) {
  std::string out = fmt::format(
      "digraph {} {{\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n",
      json_text(topology.name));
  for (const ActorSpec& actor : topology.actors)
    out += fmt::format("  {} [label={}];\n", json_text(actor.name),
                       json_text(actor.name + "\n" + std::string(actor.kind->info.name)));
  for (const LinkSpec& link : topology.links)
    out += fmt::format("  {} -> {} [label={}{}];\n", json_text(topology.actors[link.from].name),
                       json_text(topology.actors[link.to].name), json_text(link_label(topology, link)),
                       link.feedback ? ", style=dashed, constraint=false" : "");
  return out + "}\n";
}

// One line per actor with what it feeds; sources begin a paragraph.
std::string text(const Topology& topology) {
  std::string out;
  for (const std::size_t at : topology.order) {
    const ActorSpec& actor = topology.actors[at];
    std::string targets;
    for (const LinkSpec& link : topology.links)
      if (link.from == at) {
        const std::string label = link_label(topology, link);
        targets += fmt::format("{}{}{}", targets.empty() ? " -> " : ", ", topology.actors[link.to].name,
                               label.empty() ? "" : fmt::format(" ({})", label));
      }
    out += fmt::format("{:<16} {:<16}{}\n", actor.name, fmt::format("[{}]", actor.kind->info.name), targets);
  }
  return out;
}

std::string json(const Topology& topology) {
  std::string actors, links;
  for (const ActorSpec& actor : topology.actors)
    actors += fmt::format("{}{{\"name\":{},\"kind\":{}}}", actors.empty() ? "" : ",", json_text(actor.name),
                          json_text(actor.kind->info.name));
  for (const LinkSpec& link : topology.links)
    links += fmt::format("{}{{\"from\":{},\"port\":{},\"to\":{}}}", links.empty() ? "" : ",",
                         json_text(topology.actors[link.from].name),
                         json_text(topology.actors[link.from].outputs[link.from_port].name),
                         json_text(topology.actors[link.to].name));
  return fmt::format("{{\"topology\":{},\"actors\":[{}],\"links\":[{}]}}\n", json_text(topology.name), actors,
                     links);
}

// graphviz does the drawing; it is optional.
int svg(const Topology& topology) {
  std::fflush(stdout);
  std::FILE* pipe =
      ::popen("command -v dot >/dev/null 2>&1 && dot -Tsvg || { cat >/dev/null; exit 127; }", "w");
  if (pipe == nullptr) return kInternal;
  const std::string source = dot(topology);
  std::fwrite(source.data(), 1, source.size(), pipe);
  const int status = ::pclose(pipe);
  if (status == 0) return kOk;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 127) {
    print_error("graphviz could not draw the picture");
    return kUnreachable;
  }
  print_error("graphviz is not installed, so no picture can be drawn",
              "apt-get install graphviz, or `leat graph --format mermaid`");
  return kUnreachable;
}

}  // namespace

int graph(const GraphArguments& arguments) {
  Registry registry;
  Diagnostics diagnostics;
  int exit = kOk;
  const auto topology = load(arguments, registry, diagnostics, exit);
  print_diagnostics(diagnostics, Format::text);
  if (!topology) return exit;
  if (arguments.picture == "svg") return svg(*topology);
  fmt::print("{}", arguments.picture == "mermaid" ? mermaid(*topology)
                   : arguments.picture == "dot"   ? dot(*topology)
                   : arguments.picture == "json"  ? json(*topology)
                                                  : text(*topology));
  return kOk;
}

}  // namespace leat::cli
