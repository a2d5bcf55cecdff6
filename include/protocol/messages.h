#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "protocol/auth_code.h"

/// Views over message bodies (without type and length), as long-lived as the bytes handed in. Every function checks
/// its bounds and answers nullopt for a body that does not follow the protocol (PostgreSQL protocol, "Message
/// Formats"); no length field is trusted.
namespace uvb {

// --- from clients ---

struct ParseView {
  std::string_view name;
  std::string_view query;
  ByteView types;  ///< parameter-type count and OIDs exactly as sent
};
std::optional<ParseView> read_parse(ByteView body) noexcept;

enum class PrefixStatus : std::uint8_t {
  ok,
  incomplete,  ///< more of the body must arrive first
  bad,         ///< the body ends inside a name
};

/// The front of a Bind; what follows is streamed.
struct BindPrefix {
  std::string_view portal;
  std::string_view statement;
  std::size_t rest = 0;  ///< where in the body the parameter formats begin
};

/// `at_hand` is the front of a body of `body_size` bytes. `prefix` is only written for ok.
PrefixStatus read_bind_prefix(ByteView at_hand, std::size_t body_size, BindPrefix& prefix) noexcept;

/// What a Describe or a Close is about.
struct TargetView {
  char kind = 'S';  ///< 'S' statement, 'P' portal; nothing else gets through
  std::string_view name;
};
using DescribeView = TargetView;
using CloseView = TargetView;
std::optional<DescribeView> read_describe(ByteView body) noexcept;
std::optional<CloseView> read_close(ByteView body) noexcept;

/// Text of a Query: up to the first zero byte, which must exist.
std::optional<std::string_view> read_query(ByteView body) noexcept;

/// Text of a PasswordMessage: up to a zero byte that ends the body.
std::optional<std::string_view> read_password(ByteView body) noexcept;

struct SaslInitialView {
  std::string_view mechanism;
  std::optional<std::string_view> data;  ///< nullopt: the client left the initial response out
};
std::optional<SaslInitialView> read_sasl_initial(ByteView body) noexcept;

// --- from servers ---

/// Fields of an ErrorResponse or NoticeResponse in any order, any of them missing (QuestDB sends C M S P; questdb.md
/// 8).
class ErrorFields {
 public:
  /// nullopt when a field is not zero-terminated. A missing end mark is forgiven.
  static std::optional<ErrorFields> read(ByteView body) noexcept;

  /// Text of the first field with this letter; nullopt if there is none.
  [[nodiscard]] std::optional<std::string_view> find(char letter) const noexcept;
  /// Not localized (V) if sent, else S, else empty.
  [[nodiscard]] std::string_view severity() const noexcept;
  [[nodiscard]] std::string_view code() const noexcept { return find('C').value_or(std::string_view{}); }
  [[nodiscard]] std::string_view message() const noexcept { return find('M').value_or(std::string_view{}); }

 private:
  explicit ErrorFields(ByteView fields) noexcept : fields_(fields) {}
  ByteView fields_;
};

struct ParameterStatusView {
  std::string_view name;
  std::string_view value;
};
std::optional<ParameterStatusView> read_parameter_status(ByteView body) noexcept;

/// Tag of a CommandComplete; may be empty (QuestDB, named empty statement).
std::optional<std::string_view> read_command_tag(ByteView body) noexcept;
/// A CommandComplete of what deallocated all prepared statements (behaviour.md 4.2, 5.2).
bool clears_statements(ByteView body) noexcept;

/// Process id and secret of BackendKeyData together: 8 bytes, with protocol 3.2 up to 260.
std::optional<ByteView> read_backend_key(ByteView body) noexcept;

/// Status byte of ReadyForQuery: 'I', 'T' or 'E'.
std::optional<char> read_ready_status(ByteView body) noexcept;

/// Number of columns a RowDescription announces.
std::optional<std::uint16_t> read_column_count(ByteView body) noexcept;

/// Values of a DataRow; nullopt inside is NULL.
using RowValues = std::vector<std::optional<std::string_view>>;
std::optional<RowValues> read_data_row(ByteView body);

/// An authentication request, body of an 'R' message.
struct AuthRequestView {
  AuthCode code = AuthCode::ok;  ///< or a number that is none of these
  ByteView data;                 ///< what follows the code
};
std::optional<AuthRequestView> read_auth_request(ByteView body) noexcept;

/// Mechanism names of AuthenticationSASL.
std::optional<std::vector<std::string_view>> read_sasl_mechanisms(ByteView data);

}  // namespace uvb
