#include "engine/crash_page.hpp"

#include <sys/mman.h>

#include <cstring>
#include <leat/codec.hpp>
#include <new>

#include "base/hash.hpp"

namespace leat {
namespace {

constexpr int kFatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr std::size_t kStackBytes = 64 * 1024;

thread_local CallSite t_call_site;
std::atomic<CrashPage*> g_page{nullptr};  // a signal handler has no other way to its data
struct sigaction g_before[std::size(kFatal)];

void note(int signal) {
  CrashPage* page = g_page.load(std::memory_order_relaxed);
  int none = 0;
  if (page == nullptr || !page->signal.compare_exchange_strong(none, signal)) return;
  const CallSite& site = t_call_site;
  page->in_actor = site.actor != nullptr;
  page->has_row = site.has_row;
  page->row = site.row;
  for (std::size_t at = 0; site.actor != nullptr && at + 1 < CrashPage::kNameMax && site.actor[at] != '\0';
       ++at)
    page->actor[at] = site.actor[at];
}

// Async-signal-safe. What would have happened without us happens when this returns.
void on_fatal(int signal) {
  note(signal);
  for (std::size_t at = 0; at < std::size(kFatal); ++at)
    if (kFatal[at] == signal) ::sigaction(signal, &g_before[at], nullptr);
  ::raise(signal);
}

}  // namespace

CallSite& call_site() {
  return t_call_site;
}

CrashPage* make_crash_page() {
  void* memory =
      ::mmap(nullptr, sizeof(CrashPage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : new (memory) CrashPage;
}

void watch_crashes(CrashPage* page) {
  g_page = page;
  for (std::size_t at = 0; at < std::size(kFatal); ++at) {
    struct sigaction action {};
    action.sa_handler = on_fatal;
    action.sa_flags = SA_ONSTACK;
    ::sigaction(kFatal[at], &action, &g_before[at]);
  }
}

StackGuard::StackGuard() : memory_(std::make_unique<std::byte[]>(kStackBytes)) {
  const stack_t stack{.ss_sp = memory_.get(), .ss_flags = 0, .ss_size = kStackBytes};
  ::sigaltstack(&stack, &before_);
}

StackGuard::~StackGuard() {
  ::sigaltstack(&before_, nullptr);
}

std::uint64_t row_identity(const Batch& batch, std::uint32_t row) {
  return hash_of(std::string_view(to_msgpack(batch, row)));
}

}  // namespace leat
