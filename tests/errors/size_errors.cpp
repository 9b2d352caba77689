// What the user reads when `linnet size` cannot do its work: baselines that are none, networks that nobody adopted, missing tools,
// sources that do not build.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/tiny_network.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;
using testing::replace_in;
using testing::write_tiny;

Finished run_size_command(const TemporaryFolder& folder, std::vector<std::string> arguments,
                          const std::string& path = {}) {
  std::vector<std::string> all;
  if (!path.empty()) all = {"/usr/bin/env", "PATH=" + path};
  all.insert(all.end(), {LINNET_BINARY, "size"});
  append(all, arguments);
  return run_process({all, folder.path()});
}

}  // namespace

TEST_CASE("size: missing tools are named with their packages") {
  const TemporaryFolder folder;
  write_tiny(folder.path() / "tiny");
  const Finished run = run_size_command(folder, {"tiny"}, (folder.path() / "empty").string());
  CHECK(run.exit_code == 4);
  CHECK(run.output ==
        "E401 arm-none-eabi-g++ is needed to build the generated code for the Cortex-M7 and is not "
        "installed; apt-get install gcc-arm-none-eabi\n"
        "E401 arm-none-eabi-size is needed to measure the image's flash and is not installed; "
        "apt-get install binutils-arm-none-eabi\n"
        "E401 arm-none-eabi-objdump is needed to read the image's sections and is not installed; "
        "apt-get install binutils-arm-none-eabi\n"
        "E401 arm-none-eabi-nm is needed to find the network's public functions and is not "
        "installed; apt-get install binutils-arm-none-eabi\n");
}

TEST_CASE("size: a compiler without its libraries is said, with the package") {
  const TemporaryFolder folder;
  write_tiny(folder.path() / "tiny");
  const fs::path bin = folder.path() / "bin";
  fs::create_directories(bin);
  std::ofstream(bin / "arm-none-eabi-g++") << "#!/bin/sh\necho 'tiny.hpp:9:10: fatal error: "
                                              "cstddef: No such file or directory'\nexit 1\n";
  fs::permissions(bin / "arm-none-eabi-g++", fs::perms::owner_all);
  const Finished run = run_size_command(folder, {"tiny"}, bin.string() + ":/usr/bin:/bin");
  CHECK(run.exit_code == 4);
  CHECK_THAT(run.output, Catch::Contains("E401 arm-none-eabi-g++ has no C and C++ library"));
  CHECK_THAT(run.output, Catch::Contains("libstdc++-arm-none-eabi-newlib"));
}

TEST_CASE("size: baselines that are not there or not ours") {
  const TemporaryFolder folder;
  write_tiny(folder.path() / "tiny");
  const Finished none = run_size_command(folder, {"tiny", "--baseline", "size.json"});
  CHECK(none.exit_code == 1);
  CHECK(
      none.output ==
      "E508 there is no baseline 'size.json'; make it from what the networks take now: --update\n");
  std::ofstream(folder.path() / "size.json") << "{\"networks\": {}}";
  for (const char* update : {"--quiet", "--update"}) {  // neither is a broken one written over
    const Finished broken = run_size_command(folder, {"tiny", "--baseline", "size.json", update});
    CHECK(broken.exit_code == 1);
    CHECK(broken.output ==
          "E509 'size.json' is not a baseline of linnet size: 'linnet_size' is missing; take it "
          "from version control again, or remove it and use --update\n");
  }
  std::ofstream(folder.path() / "size.json") << "{\"linnet_size\": 7, \"networks\": {}}";
  const Finished newer = run_size_command(folder, {"tiny", "--baseline", "size.json"});
  CHECK(newer.exit_code == 1);
  CHECK(newer.output ==
        "E510 'size.json' has format 7, and this linnet reads format 1; use the linnet that wrote "
        "it, or a newer one\n");
  std::ofstream(folder.path() / "size.json") << "{\"linnet_size\": 1, \"networks\": {}}";
  const Finished unknown = run_size_command(folder, {"tiny", "--baseline", "size.json"});
  CHECK(unknown.exit_code == 1);
  CHECK_THAT(unknown.output, Catch::Contains("size.json: E514 the baseline has no 'tiny'; adopt "
                                             "what it takes now with --update\n"));
  const Finished as_json =
      run_size_command(folder, {"tiny", "--baseline", "nowhere.json", "--json"});
  CHECK_THAT(as_json.output, Catch::Contains("\"code\": \"E508\""));
  const Finished unwritable =
      run_size_command(folder, {"tiny", "--baseline", "tiny/tiny.cpp/size.json", "--update"});
  CHECK(unwritable.exit_code == 1);
  CHECK_THAT(unwritable.output, Catch::StartsWith("E501 cannot write to "));
}

TEST_CASE("size: networks that cannot be measured") {
  const TemporaryFolder folder;
  write_tiny(folder.path() / "tiny");
  write_tiny(folder.path() / "twin");
  const Finished twins = run_size_command(folder, {"tiny", "twin"});
  CHECK(twins.exit_code == 1);
  CHECK(twins.output ==
        "E511 'tiny' and 'twin' are both called 'tiny'; compile one of them with "
        "another --name and give its folder\n");
  const Finished nowhere = run_size_command(folder, {"tiny", "nowhere.onnx"});
  CHECK(nowhere.exit_code == 1);
  CHECK_THAT(nowhere.output, Catch::Contains("nowhere.onnx"));
  fs::create_directories(folder.path() / "empty");
  const Finished empty = run_size_command(folder, {"empty"});
  CHECK(empty.exit_code == 1);
  CHECK_THAT(empty.output, Catch::StartsWith("E503 there is no report.json in 'empty'"));
  const Finished project = run_size_command(folder, {});
  CHECK(project.exit_code == 2);
  CHECK(project.output ==
        ".: E521 there is no linnet.toml and no linnet.json; give a model, or a folder that "
        "`linnet compile -o` wrote\n");

  replace_in(folder.path() / "tiny/tiny.cpp", "namespace tiny {",
             "namespace tiny {\n#error mine\n");
  const Finished broken = run_size_command(folder, {"tiny"});
  CHECK(broken.exit_code == 1);
  CHECK_THAT(broken.output, Catch::Contains("E512 the sources in 'tiny' do not build: "));
  CHECK_THAT(broken.output, Catch::Contains("#error mine"));
  fs::remove(folder.path() / "tiny/tiny.cpp");
  CHECK_THAT(run_size_command(folder, {"tiny"}).output,
             Catch::StartsWith("E505 'tiny.cpp' is missing; compile the model again\n"));
  replace_in(folder.path() / "twin/tiny.cpp", "void run(const Arenas& arenas) noexcept {\n",
             "void run(const Arenas& arenas) noexcept {\n  static volatile int again = 0;\n"
             "  if (again != 0) run(arenas);\n  again = again + 1;\n");
  CHECK_THAT(run_size_command(folder, {"twin"}).output,
             Catch::StartsWith("E513 functions of 'tiny' call themselves: its stack has no bound"));
}

TEST_CASE("size: wrong usage") {
  const TemporaryFolder folder;
  CHECK(run_size_command(folder, {"x", "--tolerance", "some"}).exit_code == 2);
  CHECK_THAT(run_size_command(folder, {"x", "--tolerance", "some"}).output,
             Catch::Contains("'some' is no tolerance; give a part (1%, 0.5%) or bytes (256, 1K)"));
  CHECK(run_size_command(folder, {"x", "--update"}).exit_code == 2);
  CHECK(run_size_command(folder, {"x", "--format", "xml"}).exit_code == 2);
  const Finished swallowed = run_size_command(folder, {"--calibrate", "pictures", "x.onnx"});
  CHECK(swallowed.exit_code == 2);
  CHECK_THAT(swallowed.output, Catch::Contains("put it before --calibrate"));
  write_tiny(folder.path() / "tiny");
  CHECK_THAT(run_size_command(folder, {"tiny", "--target", "stm32h743"}).output,
             Catch::Contains("note: --target not used: it is for models, and none is given\n"));
  CHECK(run_size_command(folder, {"tiny", "--quiet"}).output.empty());
}
