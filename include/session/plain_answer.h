#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "session/outstanding.h"

namespace uvb {

/// Longer answers are not looked through: their end is seldom in the same read as their beginning.
inline constexpr std::size_t kLongestPlainAnswer = 4096;

/// Most answers come whole, are all that the server owes, and need nobody's attention: no error, no notice, no COPY, no
/// parameter, nothing that prepares or deallocates statements the pooler keeps. Then `bytes` can be passed on as they
/// are and everything in `outstanding` is answered; what comes back is the transaction status of the ReadyForQuery at
/// their end. Else nullopt, and each message is to be dealt with by itself. Says nothing of QuestDB's answers, which
/// differ. Changes nothing.
std::optional<char> plain_answer(ByteView bytes, const Outstanding& outstanding,
                                 std::uint32_t max_packet_size) noexcept;

}  // namespace uvb
