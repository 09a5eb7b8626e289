#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/common.hpp"
#include "link/zmq_host_keys.hpp"

namespace leat::cli {
namespace {

/// What is there of a host's keys.
struct Entry {
  std::string host;
  std::string key;  ///< public; empty: none
  bool made = false;
  std::string secret;  ///< "here", "elsewhere", or what is wrong
};

int exit_of(const Error& error) {
  return error.code == Code::input_missing ? kInputMissing : kInvalid;
}

Entry entry_of(const KeyFolder& folder, const std::string& host) {
  Entry entry{.host = host, .key = folder.public_key(host).value_or(""), .secret = "here"};
  if (const Result<KeyPair> pair = folder.pair(host); !pair)
    entry.secret = pair.error().code == Code::input_missing ? "elsewhere" : pair.error().message;
  return entry;
}

void print(const std::vector<Entry>& entries, const KeyFolder& folder, Format format) {
  if (format == Format::json) {
    for (const Entry& entry : entries)
      fmt::print("{{\"host\":{},\"public_key\":{},\"secret\":{},\"made\":{}}}\n", json_text(entry.host),
                 entry.key.empty() ? "null" : json_text(entry.key), json_text(entry.secret), entry.made);
    return;
  }
  fmt::print("{:<16} {:<40}  secret\n", "host", "public key");
  for (const Entry& entry : entries)
    fmt::print("{:<16} {:<40}  {}\n", entry.host, entry.key.empty() ? "none" : entry.key,
               entry.made ? folder.secret_file(entry.host) : entry.secret);
}

std::optional<Topology> load_with_hosts(const KeysArguments& arguments, int& exit) {
  Registry registry;
  Diagnostics diagnostics;
  std::optional<Topology> topology = load(arguments, registry, diagnostics, exit);
  if (!topology) {
    print_diagnostics(diagnostics, Format::text);
    return topology;
  }
  const auto known = [&](const std::string& host) { return topology->find_host(host) != nullptr; };
  const auto unknown = std::ranges::find_if_not(arguments.hosts, known);
  if (topology->hosts.empty())
    print_error(fmt::format("{} has no `deploy.hosts`: one process needs no keys", topology->file));
  else if (unknown != arguments.hosts.end())
    print_error(fmt::format("no host named `{}` under `deploy.hosts`", *unknown));
  else
    return topology;
  exit = kUsage;
  return std::nullopt;
}

std::vector<std::string> chosen(const KeysArguments& arguments, const Topology& topology) {
  if (!arguments.hosts.empty()) return arguments.hosts;
  std::vector<std::string> hosts;
  for (const HostSpec& host : topology.hosts) hosts.push_back(host.name);
  return hosts;
}

}  // namespace

int keys_make(const KeysArguments& arguments) {
  int exit = kOk;
  const auto topology = load_with_hosts(arguments, exit);
  if (!topology) return exit;
  const KeyFolder folder(topology->keys);
  std::vector<Entry> entries;
  for (const std::string& host : chosen(arguments, *topology)) {
    std::error_code error;
    const bool there = std::filesystem::exists(folder.public_file(host), error) ||
                       std::filesystem::exists(folder.secret_file(host), error);
    if (!there)
      if (const Status made = folder.make(host); !made) {
        print_error(made.error().text());
        return exit_of(made.error());
      }
    entries.push_back(entry_of(folder, host));
    entries.back().made = !there;
  }
  print(entries, folder, arguments.format);
  const bool any = std::ranges::any_of(entries, &Entry::made);
  if (arguments.format == Format::text)
    fmt::print(
        "{}\nnext: copy every .pub to all hosts, each .key to its own host only; then leat run {} --host "
        "HOST\n",
        any ? "" : "\nnothing was made: all have keys; to replace one, delete its files first",
        arguments.path.empty() ? "TOPOLOGY" : arguments.path);
  return kOk;
}

int keys_ls(const KeysArguments& arguments) {
  int exit = kOk;
  const auto topology = load_with_hosts(arguments, exit);
  if (!topology) return exit;
  const KeyFolder folder(topology->keys);
  std::vector<Entry> entries;
  for (const std::string& host : chosen(arguments, *topology)) entries.push_back(entry_of(folder, host));
  print(entries, folder, arguments.format);
  const bool whole = std::ranges::none_of(entries, [](const Entry& entry) { return entry.key.empty(); });
  if (!whole && arguments.format == Format::text)
    fmt::print("\nnext: leat keys make {}\n", arguments.path.empty() ? "TOPOLOGY" : arguments.path);
  return whole ? kOk : kNegative;
}

}  // namespace leat::cli
