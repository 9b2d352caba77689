// SHA-256 against the vectors of FIPS 180-4, and in parts as at once.
#include "compiler/support/sha256.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

namespace linnet {
namespace {

std::string hash(std::string_view text) {
  Sha256 sha;
  sha.update(std::as_bytes(std::span(text)));
  return sha.hex();
}

TEST_CASE("sha256 gives the standard's digests") {
  CHECK(hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hash(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("sha256 of parts is that of the whole") {
  // Every length around the block's 64 bytes and the padding's 56, split in two.
  for (std::size_t length = 50; length < 70; ++length) {
    const std::string text(length, 'x');
    Sha256 sha;
    sha.update(std::as_bytes(std::span(text).first(length / 3)));
    sha.update(std::as_bytes(std::span(text).subspan(length / 3)));
    CHECK(sha.hex() == hash(text));
  }
}

}  // namespace
}  // namespace linnet
