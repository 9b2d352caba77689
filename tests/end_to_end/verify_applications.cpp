// Whole applications, linked for the real chip and for the emulated board with its banks: a detector that runs and gives boxes,
// and an encoder of sounds that takes samples and gives labels. Both must link, without a warning, with their arenas in the
// banks that the report names; and the flash that the report states must be what they take, and hardly more:
//
//   image of the application - image whose main() does nothing  <=  report.flash_bytes()  <=  1.05 of it
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compiler/pipeline.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "compiler/verify/toolchain.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

struct Board {
  const char *folder, *script;
};
constexpr Board kBoards[] = {{"stm32h743", "stm32h743.ld"}, {"mps2_an500", "banks.ld"}};

// What an application is besides the network: the parts of the generated code that it uses, and what main() does.
struct Application {
  std::vector<std::string> parts;    // NAME + part + ".cpp"
  std::vector<std::string> headers;  // NAME + header
  std::string statics, body;         // of main(); N is the network's namespace
};

// A program with an arena in each bank that the report names.
std::string main_of(const Report& report, const Application& application) {
  std::string includes, arenas, members;
  for (const std::string& header : application.headers)
    includes += fmt::format("#include \"{}{}\"\n", report.name, header);
  for (const ReportBank& bank : report.banks) {
    if (bank.used_bytes == 0) continue;
    arenas +=
        fmt::format("LINNET_ARENA({0}) static std::byte {0}[N::kArenaBytes.{0}];\n", bank.name);
    members += (members.empty() ? "" : ", ") + bank.name;
  }
  return fmt::format(
      "{1}namespace N = {0};\n{2}{3}\n"
      "int main() {{\n  const N::Arenas arenas{{{4}}};\n{5}}}\n",
      report.name, includes, arenas, application.statics, members, application.body);
}

class Linker {
 public:
  explicit Linker(const fs::path& folder) : folder_(folder) {
    const Result<Toolchain> tools = find_toolchain(Machine::qemu, 2);
    if (!tools) FAIL(format(tools.diagnostics()));
    tools_ = *tools;
  }

  Process compiling(const std::string& source, const std::string& object) const {
    Process process{{tools_.compiler}, folder_};
    append(process.arguments, tools_.compile_flags);
    append(process.arguments, {"-I.", "-c", source, "-o", object});
    return process;
  }

  void compile(const std::vector<Process>& processes) const {
    for (const Finished& finished : run_processes(processes)) {
      INFO(finished.output);
      REQUIRE(finished.succeeded());
    }
  }

  // Bytes that the image takes in flash: code, constants and the values of .data.
  std::int64_t flash_bytes(const Board& board, const std::vector<std::string>& objects) const {
    const fs::path sources = fs::path(LINNET_SOURCE_DIR) / "runtime/boards" / board.folder;
    Process process{{tools_.compiler}, folder_};
    append(process.arguments, tools_.link_flags);
    append(process.arguments, {"-T", (sources / board.script).string(), "-o", "image.elf"});
    append(process.arguments, {std::string(board.folder) + ".o"});
    append(process.arguments, objects);
    const Finished linked = run_process(process);
    INFO(board.script << ": " << linked.output);
    REQUIRE(linked.succeeded());
    const Finished sizes = run_process({{tools_.size_tool, "image.elf"}, folder_});
    REQUIRE(sizes.succeeded());
    std::istringstream text(sizes.output.substr(sizes.output.find('\n')));
    std::int64_t code = 0, data = 0;
    REQUIRE(text >> code >> data);
    return code + data;
  }

 private:
  fs::path folder_;
  Toolchain tools_;
};

struct Flash {
  std::int64_t stated = 0, linked = 0;  // linked: the most of the boards
};

Flash check_application(const CompileOptions& options, const Application& application) {
  const Result<Compiled> made = compile_network(options);
  if (!made) FAIL(format(made.diagnostics()));
  const Report& report = made->report;
  CHECK(report.unmeasured_kernels.empty());
  const TemporaryFolder folder;
  REQUIRE(write_files(folder.path(), made->files));
  std::ofstream(folder.path() / "main.cpp") << main_of(report, application);
  std::ofstream(folder.path() / "idle.cpp") << "int main() { return 0; }\n";

  const Linker linker(folder.path());
  std::vector<std::string> objects{"main.o"};
  std::vector<Process> compilations{linker.compiling("main.cpp", "main.o"),
                                    linker.compiling("idle.cpp", "idle.o")};
  for (const std::string& part : application.parts) {
    objects.push_back(report.name + part + ".o");
    compilations.push_back(linker.compiling(report.name + part + ".cpp", objects.back()));
  }
  for (const Board& board : kBoards) {
    const std::string folder_of_board =
        (fs::path(LINNET_SOURCE_DIR) / "runtime/boards" / board.folder).string();
    compilations.push_back(
        linker.compiling(folder_of_board + "/startup.cpp", std::string(board.folder) + ".o"));
  }
  linker.compile(compilations);

  Flash flash{report.flash_bytes(), 0};
  for (const Board& board : kBoards) {
    const std::int64_t linked =
        linker.flash_bytes(board, objects) - linker.flash_bytes(board, {"idle.o"});
    INFO(report.name << " by " << board.script << ": states " << report.flash_bytes() << ", takes "
                     << linked);
    CHECK(linked > report.weights_bytes);
    CHECK(flash.stated >= linked);
    CHECK(100 * flash.stated <= 105 * linked);
    flash.linked = std::max(flash.linked, linked);
  }
  return flash;
}

}  // namespace

TEST_CASE("a detector's application links for the chip, its flash as stated: yolophinet_256") {
  const fs::path folder = models_folder() / "yolophinet_256";
  CompileOptions options;
  options.model = folder / "yolophinet_256.onnx";
  options.target = "stm32h743";
  options.samples = feeding(folder / "model.json");  // mean 0, scale 1/255, resized
  options.samples.resize = true;
  options.calibrate = {models_folder() / "detection_images/calibration"};
  check_application(options,
                    {{"", "_weights", "_detect"},
                     {"_detect.hpp"},
                     "static N::Detection boxes[100];",
                     "  N::run(arenas);\n"
                     "  return static_cast<int>(N::detect(arenas, 0.25F, 0.45F, boxes, 100));\n"});
}

TEST_CASE("an encoder's application links for the chip, its flash as stated: tinyclap_small") {
  const fs::path folder = models_folder() / "tinyclap_small";
  CompileOptions options;
  options.model = folder / "tinyclap_small.onnx";
  options.target = "stm32h743";
  options.calibrate = {folder / "calibration"};
  options.plan.input_rows = true;
  // The network alone, its rows from nowhere.
  const Flash network = check_application(
      options,
      {{"", "_weights"},
       {".hpp"},
       "",
       "  for (std::int32_t row = 0; row < N::kInputRows; ++row) N::push_row(arenas, row);\n"
       "  return N::output(arenas)[0] > 0;\n"});
  options.samples.log_mel = "";
  options.labels = folder / "labels.json";
  const Flash whole = check_application(
      options, {{"", "_weights", "_audio", "_labels"},
                {"_audio.hpp", "_labels.hpp"},
                "static std::int16_t samples[1024];\nstatic N::Label top[3];",
                "  N::begin_stream(arenas);\n"
                "  while (!N::push_samples(arenas, samples, 1024).complete()) {\n  }\n"
                "  N::finish(arenas);\n"
                "  return static_cast<int>(N::classify(arenas, top, 3));\n"});
  // What the network's own statement is above its size must not make up for the front end and the labels.
  const std::int64_t stated = whole.stated - network.stated, linked = whole.linked - network.linked;
  INFO("front end and labels: stated " << stated << ", they take " << linked);
  CHECK(stated >= linked);
  CHECK(100 * stated <= 105 * linked);
}

}  // namespace linnet
