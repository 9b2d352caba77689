// What the user reads when a package cannot be what --package asks for.
#include <catch2/catch.hpp>
#include <filesystem>

#include "compiler/support/zip.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/run_linnet.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;
using namespace linnet::testing;

const std::string kNetwork = std::string(LINNET_SOURCE_DIR) + "/models/phinet_96/phinet_96.onnx";

// `linnet compile` with these options: what it says, after which nothing is written.
std::string refusal(const std::string& options) {
  const TemporaryFolder scratch;
  const fs::path folder = scratch.path() / "out";
  const Run run = run_linnet("compile " + kNetwork + " -o " + folder.string() + " " + options);
  CHECK(run.exit_code == 2);
  CHECK(!fs::exists(folder));
  return run.output;
}

}  // namespace

TEST_CASE("packages that hold everything refuse an external runtime") {
  for (const std::string kind : {"cmsis-pack", "platformio", "arduino"}) {
    CHECK(refusal("--runtime external --package " + kind) ==
          kNetwork + ": E530 a package for " + kind +
              " holds all that it needs: --runtime external does not go with it; leave --runtime "
              "out, or take --package cmake, make, zephyr or esp-idf\n");
  }
}

TEST_CASE("an Arduino library has no binary weights") {
  CHECK(refusal("--weights-format incbin --package arduino") ==
        kNetwork +
            ": E531 Arduino's cores do not all give the assembler an include path, by which it "
            "finds the weights of --weights-format incbin; leave --weights-format out\n");
}

TEST_CASE("names that an ecosystem does not take are refused") {
  CHECK(refusal("--package cmsis-pack --name a_name_with_more_than_32_characters") ==
        kNetwork +
            ": E532 'a_name_with_more_than_32_characters' is longer than the 32 characters of a "
            "CMSIS-Pack component; give a shorter --name\n");
  CHECK(refusal("--package arduino --name arduino_net") ==
        kNetwork +
            ": E532 'arduino_net': names of Arduino libraries that begin so are Arduino's own; "
            "give another --name\n");
}

TEST_CASE("a package kind, vendor or page that is none is wrong usage") {
  CHECK(refusal("--package cargo")
            .find("unknown 'cargo'; cmake, cmsis-pack, platformio, arduino, "
                  "zephyr, esp-idf or make") != std::string::npos);
  CHECK(refusal("--package-vendor 'A & B'").find("--package-vendor") != std::string::npos);
  CHECK(refusal("--package-url 'javascript:x'").find("is not like https://example.org/page") !=
        std::string::npos);
}

TEST_CASE("an archive is that of the format's definition") {
  // "123456789" has the check value of CRC-32 that its definitions give: CBF43926.
  const std::string archive = zip_archive({{"a", "123456789"}});
  CHECK(archive.size() == 30 + 1 + 9 + 46 + 1 + 22);
  CHECK(archive.substr(0, 4) == "PK\x03\x04");
  CHECK(archive.substr(14, 4) == "\x26\x39\xf4\xcb");
  CHECK(archive == zip_archive({{"a", "123456789"}}));
}
