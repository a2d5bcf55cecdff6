#pragma once

#include <string>
#include <string_view>

#include "admin/console_reply.h"

namespace uvb {

/// A cell in PostgreSQL's binary format of its type, for clients that ask for it in Bind (pgx, asyncpg, psycopg with
/// binary=True). `text` is the text form as cells have it: decimal integers, `\x` and hex for bytea.
[[nodiscard]] std::string binary_value(ColumnType type, std::string_view text);

}  // namespace uvb
