#pragma once

namespace uvb {

/// The highest SCRAM iteration count worked off for anybody, whoever names it: a setting, a stored secret, a server.
/// That many keep a thread busy for seconds, while PostgreSQL's default is 4096.
inline constexpr int kMostScramIterations = 10'000'000;

}  // namespace uvb
