#include "auth/stored_secret.h"

#include "auth/md5.h"
#include "auth/scram.h"

namespace uvb {

StoredSecret::StoredSecret(std::string_view text) : text_(text), kind_(SecretKind::plain) {
  if (text.empty()) {
    kind_ = SecretKind::none;
  } else if (is_md5_hash(text)) {
    kind_ = SecretKind::md5;
  } else if (auto parsed = parse_scram_secret(text)) {
    kind_ = SecretKind::scram;
    remember_verifier(std::make_shared<const ScramVerifier>(std::move(*parsed)));
  }
}

std::shared_ptr<const ScramVerifier> StoredSecret::verifier() const {
  return verifier_.with([](const auto& verifier) { return verifier; });
}

void StoredSecret::remember_verifier(std::shared_ptr<const ScramVerifier> verifier) const {
  verifier_.with([&](auto& kept) { kept = std::move(verifier); });
}

}  // namespace uvb
