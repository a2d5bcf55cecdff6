#include "stats/counters.h"

#include <algorithm>

namespace uvb {

Counters& Counters::operator+=(const Counters& other) noexcept {
  for (const auto member : kCounterMembers) this->*member += other.*member;
  return *this;
}

Counters growth(const Counters& base, const Counters& current) noexcept {
  const auto went_back = [&](auto member) { return current.*member < base.*member; };
  if (std::any_of(kCounterMembers.begin(), kCounterMembers.end(), went_back)) return current;
  Counters grown;
  for (const auto member : kCounterMembers) grown.*member = current.*member - base.*member;
  return grown;
}

}  // namespace uvb
