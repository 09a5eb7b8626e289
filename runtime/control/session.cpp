#include "control/session.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "control/control_wire.hpp"

namespace leat {
namespace {

constexpr Duration kRemindEvery = std::chrono::seconds(5);

// Threads for the workers of one attempt.
class ThreadCrew final : public Crew {
 public:
  explicit ThreadCrew(std::unique_ptr<Process> process) : process_(std::move(process)) {}
  void go() override { process_->start(); }
  void checkpoint(std::uint64_t number, bool last) override {
    for (const auto& worker : process_->workers()) worker->checkpoint(number, last);
  }
  void commit(std::uint64_t number) override {
    for (const auto& worker : process_->workers()) worker->commit(number);
  }
  void release() override {
    for (const auto& worker : process_->workers()) worker->release();
  }

 private:
  std::unique_ptr<Process> process_;
};

std::uint64_t new_incarnation() {
  std::random_device random;
  const std::uint64_t number = (std::uint64_t{random()} << 32) | random();
  return number == 0 ? 1 : number;
}

}  // namespace

Session::Session(const Topology& topology, const Plan& plan, const RunOptions& options, const HostKeys* keys,
                 Process::Log log)
    : topology_(topology),
      plan_(plan),
      host_(options.host),
      from_(options.from),
      begin_at_(begin_of(options)),
      again_(options.again),
      crashes_(options.crashes),
      keys_(keys),
      log_(std::move(log)),
      metrics_(topology, plan, options.host),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  const auto found = std::ranges::find(plan.hosts, host_, &HostPlan::name);
  number_ = static_cast<std::uint32_t>(found - plan.hosts.begin());
}

Session::~Session() {
  abort();
  if (thread_.joinable()) thread_.join();
  control_.reset();  // its workers log and wake
  ::close(wake_fd_);
}

Status Session::start() {
  if (number_ == plan_.hosts.size()) {  // nothing is placed on this host
    ended_ = true;
    return {};
  }
  LEAT_TRY(open_folder());
  LEAT_TRY(open_mailbox());
  LEAT_TRY(make_coordinator());
  next_reminder_ = system_clock().steady() + kRemindEvery / 5;
  make_control();
  thread_ = std::thread([this] { run(); });
  return {};
}

Status Session::open_folder() {
  LEAT_TRY_ASSIGN(folder_,
                  CheckpointFolder::open(topology_.checkpoint.path, host_, topology_.checkpoint.keep));
  return {};
}

Status Session::open_mailbox() {
  const std::string& endpoint = plan_.hosts[number_].control;
  if (endpoint.empty()) return {};
  ::mkdir(topology_.run_dir.c_str(), 0700);
  if (keys_ != nullptr)
    LEAT_TRY(context_.encrypt(
        *keys_, [this](LogLevel level, const std::string& message) { log(level, {}, message); }));
  LEAT_TRY_ASSIGN(mailbox_, ZmqMailbox::open(context_, endpoint));
  return {};
}

Status Session::make_coordinator() {
  if (number_ != 0) return {};
  const bool anew = from_ != "latest" && !again_;
  auto loaded = folder_->load();
  if (!loaded && !(anew && loaded.error().code == Code::corrupt_state)) return Failure(loaded.error());
  std::optional<Manifest> manifest = loaded ? *std::move(loaded) : std::nullopt;
  LEAT_TRY_ASSIGN(const std::uint32_t epoch, anew ? folder_->load_epoch_or_new() : folder_->load_epoch());
  if (manifest && manifest->topology != topology_.name)
    return fail(
        Code::corrupt_state,
        fmt::format("the checkpoints here are those of topology `{}`; give `{}` a `checkpoint.path` of "
                    "its own",
                    manifest->topology, topology_.name),
        topology_.checkpoint.path);
  if (anew) {
    LEAT_TRY_ASSIGN(manifest, begin_elsewhere());
  }
  if (manifest && !manifest->over)
    log_(LogLevel::info, "", fmt::format("going on from checkpoint {}", manifest->checkpoint));
  Coordinator::Options options{.topology = topology_.name, .plan = plan_.fingerprint};
  for (const HostPlan& host : plan_.hosts) options.hosts.push_back(host.name);
  options.every = topology_.checkpoint.every;
  options.again = again_;
  coordinator_.emplace(std::move(options), *folder_, std::move(manifest), epoch, system_clock().steady());
  return {};
}

// Said on disk at once: a crash before the first new checkpoint must not lead back to the old one.
Result<std::optional<Manifest>> Session::begin_elsewhere() {
  if (!is_snapshot_name(from_)) {
    LEAT_TRY(folder_->forget());
    return std::optional<Manifest>();
  }
  LEAT_TRY_ASSIGN(Manifest kept, folder_->load_kept(from_));
  LEAT_TRY(folder_->save(kept));
  return std::optional(std::move(kept));
}

void Session::make_control() {
  control_ = std::make_unique<HostControl>(
      HostControl::Setup{.topology = &topology_,
                         .plan = &plan_,
                         .host = host_,
                         .number = number_,
                         .incarnation = new_incarnation(),
                         .store = folder_.get(),
                         .observer = this,
                         .wake = [this] { wake(); },
                         .make_crew =
                             [this](std::uint32_t epoch, RestoredStates restored, WorkerObserver& observer) {
                               return make_crew(epoch, std::move(restored), observer);
                             }},
      system_clock().steady());
}

Result<std::unique_ptr<Crew>> Session::make_crew(std::uint32_t epoch, RestoredStates restored,
                                                 WorkerObserver& observer) {
  metrics_.begin_attempt(topology_, plan_);
  auto process = std::make_unique<Process>(topology_, plan_, host_, metrics_, log_,
                                           Process::Attempt{.epoch = epoch,
                                                            .checkpoints = true,
                                                            .restored = std::move(restored),
                                                            .begin_at = begin_at_,
                                                            .crashes = crashes_,
                                                            .keys = keys_,
                                                            .observer = &observer});
  LEAT_TRY(process->prepare());
  return std::unique_ptr<Crew>(std::make_unique<ThreadCrew>(std::move(process)));
}

void Session::run() {
  bool stopping = false;
  while (!over()) {
    if (drain_wanted_ && !std::exchange(stopping, true)) control_->stop();
    receive();
    const Instant now = system_clock().steady();
    control_->run(now);
    if (coordinator_) run_snapshot();
    if (coordinator_) coordinator_->on_time(now);
    exchange();
    if (coordinator_) run_snapshot();
    say_what_is_missing(now);
    Instant next = control_->next_time();
    if (coordinator_)
      if (const auto at = coordinator_->next_time()) next = std::min(next, *at);
    if (!over()) wait(next);
  }
  exchange();
  if (!control_->gave_up().empty()) failed("", Error{Code::stopped, control_->gave_up(), {}});
  control_.reset();  // ends the workers, while the sockets still stand
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

bool Session::over() const {
  return abort_wanted_ || (control_->ended() && (!coordinator_ || coordinator_->done()));
}

void Session::receive() {
  std::string bytes;
  while (mailbox_ && mailbox_->receive(bytes)) {
    const Result<ControlMessage> message = decode_control(bytes, topology_.name);
    if (!message) {
      log_(LogLevel::warning, "", "control: " + message.error().text());
      continue;
    }
    if (message->kind < ControlKind::start) {
      if (coordinator_) coordinator_->on_message(*message, system_clock().steady());
    } else if (message->host == number_) {
      control_->on_message(*message);
    }
  }
}

// Between the two of this process at once, to others over their sockets.
void Session::exchange() {
  for (bool said = true; said;) {
    said = false;
    for (ControlMessage& message : control_->take_messages()) {
      said = true;
      if (coordinator_)
        coordinator_->on_message(message, system_clock().steady());
      else
        mailbox_->send(plan_.hosts[0].name, plan_.hosts[0].control, encode_control(message, topology_.name));
    }
    if (!coordinator_) continue;
    if (const auto reason = coordinator_->take_reason())
      log_(LogLevel::warning, "", fmt::format("back to the last checkpoint: {}", *reason));
    if (const auto shortage = coordinator_->take_shortage())
      log_(LogLevel::warning, "", fmt::format("waiting for the disk: {}", *shortage));
    for (ControlMessage& message : coordinator_->take_messages()) {
      said = true;
      if (message.host == number_)
        control_->on_message(message);
      else
        mailbox_->send(plan_.hosts[message.host].name, plan_.hosts[message.host].control,
                       encode_control(message, topology_.name));
    }
  }
}

// What `snapshot` asks of the coordinator, and its answer.
void Session::run_snapshot() {
  const std::lock_guard lock(mutex_);
  if (!snapshot_wanted_.empty()) coordinator_->snapshot(std::exchange(snapshot_wanted_, {}));
  if (auto made = coordinator_->take_snapshot()) {
    snapshot_made_ = std::move(made);
    changed_.notify_all();
  }
}

Result<std::uint64_t> Session::snapshot(const std::string& name, Duration timeout) {
  if (number_ != 0)
    return fail(Code::unknown_host,
                fmt::format("snapshots are made by host `{}`: `leat snapshot TOPOLOGY {} --host {}`",
                            plan_.hosts.front().name, name, plan_.hosts.front().name));
  std::unique_lock lock(mutex_);
  snapshot_wanted_ = name;
  snapshot_made_.reset();
  wake();
  if (!changed_.wait_for(lock, timeout, [this] { return ended_ || snapshot_made_; }))
    return fail(Code::unreachable, "no checkpoint was completed in time; see the log of `leat run`");
  if (snapshot_made_) return *std::exchange(snapshot_made_, std::nullopt);
  return fail(Code::stopped, "the topology has ended");
}

void Session::say_what_is_missing(Instant now) {
  if (!coordinator_ || coordinator_->phase() != Coordinator::Phase::gathering) {
    next_reminder_ = now + kRemindEvery / 5;
    return;
  }
  if (now < next_reminder_) return;
  next_reminder_ = now + kRemindEvery;
  for (const std::string& name : coordinator_->missing())
    log_(LogLevel::info, "",
         fmt::format("waiting for host {}; start it with `leat run ... --host {}`", name, name));
}

void Session::wait(Instant until) {
  const auto left = std::max(Duration(0), std::chrono::ceil<Duration>(until - system_clock().steady()));
  const timespec limit{left.count() / 1'000'000, left.count() % 1'000'000 * 1000};
  pollfd items[] = {{wake_fd_, POLLIN, 0}, {mailbox_ ? mailbox_->fd() : -1, POLLIN, 0}};
  ::ppoll(items, 2, &limit, nullptr);
  std::uint64_t count = 0;
  [[maybe_unused]] const auto ignored = ::read(wake_fd_, &count, sizeof count);
}

void Session::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto ignored = ::write(wake_fd_, &one, sizeof one);
}

bool Session::wait_for(Duration duration) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, duration, [this] { return ended_; });
}

void Session::drain() {
  drain_wanted_ = true;
  wake();
}

void Session::abort() {
  abort_wanted_ = true;
  wake();
}

void Session::failed(const std::string& actor, Error error) {
  const std::lock_guard lock(mutex_);
  if (error_) return;  // the first failure is the cause
  if (!actor.empty()) error.place = error.place.empty() ? actor : actor + ", " + error.place;
  error_ = std::move(error);
}

void Session::log(LogLevel level, const std::string& actor, std::string message) {
  const std::lock_guard lock(mutex_);
  log_(level, actor, message);
}

}  // namespace leat
