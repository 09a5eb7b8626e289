#include "engine/crash_page.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace leat {
namespace {

stack_t signal_stack() {
  stack_t stack{};
  EXPECT_EQ(::sigaltstack(nullptr, &stack), 0);
  return stack;
}

TEST(StackGuard, leaves_a_thread_the_signal_stack_that_it_had) {
  std::thread([] {
    const stack_t before = signal_stack();
    {
      const StackGuard guard;
      EXPECT_NE(signal_stack().ss_sp, before.ss_sp);
      EXPECT_EQ(signal_stack().ss_flags & SS_DISABLE, 0);
    }
    EXPECT_EQ(signal_stack().ss_sp, before.ss_sp);
    EXPECT_EQ(signal_stack().ss_flags, before.ss_flags);
  }).join();
}

}  // namespace
}  // namespace leat
