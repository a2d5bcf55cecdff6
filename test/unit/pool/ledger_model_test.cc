#include <gtest/gtest.h>

#include "ledger_model.h"

namespace uvb {
namespace {

class LedgerUnderChance : public testing::TestWithParam<std::uint64_t> {};

TEST_P(LedgerUnderChance, KeepsEveryRule) {
  LedgerModel model(GetParam());
  for (int i = 0; i < 40000 && !HasFatalFailure(); ++i) model.step();
  ASSERT_FALSE(HasFatalFailure());
  model.calm_down();
  EXPECT_GT(model.served(), 1000U);
  EXPECT_GT(model.handed_over(), 200U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LedgerUnderChance, testing::Range<std::uint64_t>(1, 6));

}  // namespace
}  // namespace uvb
