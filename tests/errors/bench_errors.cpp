// What the user reads when `linnet bench` cannot do its work, or finds a kernel that is wrong.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "compiler/bench/bench.h"
#include "compiler/cli/commands.h"
#include "compiler/support/json.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;

Finished run_bench_command(const std::vector<std::string>& arguments,
                           const std::string& path = {}) {
  std::vector<std::string> all;
  if (!path.empty()) all = {"/usr/bin/env", "PATH=" + path};
  all.insert(all.end(), {LINNET_BINARY, "bench"});
  append(all, arguments);
  return run_process({all, {}});
}

}  // namespace

TEST_CASE("bench names every tool that is missing and its package") {
  const TemporaryFolder folder;
  const Finished run =
      run_bench_command({"kernels", "--filter", "gather"}, (folder.path() / "empty").string());
  CHECK(run.exit_code == 4);
  for (const char* said : {"E401 arm-none-eabi-g++ is needed ", "E401 qemu-system-arm is needed ",
                           "E401 arm-none-eabi-objdump is needed ", "E401 llvm-mca is needed ",
                           "apt-get install gcc-arm-none-eabi\n"})
    CHECK_THAT(run.output, Catch::Contains(said));
}

TEST_CASE("bench: wrong usage") {
  const Finished nothing = run_bench_command({"kernels", "--filter", "17x17"});
  CHECK(nothing.exit_code == 2);
  CHECK(nothing.output ==
        "E507 no kernel and no shape has '17x17' in its name; linnet bench kernels without "
        "--filter shows them all\n");
  CHECK(run_bench_command({}).exit_code == 2);
  CHECK(run_bench_command({"models"}).exit_code == 2);
  CHECK(run_bench_command({"kernels", "--optimization", "9"}).exit_code == 2);
  CHECK_THAT(run_bench_command({"kernels", "--help"}).output, Catch::Contains("Example:"));
}

TEST_CASE("bench: the filter looks in shapes and in kernels, and images are kept") {
  const TemporaryFolder folder;
  const fs::path kept = folder.path() / "kept";
  const Finished by_shape = run_bench_command(
      {"kernels", "--filter", "gather of columns", "--json", "--keep", kept.string()});
  CHECK(by_shape.exit_code == 0);
  const Result<Json> json = parse_json(by_shape.output);
  REQUIRE(json);
  REQUIRE(json->at("kernels").array().size() == 1);
  const Json& result = json->at("kernels").array().front();
  CHECK(result.at("kernel").text() == "gather_x8");
  CHECK(result.at("bit_exact").boolean());
  CHECK(result.at("instructions").integer() > 1000);
  CHECK(fs::file_size(kept / "bench_others.elf") > 10000);

  const Finished by_kernel = run_bench_command({"kernels", "--filter", "gather_x8"});
  CHECK(by_kernel.exit_code == 0);
  CHECK_THAT(by_kernel.output, Catch::Contains("gather of columns 24x24x32"));
  CHECK_THAT(by_kernel.output, !Catch::Contains("WRONG"));
}

TEST_CASE("bench: a kernel that gives other bytes is shown, and the exit code is 1") {
  CommandLine command;
  command.quiet = true;
  command.bench.filter = "hard swish 24x24x64";
  command.bench.alter = [](Files&) {};
  CHECK(run_bench(command) == 0);
  command.bench.alter = [](Files& files) {  // of the table: what code 0 becomes
    std::string& text = files.at("bench_others_weights.cpp");
    const std::size_t digit = text.find("0x", text.find('{')) + 17;
    REQUIRE(digit < text.size());
    text[digit] = text[digit] == '1' ? '2' : '1';
  };
  CHECK(run_bench(command) == 1);
  const Result<BenchReport> report = bench_kernels(command.bench);
  REQUIRE(report);
  CHECK_FALSE(report->bit_exact());
  REQUIRE(report->results.size() == 1);
  CHECK_THAT(report->results.front().difference,
             Catch::Contains(" of 36864 is ") && Catch::Contains(", expected "));
  CHECK_THAT(to_text(*report), Catch::Contains("WRONG"));
}
