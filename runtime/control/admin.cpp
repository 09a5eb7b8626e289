#include "control/admin.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "admin.pb.h"
#include "base/hash.hpp"
#include "link/zmq_service.hpp"

namespace leat {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr Duration kAnswer = std::chrono::seconds(5);
constexpr Duration kSnapshot = std::chrono::seconds(60);
// A sum must fail in all of so many looks, this far apart, before it is called wrong.
constexpr int kLooks = 5;
constexpr std::chrono::milliseconds kBetweenLooks{20};

std::string socket_of(const Topology& topology, const std::string& host) {
  std::error_code error;
  const std::string file = std::filesystem::canonical(topology.file, error).string();
  return fmt::format("{}/{}{}{:016x}.admin", topology.run_dir, host, host.empty() ? "" : "-",
                     hash_of(std::string_view(error ? topology.file : file)));
}

// Differences that one look finds and the next does not were on their way between two readings.
void check(AdminReport& report, const Execution& execution) {
  for (int look = 0; look < kLooks; ++look) {
    const Ledger first = execution.ledger();
    report.ledger = execution.ledger();
    report.differences = first.differences(report.ledger);
    if (report.differences.empty()) break;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  report.under_way = report.ledger.under_way();
}

// -1 when another process has it. Its file goes away with its holder, so the one that was locked may not be
// the one that others see.
int take_lock(const std::string& path) {
  while (true) {
    const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) return -1;
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
      ::close(lock);
      return -1;
    }
    struct stat ours {
    }, there{};
    if (::fstat(lock, &ours) == 0 && ::stat(path.c_str(), &there) == 0 && ours.st_ino == there.st_ino)
      return lock;
    ::close(lock);
  }
}

std::string encode(const AdminReport& report) {
  wire::AdminReply out;
  out.set_version(kVersion);
  out.set_topology(report.topology);
  out.set_host(report.host);
  out.set_checkpoint(report.checkpoint);
  out.set_under_way(report.under_way);
  for (const ActorAccount& actor : report.ledger.actors) {
    wire::AdminReply::Actor& to = *out.add_actors();
    to.set_name(actor.name);
    to.set_in(actor.in);
    to.set_out(actor.out);
    to.set_dropped(actor.dropped);
    to.set_late(actor.late);
    to.set_errors(actor.errors);
    to.set_source(actor.source);
  }
  for (const LinkAccount& link : report.ledger.links) {
    wire::AdminReply::Link& to = *out.add_links();
    to.set_name(link.name);
    to.set_routed(link.routed);
    to.set_called(link.called);
    to.set_sent(link.sent);
    to.set_waiting(link.waiting);
    to.set_dropped(link.dropped);
    to.set_received(link.received);
    to.set_queued(link.queued);
    to.set_lost(link.lost);
    to.set_confirmed(link.confirmed);
    to.set_from_here(link.from_here);
    to.set_to_here(link.to_here);
  }
  for (const std::string& difference : report.differences) out.add_differences(difference);
  return out.SerializeAsString();
}

std::string encode(const Error& error) {
  wire::AdminReply out;
  out.set_version(kVersion);
  out.set_code(static_cast<std::uint32_t>(error.code));
  out.set_text(error.text());
  return out.SerializeAsString();
}

Result<AdminReport> decode(const std::string& bytes) {
  wire::AdminReply in;
  if (!in.ParseFromString(bytes) || in.version() != kVersion)
    return fail(Code::malformed_frame, "the topology is run by another version of Leat; use that one");
  if (in.code() != 0) return fail(static_cast<Code>(in.code()), in.text());
  AdminReport report{.topology = in.topology(), .host = in.host(), .checkpoint = in.checkpoint()};
  report.under_way = in.under_way();
  for (const auto& actor : in.actors())
    report.ledger.actors.push_back({.name = actor.name(),
                                    .in = actor.in(),
                                    .out = actor.out(),
                                    .dropped = actor.dropped(),
                                    .late = actor.late(),
                                    .errors = actor.errors(),
                                    .source = actor.source()});
  for (const auto& link : in.links())
    report.ledger.links.push_back({.name = link.name(),
                                   .from_here = link.from_here(),
                                   .to_here = link.to_here(),
                                   .routed = link.routed(),
                                   .called = link.called(),
                                   .sent = link.sent(),
                                   .waiting = link.waiting(),
                                   .dropped = link.dropped(),
                                   .received = link.received(),
                                   .queued = link.queued(),
                                   .lost = link.lost(),
                                   .confirmed = link.confirmed()});
  report.differences.assign(in.differences().begin(), in.differences().end());
  return report;
}

}  // namespace

struct AdminServer::Impl {
  std::string topology, host, socket;
  Execution* execution = nullptr;
  int lock = -1;
  std::unique_ptr<ZmqService> service;

  ~Impl() {
    service.reset();
    if (lock < 0) return;
    ::unlink(socket.c_str());
    ::unlink((socket + ".lock").c_str());
    ::rmdir(std::filesystem::path(socket).parent_path().c_str());  // unless others use it
    ::close(lock);
  }

  std::string answer(const std::string& question) {
    wire::AdminRequest in;
    if (!in.ParseFromString(question) || in.version() != kVersion)
      return encode(
          Error{Code::malformed_frame, "the topology is run by another version of Leat; use that one", {}});
    AdminReport report{.topology = topology, .host = host};
    if (in.verb() == "snapshot") {
      const Result<std::uint64_t> made = execution->snapshot(in.name(), kSnapshot);
      if (!made) return encode(made.error());
      report.checkpoint = *made;
      return encode(report);
    }
    if (in.verb() == "stop") execution->drain();
    if (in.verb() == "abort") execution->abort();
    check(report, *execution);
    return encode(report);
  }
};

std::unique_ptr<AdminServer> AdminServer::start(const Topology& topology, const std::string& host,
                                                Execution& execution, const Process::Log& log) {
  if (topology.file.empty()) return nullptr;  // an embedding program's own
  ::mkdir(topology.run_dir.c_str(), 0700);
  const std::string socket = socket_of(topology, host);
  const auto without = [&](const std::string& why) {
    log(LogLevel::warning, "", "`leat stop` and `leat audit` won't reach this run: " + why);
    return nullptr;
  };
  const int lock = take_lock(socket + ".lock");
  if (lock < 0)
    return without(fmt::format("another run of this file has {}, or it can't be written", socket));
  auto impl = std::make_unique<Impl>();
  impl->topology = topology.name;
  impl->host = host;
  impl->execution = &execution;
  impl->lock = lock;
  impl->socket = socket;
  auto service = ZmqService::start(
      "ipc://" + socket, [impl = impl.get()](const std::string& question) { return impl->answer(question); });
  if (!service) return without(service.error().text());
  impl->service = *std::move(service);
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(impl)));
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() = default;

AdminClient::AdminClient(const Topology& topology, const std::string& host)
    : topology_(topology.name), socket_(socket_of(topology, host)) {}

bool AdminClient::running() const {
  const int lock = ::open((socket_ + ".lock").c_str(), O_RDWR | O_CLOEXEC);
  if (lock < 0) return false;
  const bool held = ::flock(lock, LOCK_EX | LOCK_NB) != 0;
  ::close(lock);
  return held;
}

Result<AdminReport> AdminClient::ask(const std::string& verb, const std::string& name,
                                     Duration timeout) const {
  if (!running())
    return fail(Code::unreachable,
                fmt::format("`{}` does not run here; start it with `leat run`, or name its "
                            "host with `--host`",
                            topology_));
  wire::AdminRequest out;
  out.set_version(kVersion);
  out.set_verb(verb);
  out.set_name(name);
  LEAT_TRY_ASSIGN(const std::string answer,
                  ask_service("ipc://" + socket_, out.SerializeAsString(), timeout));
  return decode(answer);
}

Result<AdminReport> AdminClient::audit(Duration timeout) const {
  return ask("audit", {}, timeout);
}
Result<AdminReport> AdminClient::stop() const {
  return ask("stop", {}, kAnswer);
}
Result<AdminReport> AdminClient::abort() const {
  return ask("abort", {}, kAnswer);
}
Result<AdminReport> AdminClient::snapshot(const std::string& name) const {
  return ask("snapshot", name, kSnapshot + kAnswer);
}

}  // namespace leat
