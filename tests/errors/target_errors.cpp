// --target with a file: a board of the user's own, and what is said when the file describes none.
#include <catch2/catch.hpp>
#include <fstream>

#include "compiler/emit/report.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/onnx_writer.h"

using namespace linnet;
namespace fs = std::filesystem;

namespace {

struct BoardFolder {
  TemporaryFolder scratch;

  BoardFolder() {
    testing::OnnxFile file;
    file.input("x", {1, 64}).node("Relu", {"x"}, {"y"}).output("y");
    testing::write_bytes(scratch.path() / "m.onnx", file.model());
  }
  Finished compile(const std::string& board) const {
    std::ofstream(scratch.path() / "board.json") << board;
    return run_process({{LINNET_BINARY, "compile", "m.onnx", "--target", "board.json", "-o", "out"},
                        scratch.path()});
  }
};

}  // namespace

TEST_CASE("a target of the user's own, from a file") {
  const BoardFolder folder;
  const Finished run = folder.compile(
      R"({"name": "my_board", "flash_bytes": 524288, "stack_bytes": 1024,
          "memory": [{"name": "sram1", "size_bytes": 4096, "rank": 1},
                     {"name": "tcm", "size_bytes": 8192, "rank": 0, "dma": false}]})");
  INFO(run.output);
  REQUIRE(run.exit_code == 0);
  const Result<Report> report = read_report(folder.scratch.path() / "out");
  REQUIRE(report);
  CHECK(report->target == "my_board");
  REQUIRE(report->banks.size() == 2);
  CHECK(report->banks[0].name == "tcm");
  CHECK(report->banks[1].name == "sram1");
  CHECK(report->banks[1].used_bytes > 0);  // ports are where DMA reaches
  CHECK(report->banks[1].size_bytes == 4096);

  const Finished full =
      folder.compile(R"({"name": "tiny", "memory": [{"name": "sram", "size_bytes": 100}]})");
  CHECK(full.exit_code == 3);
  CHECK(full.output.find("E301") != std::string::npos);
}

TEST_CASE("E311: a file that describes no target") {
  const BoardFolder folder;
  const auto said = [&](const std::string& board) {
    const Finished run = folder.compile(board);
    CHECK(run.exit_code == 2);
    CHECK_FALSE(fs::exists(folder.scratch.path() / "out"));
    return run.output.substr(0, run.output.find('\n'));
  };
  const std::string start = "--target: target file 'board.json': ",
                    end = "; docs/boards.md shows one";
  CHECK(said("{").starts_with(start + "it is not JSON: "));
  CHECK(said("{}") == start + "'name' is missing" + end);
  CHECK(said(R"({"name": "a"})") == start + "'memory' is missing" + end);
  CHECK(said(R"({"name": "a", "memory": []})") == start + "'memory' lists no bank" + end);
  CHECK(said(R"({"name": "stm32h743", "memory": [{"name": "x"}]})") ==
        start + "'stm32h743' is the name of a target of Linnet's own" + end);
  CHECK(said(R"({"name": "a", "memory": [{"name": "x y"}]})") ==
        start + "'x y' is no name for a bank" + end);
  CHECK(said(R"({"name": "a", "memory": [{"name": "Stack"}]})") ==
        start + "a bank cannot be named 'stack'" + end);
  CHECK(said(R"({"name": "a", "memory": [{"name": "x"}, {"name": "x"}]})") ==
        start + "bank 'x' is there twice" + end);
  CHECK(said(R"({"name": "a", "memory": [{"name": "x", "size_bytes": -1}]})") ==
        start + "'size_bytes' of bank 'x' is not positive" + end);
  CHECK(said(R"({"name": "a", "memory": [{"name": "x", "size_bytes": "4K"}]})") ==
        start + "a value is not an integer" + end);
}
