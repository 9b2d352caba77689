// What the user reads when linnet.toml is wrong, or its models do not fit together.
#include <catch2/catch.hpp>
#include <fstream>

#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/onnx_writer.h"

using namespace linnet;
namespace fs = std::filesystem;

namespace {

struct ProjectFolder {
  TemporaryFolder scratch;

  ProjectFolder() {
    testing::OnnxFile file;
    file.input("x", {1, 64}).node("Relu", {"x"}, {"y"}).output("y");
    testing::write_bytes(scratch.path() / "m.onnx", file.model());
  }

  // Output and exit code of `linnet build` with this file.
  std::string said(const std::string& text, int exit_code,
                   const std::string& name = "linnet.toml") const {
    std::ofstream(scratch.path() / name) << text;
    const Finished run = run_process({{LINNET_BINARY, "build", name}, scratch.path()});
    CHECK(run.exit_code == exit_code);
    CHECK_FALSE(fs::exists(scratch.path() / "generated"));
    return run.output;
  }
};

}  // namespace

TEST_CASE("E520: a project that is neither TOML nor JSON") {
  const ProjectFolder folder;
  CHECK(folder.said("[models.a\n", 2).starts_with("linnet.toml: E520 line 1: "));
  CHECK(folder.said("{\"models\": ", 2, "linnet.json")
            .starts_with("linnet.json: E520 it is not JSON: "));
  CHECK(folder.said("[1]", 2, "linnet.json") ==
        "linnet.json: E520 it is no object; docs/projects.md shows the format\n");
}

TEST_CASE("E521: no project") {
  const TemporaryFolder empty;
  const Finished run = run_process({{LINNET_BINARY, "build"}, empty.path()});
  CHECK(run.exit_code == 2);
  CHECK(run.output ==
        ".: E521 there is no linnet.toml and no linnet.json; docs/projects.md shows one\n");
}

TEST_CASE("E522: keys and values of a project that mean nothing") {
  const ProjectFolder folder;
  const auto said = [&](const std::string& text) { return folder.said(text, 2); };
  CHECK(said("") ==
        "linnet.toml: E522 there is no model; add [models.NAME] with model = \"FILE.onnx\"\n");
  CHECK(said("[models.a]\nmodel = \"m.onnx\"\ncalibrat = \"x\"\n") ==
        "linnet.toml: E522 model 'a': unknown key 'calibrat'; did you mean 'calibrate'?\n");
  CHECK(said("[models.a]\nmodel = \"m.onnx\"\nquiet = true\n") ==
        "linnet.toml: E522 model 'a': unknown key 'quiet'; docs/projects.md lists the keys\n");
  CHECK(said("[models.a]\n") ==
        "linnet.toml: E522 model 'a': 'model' is missing; give the .onnx file\n");
  CHECK(said("[models.a]\nmodel = \"m.onnx\"\nresize = 1\n") ==
        "linnet.toml: E522 model 'a': 'resize' is neither true nor false; give one of them\n");
  CHECK(said("[models.a]\nmodel = \"m.onnx\"\nram = true\n") ==
        "linnet.toml: E522 model 'a': 'ram' has no value that --ram takes; give BYTES\n");
  CHECK(said("[models.a]\nmodel = \"m.onnx\"\nfront_end = \"camera\"\nfront-end = \"log-mel\"\n")
            .find("is given twice; keep one") != std::string::npos);
  CHECK(said("[models.\"a b\"]\nmodel = \"m.onnx\"\n") ==
        "linnet.toml: E522 model 'a b': the name is not usable as a C++ namespace; take letters, "
        "digits "
        "and '_'\n");
  CHECK(said("[models.linnet_arenas]\nmodel = \"m.onnx\"\n") ==
        "linnet.toml: E522 model 'linnet_arenas': the name is that of what the project generates; "
        "take "
        "another name\n");
  // The file is named where the folder at hand, or another, was given.
  const fs::path home = folder.scratch.path();
  const std::string why =
      "linnet.toml: E522 there is no model; add [models.NAME] with model = \"FILE.onnx\"\n";
  said("");
  CHECK(run_process({{LINNET_BINARY, "build"}, home}).output == why);
  CHECK(run_process({{LINNET_BINARY, "build", home.string()}, {}}).output == (home / why).string());
  CHECK(said("share_arena = [\"b\"]\n[models.a]\nmodel = \"m.onnx\"\n") ==
        "linnet.toml: E522 share_arena: there is no model 'b'; name those of [models]\n");
  CHECK(said("models = 1\n") == "linnet.toml: E522 'models' is no table; write [models]\n");
  CHECK(said("target = \"stm32h743\"\n[models.a]\nmodel = \"m.onnx\"\n")
            .starts_with("linnet.toml: E522 unknown key 'target'; "));
}

TEST_CASE("E523: what a model's keys spell is no command line") {
  const ProjectFolder folder;
  CHECK(folder.said("[models.a]\nmodel = \"m.onnx\"\nram = \"10Q\"\n", 2)
            .starts_with("linnet.toml: E523 model 'a': --ram: '10Q' is no size"));
  CHECK(
      folder.said("[models.a]\nmodel = \"m.onnx\"\nplan = \"some\"\n", 2)
          .starts_with("linnet.toml: E523 model 'a': --plan: unknown 'some'; auto, rows or whole"));
}

TEST_CASE("a model's own fault in a project names the model's file") {
  const ProjectFolder folder;
  CHECK(folder.said("[models.a]\nmodel = \"-none.onnx\"\n", 1) ==
        "-none.onnx: E001 the file does not exist; check the path\n");
  CHECK(folder.said("[models.a]\nmodel = \"none.onnx\"\n", 1) ==
        "none.onnx: E001 the file does not exist; check the path\n");
}

TEST_CASE("E308: models that fit alone and not together") {
  const ProjectFolder folder;
  // 256 bytes of float32 each, and 288 bytes left in all banks together.
  const std::string full = folder.said(
      "[defaults]\ntarget = \"stm32h743\"\n"
      "bank = { axi = \"524000\", sram123 = \"288K\", sram4 = \"64K\", dtcm = \"124K\", itcm = "
      "\"65504\" }\n"
      "[models.a]\nmodel = \"m.onnx\"\n[models.b]\nmodel = \"m.onnx\"\n",
      3);
  CHECK(full.find("E308 beside the other models: ") != std::string::npos);
  CHECK(full.find("share_arena for models that never run together") != std::string::npos);
}
