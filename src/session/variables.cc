#include "session/variables.h"

#include <algorithm>
#include <functional>

namespace uvb {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

void append_doubling(std::string& sql, std::string_view value, std::string_view doubled) {
  for (const char c : value) {
    if (doubled.find(c) != std::string_view::npos) sql.push_back(c);
    sql.push_back(c);
  }
}

void append_value(std::string& sql, std::string_view name, std::string_view value) {
  // search_path is a list of quoted names already; as one literal it would become one name.
  if (same_ignoring_case(name, "search_path")) {
    sql.append(value == "\"\"" || value.empty() ? "''" : value);
    return;
  }
  const bool escapes = value.find('\\') != std::string_view::npos;
  if (escapes) sql.push_back('E');
  sql.push_back('\'');
  append_doubling(sql, value, escapes ? "'\\" : "'");
  sql.push_back('\'');
}

}  // namespace

bool same_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() &&
         std::equal(left.begin(), left.end(), right.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

VariableTable::VariableTable(const std::vector<std::string>& extra)
    : names_{"DateStyle", "client_encoding", "TimeZone", "standard_conforming_strings", "application_name"} {
  for (const std::string& name : extra) {
    if (!find(name)) names_.push_back(name);
  }
}

std::optional<std::size_t> VariableTable::find(std::string_view name) const noexcept {
  for (std::size_t index = 0; index < names_.size(); ++index) {
    if (same_ignoring_case(names_[index], name)) return index;
  }
  return std::nullopt;
}

const VariableValues::Value& VariableValues::get(std::size_t index) const noexcept {
  static const Value unknown;
  return values_ && index < values_->size() ? (*values_)[index] : unknown;
}

void VariableValues::set(std::size_t index, Value value) {
  auto changed = values_ ? std::make_shared<Values>(*values_) : std::make_shared<Values>();
  if (index >= changed->size()) changed->resize(index + 1);
  (*changed)[index] = std::move(value);
  values_ = std::move(changed);
}

void VariableValues::fill_from(const VariableValues& known) {
  VariableValues filled = known;
  for (std::size_t index = 0; values_ && index < values_->size(); ++index) {
    const Value& mine = (*values_)[index];
    const std::string* theirs = known.text(index);
    if (mine && (theirs == nullptr || *theirs != *mine)) filled.set(index, mine);
  }
  values_ = std::move(filled.values_);
}

void VariableValues::adopt(const VariableValues& known) {
  VariableValues filled = known;
  for (std::size_t index = 0; values_ && index < values_->size(); ++index) {
    const Value& mine = (*values_)[index];
    if (mine && known.text(index) == nullptr) filled.set(index, mine);
  }
  values_ = std::move(filled.values_);
}

void VariableValues::share_if_equal(VariableValues& other) {
  if (shares(other) || !values_ || !other.values_ || values_->size() != other.values_->size()) return;
  const bool equal = std::equal(values_->begin(), values_->end(), other.values_->begin(),
                                [](const Value& a, const Value& b) { return a == b || (a && b && *a == *b); });
  if (!equal) return;
  // Always the same one of two: so many equal ones that meet pairwise soon are one.
  if (std::less<>{}(values_.get(), other.values_.get())) {
    other.values_ = values_;
  } else {
    values_ = other.values_;
  }
}

bool append_differences(const VariableTable& table, const VariableValues& client, const VariableValues& server,
                        std::string& sql) {
  if (client.shares(server)) return false;
  bool any = false;
  for (std::size_t index = 0; index < table.size(); ++index) {
    const std::string* wanted = client.text(index);
    const std::string* there = server.text(index);
    if (wanted == nullptr || there == nullptr || *wanted == *there || same_ignoring_case(*wanted, *there)) continue;
    sql.append("SET ").append(table.name(index)).push_back('=');
    append_value(sql, table.name(index), *wanted);
    sql.push_back(';');
    any = true;
  }
  return any;
}

}  // namespace uvb
