#include "link/credit.hpp"

#include <gtest/gtest.h>

namespace leat {
namespace {

TEST(CreditBalance, sends_nothing_before_the_first_grant) {
  EXPECT_FALSE(CreditBalance().may_send());
}

TEST(CreditBalance, one_batch_may_overshoot_but_not_two) {
  CreditBalance balance;
  balance.grant(100, 1000);
  EXPECT_TRUE(balance.may_send());
  balance.spend(5000, 10);
  EXPECT_FALSE(balance.may_send());
  EXPECT_EQ(balance.rows_left(), 0u);
}

TEST(CreditBalance, rows_and_bytes_each_stop_it) {
  CreditBalance rows, bytes;
  rows.grant(10, 1000);
  rows.spend(10, 1);
  EXPECT_FALSE(rows.may_send());
  bytes.grant(10, 1000);
  bytes.spend(1, 1000);
  EXPECT_FALSE(bytes.may_send());
}

TEST(CreditBalance, a_repeated_or_older_grant_does_no_harm) {
  CreditBalance balance;
  balance.grant(100, 1000);
  balance.spend(60, 10);
  balance.grant(100, 1000);
  balance.grant(50, 500);
  EXPECT_EQ(balance.rows_left(), 40u);
}

TEST(CreditGrants, grants_a_quarter_of_the_window_at_a_time) {
  CreditGrants grants({100, 1 << 20});
  grants.processed(24, 10);
  EXPECT_FALSE(grants.due());
  grants.processed(1, 10);
  EXPECT_TRUE(grants.due());
  EXPECT_EQ(grants.rows_limit(), 125u);
  grants.granted();
  EXPECT_FALSE(grants.due());
}

}  // namespace
}  // namespace leat
