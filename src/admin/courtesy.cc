#include "admin/courtesy.h"

#include <algorithm>
#include <array>
#include <string>

#include "admin/command_parser.h"
#include "config/text.h"

namespace uvb {
namespace {

constexpr std::array kFakeParameters = {
    FakeParameter{{"client_encoding"}, "UTF-8"},
    FakeParameter{{"default_transaction_isolation"}, "read committed"},
    FakeParameter{{"standard_conforming_strings"}, "on"},
    FakeParameter{{"datestyle"}, "ISO"},
    FakeParameter{{"timezone"}, "GMT"},
    // PgBouncer 1.25.2 refuses these two, which pgjdbc, psycopg and others set by themselves.
    FakeParameter{{"extra_float_digits"}, ""},
    FakeParameter{{"application_name"}, ""},
};

constexpr std::array<ConsoleColumn, 1> kPing = {{{"?column?", ColumnType::int4}}};
constexpr std::array<ConsoleColumn, 1> kUnlocked = {{{"pg_advisory_unlock_all"}}};
constexpr std::string_view kPoolOfAsyncpg = "asyncpg's pool, all in one text: when a connection is given back";

constexpr Courtesy kCourtesies[] = {
    {"begin", true, "BEGIN", "psycopg without autocommit, pgjdbc with autocommit off: before the first statement"},
    {"start transaction", true, "START TRANSACTION", "node-pg and ORM layers: in place of BEGIN"},
    {"commit", true, "COMMIT", "whoever began"},
    {"end", true, "COMMIT", "the same in PostgreSQL's older spelling"},
    {"rollback", true, "ROLLBACK", "psycopg, pgjdbc: when a connection is closed or goes back to the driver's pool"},
    {"abort", true, "ROLLBACK", "the same in PostgreSQL's older spelling"},
    {"deallocate", true, "DEALLOCATE", "pgx, psycopg: when their statement cache drops a statement"},
    {"discard all", false, "DISCARD ALL", "Npgsql, connection pools: when a connection is reused"},
    {"set session characteristics", true, "SET", "pgjdbc, psycopg: isolation level and read-only mode"},
    {"set transaction", true, "SET", "psycopg2: isolation level, with BEGIN"},
    {"select pg_advisory_unlock_all()", false, "SELECT 1", kPoolOfAsyncpg, kUnlocked, ""},
    {"close all", false, "CLOSE CURSOR ALL", kPoolOfAsyncpg},
    {"unlisten *", false, "UNLISTEN", kPoolOfAsyncpg},
    {"reset all", false, "RESET", kPoolOfAsyncpg},
    {"select 1", false, "SELECT 1", "connection pools: to test a connection", kPing, "1"},
};

// Lower case, blanks folded into one, no semicolon at the end.
std::string normalized(std::string_view text) {
  std::string words;
  for (const char c : text) {
    if (!is_space(c)) {
      words += to_lower(c);
    } else if (!words.empty() && words.back() != ' ') {
      words += ' ';
    }
  }
  while (!words.empty() && (words.back() == ' ' || words.back() == ';')) words.pop_back();
  return words;
}

bool is_form_of(std::string_view statement, const Courtesy& courtesy) {
  if (!statement.starts_with(courtesy.words)) return false;
  statement.remove_prefix(courtesy.words.size());
  return statement.empty() || (courtesy.tail && statement.front() == ' ');
}

const Courtesy* find_statement(std::string_view statement) {
  const auto found = std::ranges::find_if(
      kCourtesies, [statement](const Courtesy& courtesy) { return is_form_of(statement, courtesy); });
  return found == std::end(kCourtesies) ? nullptr : &*found;
}

/// What stands in front of the next semicolon; takes both off `rest`.
std::string_view take_statement(std::string_view& rest) {
  const std::string_view statement = rest.substr(0, rest.find(';'));
  rest.remove_prefix(std::min(statement.size() + 1, rest.size()));
  return statement;
}

// No courtesy is longer; keeps the cost of normalized() small for whatever a client sends.
constexpr std::size_t kLongest = 256;

}  // namespace

std::span<const FakeParameter> fake_parameters() { return kFakeParameters; }

const FakeParameter* find_fake_parameter(std::string_view name) {
  const auto found = std::find_if(kFakeParameters.begin(), kFakeParameters.end(),
                                  [name](const FakeParameter& row) { return same_word(name, row.column.name); });
  return found == kFakeParameters.end() ? nullptr : &*found;
}

std::span<const Courtesy> courtesies() { return kCourtesies; }

const Courtesy* find_courtesy(std::string_view text) {
  if (text.size() > kLongest) return nullptr;
  const std::string words = normalized(text);
  const Courtesy* last = nullptr;
  std::string_view rest = words;
  do {
    last = find_statement(trim_left(trim_right(take_statement(rest))));
  } while (last != nullptr && !rest.empty());
  return last;
}

ConsoleReply courtesy_reply(const Courtesy& courtesy) {
  ConsoleReply reply = tag_reply(std::string(courtesy.tag));
  if (courtesy.columns.empty()) return reply;
  reply.columns.assign(courtesy.columns.begin(), courtesy.columns.end());
  reply.rows.push_back({std::string(courtesy.value)});
  return reply;
}

ConsoleReply show_fake_parameter(const FakeParameter& parameter) {
  ConsoleReply reply = tag_reply("SHOW");
  reply.columns = {parameter.column};
  reply.rows.push_back({std::string(parameter.value)});
  return reply;
}

}  // namespace uvb
