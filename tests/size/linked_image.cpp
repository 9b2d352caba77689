// The flash that the report states, against a linked image: every network of models/, int8, float and as ONNX Runtime
// quantized it, is built for the core with nothing around it but a call of run(), and their sections are added up. The report's code size
// comes from runtime/kernels/measured.json; tools/measure-kernels makes that table anew.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include "compiler/pipeline.h"
#include "tests/support/model_files.h"

using namespace linnet;
namespace fs = std::filesystem;

namespace {

constexpr const char* kFlags =
    "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16 -std=c++17 -O2 -ffunction-sections "
    "-fdata-sections -fno-exceptions -fno-rtti -ffp-contract=off";

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (fs::temp_directory_path() / "linnet-size-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = path;
  }
  ~TemporaryFolder() { fs::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

// Bytes of code, constants and initialised data of the linked network.
std::int64_t linked_flash(const Compiled& made) {
  const TemporaryFolder folder;
  for (const auto& [name, text] : made.files) write(folder.path() / name, text);
  const std::string& name = made.report.name;
  std::string members;
  std::string arenas;
  for (const ReportBank& bank : made.report.banks) {
    if (bank.used_bytes == 0) continue;
    arenas += fmt::format("alignas(32) static std::byte {}[{}];\n", bank.name, bank.used_bytes);
    members += bank.name + ", ";
  }
  write(folder.path() / "entry.cpp",
        fmt::format("#include \"{0}.hpp\"\n{1}extern \"C\" void entry() {{ {0}::run({{{2}}}); }}\n",
                    name, arenas, members));
  const std::string command = fmt::format(
      "cd '{}' && arm-none-eabi-g++ {} -I. -nostartfiles --specs=nano.specs "
      "-Wl,--gc-sections,-e,entry,-Ttext=0,-Tbss=0x20000000 "
      "entry.cpp {}.cpp {}_weights.cpp -o image && arm-none-eabi-size -A image > sizes",
      folder.path().string(), kFlags, name, name);
  REQUIRE(std::system(command.c_str()) == 0);  // NOLINT: a fixed command on our own files
  std::ifstream sizes(folder.path() / "sizes");
  std::int64_t total = 0;
  for (std::string line; std::getline(sizes, line);) {
    std::istringstream fields(line);
    std::string section;
    std::int64_t bytes = 0;
    if (!(fields >> section >> bytes)) continue;
    if (std::regex_match(section, std::regex(R"(\.(text|rodata|data|ARM\.ex.*|init|fini).*)")))
      total += bytes;
  }
  return total;
}

void check_flash(const CompileOptions& options, const std::string& what) {
  const Result<Compiled> made = compile_network(options);
  INFO(what << (made ? "" : format(made.diagnostics())));
  REQUIRE(made);
  CHECK(made->report.unmeasured_kernels.empty());
  const auto stated = static_cast<double>(made->report.flash_bytes());
  const auto linked = static_cast<double>(linked_flash(*made));
  INFO("report " << stated << ", linked image " << linked);
  CHECK(stated >= linked * 0.95);
  CHECK(stated <= linked * 1.05);
  CHECK(made->report.stack_bytes <= 2048);
}

CompileOptions options_of(const std::string& model, bool int8) {
  const fs::path folder = testing::models_folder() / model;
  CompileOptions options;
  options.model = folder / (model + ".onnx");
  if (int8) {
    options.calibrate = {testing::models_folder() / "images/calibration/coffee_cup.png"};
    options.samples = testing::feeding(folder / "model.json");
    options.target = "stm32h743";
  }
  return options;
}

}  // namespace

TEST_CASE("stated flash is that of a linked image, int8") {
  for (const char* model : {"phinet_96", "phinet_96_a1", "phinet_96_a1_compat",
                            "phinet_96_conv2d_input", "xinet_96", "xinet_64x96"}) {
    check_flash(options_of(model, true), model);
  }
  CompileOptions int4 = options_of("xinet_96", true);
  int4.weights = Weights::int4;
  check_flash(int4, "xinet_96 with weights of 4 bits");
}

TEST_CASE("stated flash is that of a linked image, float") {
  for (const char* model : {"phinet_96", "phinet_96_a1", "phinet_96_a1_compat",
                            "phinet_96_conv2d_input", "xinet_96", "xinet_64x96"}) {
    check_flash(options_of(model, false), model);
  }
}

TEST_CASE("stated flash is that of a linked image, quantized by others") {
  for (const char* model :
       {"tf2onnx_nhwc/tf2onnx_nhwc.onnx", "phinet_96/variants/qdq_s8s8_per_channel/model.onnx",
        "phinet_96/variants/qdq_u8s8_per_tensor/model.onnx",
        "phinet_96/variants/qoperator_s8s8_per_channel/model.onnx",
        "phinet_96/variants/qoperator_u8u8_per_tensor/model.onnx",
        "xinet_96/variants/qdq_s8s8_per_channel/model.onnx",
        "xinet_96/variants/qoperator_u8u8_per_tensor/model.onnx"}) {
    CompileOptions options;
    options.model = testing::models_folder() / model;
    options.target = "stm32h743";
    check_flash(options, model);
  }
}
