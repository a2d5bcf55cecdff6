#pragma once

namespace uvb {

/// OpenSSL gives a connection's record buffers back whenever they are empty, so that idle connections stay small, and
/// takes them again for the next record. From now on each thread keeps a few of them at hand: for memory of that size
/// the C library has to search. Call it before anything else of OpenSSL is called; false: too late, nothing was
/// changed.
bool keep_record_memory() noexcept;

}  // namespace uvb
