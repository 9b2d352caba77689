// What the user reads when `linnet profile` cannot do its work: missing tools, folders that are not as Linnet wrote them.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "compiler/profile/profile.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/tiny_network.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;
using testing::replace_in;

Finished run_profile_command(std::vector<std::string> arguments, const std::string& path = {}) {
  std::vector<std::string> all;
  if (!path.empty()) all = {"/usr/bin/env", "PATH=" + path};
  all.insert(all.end(), {LINNET_BINARY, "profile"});
  append(all, arguments);
  return run_process({all, {}});
}

fs::path write_tiny(const TemporaryFolder& folder) {
  testing::write_tiny(folder.path() / "tiny");
  return folder.path() / "tiny";
}

}  // namespace

TEST_CASE("profile names every tool that is missing and its package") {
  const TemporaryFolder folder;
  const Finished run =
      run_profile_command({write_tiny(folder).string()}, (folder.path() / "empty").string());
  CHECK(run.exit_code == 4);
  for (const char* said :
       {"E401 arm-none-eabi-g++ is needed to build the generated code for the Cortex-M7 and is not "
        "installed; apt-get install gcc-arm-none-eabi\n",
        "E401 qemu-system-arm is needed to emulate the Cortex-M7 and is not installed; apt-get "
        "install qemu-system-arm\n",
        "E401 arm-none-eabi-objdump is needed to read the image's instructions and is not "
        "installed; apt-get install binutils-arm-none-eabi\n",
        "E401 llvm-mca is needed to model the Cortex-M7's cycles and is not installed; apt-get "
        "install llvm\n"})
    CHECK_THAT(run.output, Catch::Contains(said));
}

TEST_CASE("profile with an emulator that takes no plugins says so") {
  const TemporaryFolder folder;
  const fs::path bin = folder.path() / "bin";
  fs::create_directories(bin);
  std::ofstream(bin / "qemu-system-arm")
      << "#!/bin/sh\necho 'qemu-system-arm: -plugin: invalid option' >&2\nexit 1\n";
  fs::permissions(bin / "qemu-system-arm", fs::perms::owner_all);
  const Finished run =
      run_profile_command({write_tiny(folder).string()}, bin.string() + ":/usr/bin:/bin");
  CHECK(run.exit_code == 4);
  CHECK_THAT(run.output, Catch::Contains("E402 the emulator does not take Linnet's plugin: "));
  CHECK_THAT(run.output, Catch::Contains("-plugin: invalid option"));
}

TEST_CASE("profile of a folder that is not as linnet compile wrote it") {
  const TemporaryFolder folder;
  const Finished no_report = run_profile_command({folder.path().string()});
  CHECK(no_report.exit_code == 1);
  CHECK_THAT(no_report.output, Catch::Contains("E503 there is no report.json in '"));

  const fs::path generated = write_tiny(folder);
  replace_in(generated / "tiny_test_vector.cpp", " input_0[", " output_9[");
  const Finished vector = run_profile_command({generated.string()});
  CHECK(vector.exit_code == 1);
  CHECK_THAT(vector.output, Catch::Contains("E505 the test vector has no 'input_0' of 32 bytes; "
                                            "compile the model again\n"));

  fs::remove(generated / "tiny.cpp");
  const Finished missing = run_profile_command({generated.string()});
  CHECK(missing.exit_code == 1);
  CHECK_THAT(missing.output,
             Catch::Contains("E505 'tiny.cpp' is missing; compile the model again\n"));
}

TEST_CASE("profile of code that gives another output than its test vector is refused") {
  const TemporaryFolder folder;
  const fs::path generated = write_tiny(folder);
  // The last digit of the first word.
  std::ifstream in(generated / "tiny_test_vector.cpp", std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  const std::size_t digit = text.find("0x", text.find(" output_0[")) + 17;
  REQUIRE(digit < text.size());
  text[digit] = text[digit] == '1' ? '2' : '1';
  std::ofstream(generated / "tiny_test_vector.cpp", std::ios::binary) << text;
  const Finished run = run_profile_command({generated.string(), "--json"});
  CHECK(run.exit_code == 70);
  CHECK_THAT(run.output, Catch::Contains("E915 output 0 of the profiled code is not the test "
                                         "vector's; "));
}

TEST_CASE("profile: code that does not build is shown with the compiler's words") {
  const TemporaryFolder folder;
  const fs::path generated = write_tiny(folder);
  replace_in(generated / "tiny.cpp", "namespace tiny {", "namespace tiny {\n#error mine\n");
  const Finished run = run_profile_command({generated.string()});
  CHECK(run.exit_code == 70);
  CHECK_THAT(run.output, Catch::Contains("E910 "));
  CHECK_THAT(run.output, Catch::Contains("#error mine"));
}

TEST_CASE("profile: wrong usage") {
  const TemporaryFolder folder;
  CHECK(run_profile_command({}).exit_code == 2);
  CHECK(run_profile_command({"x.onnx", "--board", "moon"}).exit_code == 2);
  CHECK(run_profile_command({"/nowhere/x.onnx"}).exit_code == 1);
  CHECK_THAT(run_profile_command({"--help"}).output, Catch::Contains("Example:"));
  const fs::path generated = write_tiny(folder);
  std::ofstream(folder.path() / "file") << "taken";
  const Finished keep =
      run_profile_command({generated.string(), "--keep", (folder.path() / "file").string()});
  CHECK(keep.exit_code == 1);
  CHECK_THAT(keep.output, Catch::Contains("E501 cannot write to '"));
  const Finished quiet = run_profile_command({generated.string(), "--quiet"});
  CHECK(quiet.exit_code == 0);
  CHECK(quiet.output.empty());
}
