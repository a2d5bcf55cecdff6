#pragma once

#include <string_view>

/// SQLSTATEs that several rooms use (PostgreSQL, "PostgreSQL Error Codes").
namespace uvb {

/// SQLSTATE of nearly all errors the pooler makes itself (behaviour.md, conventions): protocol violation.
inline constexpr std::string_view kProtocolViolation = "08P01";
/// What was asked for is right, but not to be had here.
inline constexpr std::string_view kFeatureNotSupported = "0A000";
/// The server is starting up or shutting down.
inline constexpr std::string_view kCannotConnectNow = "57P03";

}  // namespace uvb
