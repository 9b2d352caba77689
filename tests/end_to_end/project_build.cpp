// linnet build: what is compiled again and what is not, arenas that models share, banks that they have to divide, and the
// generated project built and run for the core.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "compiler/support/json.h"
#include "compiler/support/read_text.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/model_files.h"
#include "tests/support/onnx_writer.h"

using namespace linnet;
namespace fs = std::filesystem;

namespace {

// y = Relu(x), of so many numbers.
void write_relu(const fs::path& path, std::int64_t elements) {
  testing::OnnxFile file;
  file.input("x", {1, elements}).node("Relu", {"x"}, {"y"}).output("y");
  testing::write_bytes(path, file.model());
}

Finished build(const fs::path& folder, const std::vector<std::string>& arguments = {}) {
  Process process{{LINNET_BINARY, "build"}, folder};
  append(process.arguments, arguments);
  return run_process(process);
}

// Which models a run compiled: "a b".
std::string compiled(const Finished& run) {
  INFO(run.output);
  CHECK(run.exit_code == 0);
  std::string names;
  std::istringstream lines(run.output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, state;
    if (words >> name >> state && state == "compiled") names += (names.empty() ? "" : " ") + name;
  }
  return names;
}

struct TwoModels {
  TemporaryFolder scratch;
  fs::path folder = scratch.path();

  explicit TwoModels(const std::string& project) {
    write_relu(folder / "a.onnx", 16);
    write_relu(folder / "b.onnx", 64);
    write(project);
  }
  void write(const std::string& project) const { std::ofstream(folder / "linnet.toml") << project; }
};

constexpr const char* kTwo =
    "[models.a]\nmodel = \"a.onnx\"\n[models.b]\nmodel = \"b.onnx\"\nplan = \"whole\"\n";

}  // namespace

TEST_CASE("build compiles what has changed, and nothing else") {
  const TwoModels models(kTwo);
  CHECK(compiled(build(models.folder)) == "a b");
  const fs::path source = models.folder / "generated/b/b.cpp";
  CHECK(fs::exists(source));
  CHECK(fs::exists(models.folder / "generated/linnet_arenas.hpp"));
  const std::string record = read_text(models.folder / "generated/.linnet_build");
  CHECK(compiled(build(models.folder)).empty());
  CHECK(read_text(models.folder / "generated/.linnet_build") == record);

  write_relu(models.folder / "a.onnx", 24);  // another model
  CHECK(compiled(build(models.folder)) == "a");
  models.write(std::string(kTwo) + "input_shape = { x = \"1x64\" }\n");  // another option of b
  CHECK(compiled(build(models.folder)) == "b");
  std::ofstream(source, std::ios::app) << "// edited\n";  // generated code that is not as it was
  CHECK(compiled(build(models.folder)) == "b");
  CHECK(read_text(source).find("// edited") == std::string::npos);
  CHECK(compiled(build(models.folder, {"--force"})) == "a b");

  models.write("[models.b]\nmodel = \"b.onnx\"\n");  // without a, whose folder goes
  CHECK(compiled(build(models.folder)) == "b");
  CHECK_FALSE(fs::exists(models.folder / "generated/a"));
}

TEST_CASE("build leaves somebody's own files in its folders alone") {
  const TwoModels models(kTwo);
  CHECK(compiled(build(models.folder)) == "a b");
  const fs::path own = models.folder / "generated/a/notes.txt";
  std::ofstream(own) << "mine";
  CHECK(compiled(build(models.folder)).empty());
  write_relu(models.folder / "a.onnx", 24);
  CHECK(compiled(build(models.folder)) == "a");
  CHECK(read_text(own) == "mine");
}

TEST_CASE("build sees a change of a model whose name needs escapes") {
  const TwoModels models("[models.a]\nmodel = 'my $a\\b #1.onnx'\n");
  const fs::path model = models.folder / "my $a\\b #1.onnx";
  write_relu(model, 16);
  CHECK(compiled(build(models.folder, {"--depfile", "out.d"})) == "a");
  CHECK(read_text(models.folder / "out.d").starts_with("generated/report.json: \\\n  linnet.toml"));
  CHECK(compiled(build(models.folder)).empty());
  write_relu(model, 24);
  CHECK(compiled(build(models.folder)) == "a");
}

TEST_CASE("build takes no model for up to date that was saved while it was compiled") {
  const TwoModels models(kTwo);
  fs::last_write_time(models.folder / "a.onnx",
                      fs::file_time_type::clock::now() + std::chrono::hours(1));
  CHECK(compiled(build(models.folder)) == "a b");
  CHECK(compiled(build(models.folder)) == "a");
}

TEST_CASE("build gives the same bytes, one at a time or all at once, from TOML or JSON") {
  const TwoModels models(kTwo);
  CHECK(compiled(build(models.folder, {"-j", "1"})) == "a b");
  const auto everything = [&] {
    std::string all;
    std::istringstream names(read_text(models.folder / "generated/.linnet_files"));
    for (std::string name; std::getline(names, name);)
      all += name + "\n" + read_text(models.folder / "generated" / name);
    return all;
  };
  const std::string first = everything();
  fs::remove_all(models.folder / "generated");
  CHECK(compiled(build(models.folder, {"-j", "2"})) == "a b");
  CHECK(everything() == first);
  fs::remove(models.folder / "linnet.toml");
  std::ofstream(models.folder / "linnet.json")
      << R"({"models": {"b": {"plan": "whole", "model": "b.onnx"}, "a": {"model": "a.onnx"}}})";
  CHECK(compiled(build(models.folder)).empty());
  CHECK(everything() == first);
}

TEST_CASE("build writes nothing when one of the models fails") {
  const TwoModels models(std::string(kTwo) + "ram = \"16\"\n");
  const Finished run = build(models.folder, {"--json"});
  CHECK(run.exit_code == 3);
  CHECK(run.output.find("b.onnx: E301 --ram 16 B") != std::string::npos);
  CHECK(run.output.find("\"exit_code\": 3") != std::string::npos);
  CHECK_FALSE(fs::exists(models.folder / "generated"));
}

TEST_CASE("models that do not fit a bank side by side divide it") {
  // Each alone takes the DTCM; what is left of it besides the application's part is room for one.
  const std::string both =
      "[defaults]\ntarget = \"stm32h743\"\nbank = { dtcm = \"123K\" }\nplace = [\"input=axi\", "
      "\"output=axi\"]\n";
  testing::OnnxFile file;
  file.input("x", {1, 1, 128, 1})
      .node("Sigmoid", {"x"}, {"s"})
      .node("Exp", {"s"}, {"e"})
      .node("Sigmoid", {"e"}, {"y"})
      .output("y");
  const TwoModels models(both + kTwo);
  for (const char* name : {"a.onnx", "b.onnx"})
    testing::write_bytes(models.folder / name, file.model());
  const Finished run = build(models.folder, {"--json"});
  INFO(run.output);
  REQUIRE(run.exit_code == 0);
  const Result<Json> report = parse_json(run.output);
  REQUIRE(report);
  for (const Json& bank : report->at("totals").array().at(0).at("banks").array()) {
    if (!bank.at("size_bytes").is_null())
      CHECK(bank.at("used_bytes").integer() <= bank.at("size_bytes").integer());
  }
  // One of them gets what the other leaves.
  CHECK(read_text(models.folder / "generated/.linnet_build").find("--bank=dtcm=") !=
        std::string::npos);
  CHECK(compiled(build(models.folder)).empty());
}

TEST_CASE("a project's models share an arena on the emulated core") {
  const TemporaryFolder scratch;
  const fs::path models = testing::models_folder();
  std::ofstream(scratch.path() / "linnet.toml") << fmt::format(
      R"(share_arena = true
[defaults]
target = "stm32h743"
mean = 127.5
scale = 0.00784313725490196
resize = true
calibrate = ["{0}/images/calibration/coffee_cup.png", "{0}/images/calibration/camera_man.png"]
[models.phinet]
model = "{0}/phinet_96/phinet_96.onnx"
[models.xinet]
model = "{0}/xinet_96/xinet_96.onnx"
)",
      models.string());
  REQUIRE(compiled(build(scratch.path())) == "phinet xinet");
  const fs::path generated = scratch.path() / "generated";
  std::ofstream(generated / "main.cpp") << R"(#include "linnet_arenas.hpp"
#include "phinet/phinet_test_vector.hpp"
#include "xinet/xinet_test_vector.hpp"
#include "semihosting.h"
int main() {
  const bool good = phinet::self_test(linnet_arenas::phinet()) &&
                    xinet::self_test(linnet_arenas::xinet()) &&
                    phinet::self_test(linnet_arenas::phinet());
  return good && linnet_arenas::phinet().axi == linnet_arenas::xinet().axi ? 0 : 1;
}
)";
  const std::string board = LINNET_SOURCE_DIR "/runtime/boards/mps2_an500";
  const Finished built = run_process(
      {{"bash", "-c",
        "set -e; flags='-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16 -std=c++17 -O2 "
        "-ffunction-sections -fdata-sections -fno-exceptions -fno-rtti -ffp-contract=off -I" +
            board +
            "'\nfor model in phinet xinet; do for part in '' _weights _test_vector; do\n"
            "echo \"$model/$model$part.cpp\"; done; done > list\n"
            "warnings='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror'\n"
            "arm-none-eabi-g++ $flags $warnings -fsyntax-only linnet_arenas.cpp\n"
            "echo '#include \"linnet_arenas.h\"' > c.c\n"
            "arm-none-eabi-gcc -std=c11 $warnings -fsyntax-only c.c\n"
            "arm-none-eabi-g++ $flags -Iphinet -Ixinet main.cpp linnet_arenas.cpp $(cat list) " +
            board + "/startup.cpp -nostartfiles --specs=nano.specs -Wl,--gc-sections -T " + board +
            "/banks.ld -o image.elf"},
       generated});
  INFO(built.output);
  REQUIRE(built.succeeded());
  const Finished run =
      run_process({{LINNET_SOURCE_DIR "/tools/qemu", (generated / "image.elf").string()}, {}});
  INFO(run.output);
  CHECK(run.exit_code == 0);
}
