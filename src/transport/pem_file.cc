#include "transport/pem_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/buffer.h"

namespace uvb {

namespace {

constexpr std::size_t kLargestFile = std::size_t{16} << 20;
constexpr std::size_t kReadStep = 16384;

class File {
 public:
  explicit File(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

std::string user_name(uid_t uid) {
  std::array<char, 4096> memory{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, memory.data(), memory.size(), &found) != 0 || found == nullptr)
    return fmt::format("{}", uid);
  return found->pw_name;
}

/// errno, or 0 when the file was read to its end.
int read_all(int descriptor, Buffer& content) {
  while (content.size() <= kLargestFile) {
    const ByteSpan room = content.prepare(kReadStep);
    const ssize_t count = ::read(descriptor, room.data(), kReadStep);
    if (count == 0) return 0;
    if (count > 0) content.commit(static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) return errno;
  }
  return EFBIG;
}

OpenSslPtr<BIO> open_memory(const Secret& content) {
  return OpenSslPtr<BIO>(BIO_new_mem_buf(content.view().data(), static_cast<int>(content.view().size())));
}

extern "C" int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

OpenSslPtr<X509> next_certificate(BIO* file) {
  bool asked = false;
  return OpenSslPtr<X509>(PEM_read_bio_X509(file, nullptr, refuse_passphrase, &asked));
}

/// PEM ends by failing to find another start line; anything else is damage.
bool ended_well() {
  const unsigned long code = ERR_peek_last_error();
  return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

}  // namespace

std::string with_owner_and_mode(const std::string& path, const std::string& reason) {
  const std::string us = user_name(::geteuid());
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0) return fmt::format("{} (running as {})", reason, us);
  return fmt::format("{} (owner {}, mode {:04o}; running as {})", reason, user_name(facts.st_uid),
                     facts.st_mode & 07777U, us);
}

Result<Secret> read_pem_file(const std::string& path) {
  const File file(path);
  int error = file.get() < 0 ? errno : 0;
  Buffer content;
  if (error == 0) error = read_all(file.get(), content);
  Secret result(as_text(content.view()));
  content.wipe();
  if (error != 0) return Error{with_owner_and_mode(path, std::strerror(error))};
  return result;
}

Result<std::vector<OpenSslPtr<X509>>> load_certificates(const std::string& path) {
  const Result<Secret> content = read_pem_file(path);
  if (!content) return content.error();
  ERR_clear_error();
  const OpenSslPtr<BIO> file = open_memory(content.value());
  std::vector<OpenSslPtr<X509>> certificates;
  while (OpenSslPtr<X509> certificate = next_certificate(file.get())) certificates.push_back(std::move(certificate));
  if (!ended_well()) return Error{with_owner_and_mode(path, openssl_reason())};
  ERR_clear_error();
  if (certificates.empty()) return Error{with_owner_and_mode(path, "there is no PEM certificate in it")};
  return certificates;
}

Result<CertificateChain> load_certificate_chain(const std::string& path) {
  Result<std::vector<OpenSslPtr<X509>>> certificates = load_certificates(path);
  if (!certificates) return certificates.error();
  CertificateChain chain{std::move(certificates->front()), OpenSslPtr<STACK_OF(X509)>(sk_X509_new_null())};
  for (std::size_t i = 1; i < certificates->size(); ++i) {
    sk_X509_push(chain.issuers.get(), (*certificates)[i].release());
  }
  return chain;
}

Result<OpenSslPtr<EVP_PKEY>> load_private_key(const std::string& path) {
  const Result<Secret> content = read_pem_file(path);
  if (!content) return content.error();
  // OpenSSL's own answer to a file without a key is "unsupported".
  if (content->view().find("PRIVATE KEY-----") == std::string_view::npos)
    return Error{with_owner_and_mode(path, "there is no PEM private key in it")};
  ERR_clear_error();
  const OpenSslPtr<BIO> file = open_memory(content.value());
  bool passphrase_asked = false;
  OpenSslPtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(file.get(), nullptr, refuse_passphrase, &passphrase_asked));
  if (key == nullptr && passphrase_asked) {
    ERR_clear_error();
    return Error{
        with_owner_and_mode(path, "the key is encrypted and there is no passphrase setting; store it unencrypted")};
  }
  if (key == nullptr) return Error{with_owner_and_mode(path, openssl_reason())};
  return key;
}

}  // namespace uvb
