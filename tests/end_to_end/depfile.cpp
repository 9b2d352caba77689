// --depfile names everything that a compilation read, as make reads it.
#include <catch2/catch.hpp>
#include <fstream>

#include "compiler/project/depfile.h"
#include "compiler/support/read_text.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/model_files.h"

using namespace linnet;
namespace fs = std::filesystem;

TEST_CASE("a depfile names the model, each file of calibration data, their folder, and the tool") {
  const TemporaryFolder folder;
  fs::copy(testing::models_folder() / "phinet_96/phinet_96.onnx", folder.path() / "m y.onnx");
  fs::create_directory(folder.path() / "data");
  for (const char* name : {"coffee_cup.png", "astronaut_arm.png"}) {
    const fs::path from = testing::models_folder() / "images/calibration" / name;
    if (fs::exists(from)) fs::copy(from, folder.path() / "data" / name);
  }
  const Process compile{{LINNET_BINARY, "compile", "m y.onnx", "--calibrate", "data", "--resize",
                         "-o", "out", "--depfile", "out.d", "--quiet"},
                        folder.path()};
  const Finished made = run_process(compile);
  INFO(made.output);
  REQUIRE(made.succeeded());
  const std::string text = read_text(folder.path() / "out.d");
  CHECK(text.starts_with("out/report.json: \\\n"));
  CHECK(text.find("  m\\ y.onnx \\\n") != std::string::npos);
  CHECK(text.find("  data \\\n") != std::string::npos);
  CHECK(text.find("  data/coffee_cup.png \\\n") != std::string::npos);
  CHECK(text.find(std::string("  ") + LINNET_BINARY + "\n") != std::string::npos);

  // What make makes of it: nothing to do, then everything when a picture changes, and no error when one is gone.
  std::ofstream(folder.path() / "Makefile") << "out/report.json: ; @echo again\ninclude out.d\n";
  const auto make = [&] { return run_process({{"make", "-s"}, folder.path()}).output; };
  CHECK(make().empty());
  fs::last_write_time(folder.path() / "data/coffee_cup.png", fs::file_time_type::clock::now());
  CHECK(make() == "again\n");
  CHECK(run_process(compile)
            .succeeded());  // the same bytes, and yet newer than what they were made of
  CHECK(make().empty());
  fs::remove(folder.path() / "data/coffee_cup.png");
  CHECK(make() == "again\n");
}

TEST_CASE("a depfile gives names back as they are") {
  const std::vector<fs::path> names{"a b.onnx", "a\\b.onnx", "a\\ b.onnx", "$(x) #1.onnx",
                                    "ends\\\\"};
  CHECK(read_depfile(depfile_text("out/report.json", names)) == names);

  const TemporaryFolder folder;  // make understands the same
  for (const fs::path& name : names) std::ofstream(folder.path() / name) << "x";
  std::ofstream(folder.path() / "out.d") << depfile_text("made", names);
  std::ofstream(folder.path() / "Makefile") << "made: ; @touch made; echo again\ninclude out.d\n";
  const auto make = [&] { return run_process({{"make", "-s"}, folder.path()}).output; };
  CHECK(make() == "again\n");
  for (const fs::path& name : names) {
    INFO(name);
    CHECK(make().empty());
    fs::last_write_time(folder.path() / name,
                        fs::file_time_type::clock::now() + std::chrono::seconds(60));
    CHECK(make().find("again") != std::string::npos);  // it also warns of the clock
    fs::last_write_time(folder.path() / name,
                        fs::file_time_type::clock::now() - std::chrono::seconds(60));
  }
}

TEST_CASE("no depfile after an error") {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "broken.onnx") << "no model";
  CHECK(run_process({{LINNET_BINARY, "compile", "broken.onnx", "-o", "out", "--depfile", "out.d"},
                     folder.path()})
            .exit_code == 1);
  CHECK_FALSE(fs::exists(folder.path() / "out.d"));
  CHECK_FALSE(fs::exists(folder.path() / "out"));
}
