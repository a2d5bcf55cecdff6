#include "auth/stored_secret.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "auth/crypto.h"
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

std::shared_ptr<const StoredSecret> make_stand_in(const StoredSecret& like) {
  if (like.kind() == SecretKind::md5) {
    return std::make_shared<const StoredSecret>(fmt::format("md5{:02x}", fmt::join(random_bytes(16), "")));
  }
  if (like.kind() != SecretKind::scram) return nullptr;
  ScramVerifier verifier = *like.verifier();
  for (auto* part : {&verifier.salt, &verifier.stored_key, &verifier.server_key}) fill_random(*part);
  return std::make_shared<const StoredSecret>(format_scram_secret(verifier));
}

}  // namespace uvb
