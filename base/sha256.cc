// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/sha256.h"

#include "base/fd.h"
#include "base/io.h"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <vector>

namespace kdump {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    good_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  }

  void add(std::span<const std::byte> bytes) {
    good_ = good_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
  }

  Result<std::string> finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (!good_ || EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1) {
      return make_error(ErrorKind::kSystem, "the cryptographic library has no SHA-256");
    }
    std::string text;
    for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
  bool good_ = false;
};

}  // namespace

Result<std::string> sha256_of(std::span<const std::byte> content) {
  Sha256 hash;
  hash.add(content);
  return hash.finish();
}

Result<std::string> sha256_of_file(const std::string& path) {
  const Fd fd = TRY(Fd::open(path, O_RDONLY));
  Sha256 hash;
  std::vector<std::byte> buffer(std::size_t{256} << 10U);
  while (true) {
    const std::size_t got = TRY(read_some(fd.raw(), buffer));
    if (got == 0) return hash.finish();
    hash.add(std::span(buffer).first(got));
  }
}

}  // namespace kdump
