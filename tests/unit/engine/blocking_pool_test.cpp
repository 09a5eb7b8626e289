#include "engine/blocking_pool.hpp"

#include <gtest/gtest.h>

#include <latch>

namespace leat {
namespace {

TEST(BlockingPool, runs_as_many_jobs_at_once_as_it_has_threads) {
  BlockingPool pool(3);
  std::latch all_running(3);
  std::latch done(3);
  for (int job = 0; job < 3; ++job)
    pool.submit([&] {
      all_running.arrive_and_wait();  // hangs unless all three run at the same time
      done.count_down();
    });
  done.wait();
}

TEST(BlockingPool, more_jobs_than_threads_all_run) {
  std::latch done(50);
  BlockingPool pool(2);
  for (int job = 0; job < 50; ++job) pool.submit([&] { done.count_down(); });
  done.wait();
}

TEST(BlockingPool, ends_without_ever_having_had_work) {
  BlockingPool pool(4);
}

}  // namespace
}  // namespace leat
