// linnet size as a user runs it, on a real network: an unchanged one gives one line; one whose code grew by 2 % gives exit code
// 3 and the function that grew; a smaller one and another plan are said; --update adopts.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "compiler/size/baseline.h"
#include "compiler/support/json.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A folder outside of the repository where phinet_96 is compiled, and size.json adopted.
class Workshop {
 public:
  Workshop() {
    compile("generated", {});
    const Finished adopted = size({"generated", "--baseline", "size.json", "--update"});
    INFO(adopted.output);
    REQUIRE(adopted.exit_code == 0);
    CHECK_THAT(adopted.output, Catch::StartsWith("phinet_96: new, flash "));
  }
  fs::path path(const char* name) const { return folder_.path() / name; }

  Finished size(std::vector<std::string> arguments,
                const std::vector<std::string>& environment = {}) const {
    std::vector<std::string> all{"/usr/bin/env"};
    append(all, environment);
    append(all, {LINNET_BINARY, "size"});
    append(all, arguments);
    return run_process({all, folder_.path()});
  }

  void compile(const std::string& output, const std::vector<std::string>& options) const {
    std::vector<std::string> all{LINNET_BINARY, "compile"};
    append(all, model());
    append(all, options);
    append(all, {"-o", output, "--quiet"});
    const Finished compiled = run_process({all, folder_.path()});
    INFO(compiled.output);
    REQUIRE(compiled.exit_code == 0);
  }

  static std::vector<std::string> model() {
    const fs::path models = testing::models_folder();
    return {(models / "phinet_96/phinet_96.onnx").string(),
            "--calibrate",
            (models / "images/calibration/coffee_cup.png").string(),
            "--mean",
            "127.5",
            "--scale",
            "0.00784313725490196",
            "--resize",
            "--target",
            "stm32h743"};
  }

  // Puts stores to a device's registers, 8 to 14 bytes of code each, at the start of a function.
  void grow(const std::string& function, int stores) const {
    const fs::path source = path("generated") / "phinet_96.cpp";
    std::string text = contents(source);
    const std::size_t at = text.find(function);
    REQUIRE(at != std::string::npos);
    const std::size_t body = text.find("{\n", at);
    REQUIRE(body != std::string::npos);
    std::string added;
    for (int i = 0; i < stores; ++i)
      added += fmt::format("  *reinterpret_cast<volatile unsigned*>(0x40000000U + {}U) = {}U;\n",
                           4 * i, 104729 * (i + 1));
    std::ofstream(source, std::ios::binary) << text.insert(body + 2, added);
  }

 private:
  TemporaryFolder folder_;
};

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE(
    "size: an unchanged network prints its summary, one that grew by 2 % fails and is explained") {
  const Workshop workshop;
  const Finished same = workshop.size({"generated", "--baseline", "size.json"});
  CHECK(same.exit_code == 0);
  CHECK_THAT(same.output, Catch::StartsWith("1 network unchanged: flash "));
  CHECK(lines_in(same.output) == 1);

  // From the model itself it is the same; and nothing changes in the file.
  const std::string adopted = contents(workshop.path("size.json"));
  std::vector<std::string> model = Workshop::model();
  append(model, {"--baseline", "size.json"});
  CHECK(workshop.size(model).output == same.output);
  const Finished again = workshop.size({"generated", "--baseline", "size.json", "--update"});
  CHECK(again.output == "size.json is as it was\n");
  CHECK(contents(workshop.path("size.json")) == adopted);

  const Result<Baseline> baseline = read_baseline(workshop.path("size.json"));
  REQUIRE(baseline);
  const NetworkSize before = baseline->at("phinet_96");
  workshop.grow("void run(const Arenas& arenas) noexcept {", 52);
  const Finished grown =
      workshop.size({"generated", "--baseline", "size.json", "--format", "json"});
  CHECK(grown.exit_code == 3);
  const Result<Json> json = parse_json(grown.output.substr(0, grown.output.rfind("}\n") + 2));
  REQUIRE(json);
  const Json& network = json->at("networks").array().front();
  CHECK(network.at("verdict").text() == "too large");
  CHECK(network.at("functions").array().front().at("name").text() == "run");
  const std::int64_t text = network.at("now").at("text").integer();
  CHECK(100 * text > 102 * before.text_bytes);  // it grew by more than 2 %
  CHECK(100 * text < 106 * before.text_bytes);

  const Finished table = workshop.size({"generated", "--baseline", "size.json"});
  CHECK(table.exit_code == 3);
  CHECK_THAT(table.output, Catch::Contains("phinet_96: too large\n"));
  CHECK_THAT(table.output,
             Catch::Contains("size.json: E330 'phinet_96' grew by more than 1 %: text "));
  CHECK_THAT(table.output, Catch::Contains(", most in run, "));
  CHECK_THAT(table.output, Catch::Contains("the code alone: "));
  const Finished allowed =
      workshop.size({"generated", "--baseline", "size.json", "--tolerance", "6%"});
  CHECK(allowed.exit_code == 0);
  CHECK_THAT(allowed.output, Catch::Contains("phinet_96: within the tolerance\n"));

  CHECK(workshop.size({"generated", "--baseline", "size.json", "--update"}).exit_code == 0);
  CHECK(workshop.size({"generated", "--baseline", "size.json"}).exit_code == 0);
  workshop.compile("generated", {});  // as it was: smaller now, which is good and said
  const Finished smaller = workshop.size({"generated", "--baseline", "size.json"});
  CHECK(smaller.exit_code == 0);
  CHECK_THAT(smaller.output, Catch::Contains("phinet_96: smaller; --update adopts it\n"));
}

TEST_CASE("size: another plan and other weights are said, in a comment and as annotations too") {
  const Workshop workshop;
  workshop.compile("whole", {"--plan", "whole"});
  const std::string summary = workshop.path("summary.md").string();
  const Finished github = workshop.size(
      {"whole", "--baseline", "size.json", "--format", "github", "--comment", "comment.md"},
      {"GITHUB_STEP_SUMMARY=" + summary});
  CHECK(github.exit_code == 3);
  CHECK_THAT(github.output,
             Catch::StartsWith("::error title=linnet size::'phinet_96' grew by more than 1 %25: "));
  CHECK_THAT(github.output, Catch::Contains("most in arena axi, "));
  CHECK(lines_in(github.output) == 2);
  const std::string comment = contents(workshop.path("comment.md"));
  CHECK(contents(summary) == comment);
  CHECK_THAT(comment, Catch::StartsWith("<!-- linnet size -->\n"));
  CHECK_THAT(comment, Catch::Contains("- the schedule is shorter: "));
  CHECK_THAT(comment, Catch::Contains("- the plan changed: arena axi "));
  CHECK(workshop.size({"whole", "--baseline", "size.json", "--format", "markdown"})
            .output.starts_with(comment));

  workshop.compile("int4", {"--weights", "int4"});
  const Finished int4 = workshop.size({"int4", "--baseline", "size.json"});
  INFO(int4.output);
  CHECK_THAT(int4.output, Catch::Contains("new in this network, for "));
  CHECK_THAT(int4.output, Catch::Contains("weights 4"));
}

TEST_CASE("size: the models of a project, brought up to date first") {
  const Workshop workshop;
  const fs::path model = testing::models_folder() / "phinet_96/phinet_96.onnx";
  const auto write_project = [&](const char* plan) {
    std::ofstream(workshop.path("linnet.toml"))
        << "[defaults]\ntarget = \"stm32h743\"\n[models.first]\nmodel = \"" << model.string()
        << "\"\n[models.second]\nmodel = \"" << model.string() << "\"\nplan = \"" << plan << "\"\n";
  };
  write_project("rows");
  const Finished adopted = workshop.size({"--baseline", "project.json", "--update"});
  INFO(adopted.output);
  CHECK(adopted.exit_code == 0);
  CHECK_THAT(adopted.output, Catch::EndsWith("wrote project.json: 2 networks\n"));
  const Finished same = workshop.size({"--baseline", "project.json"});
  CHECK_THAT(same.output, Catch::StartsWith("2 networks unchanged: "));
  write_project("whole");
  const Finished other = workshop.size({".", "--baseline", "project.json"});
  CHECK(other.exit_code == 3);
  CHECK_THAT(other.output, Catch::Contains("second: too large\n"));
  CHECK_THAT(other.output, Catch::Contains("2 networks (1 too large, 1 unchanged): "));
  CHECK(other.output.find("first: ") == std::string::npos);

  std::ofstream(workshop.path("linnet.toml"))
      << "[models.first]\nmodel = \"" << model.string() << "\"\ntarget = \"stm32h743\"\n";
  const Finished fewer = workshop.size({"--baseline", "project.json"});
  CHECK(fewer.exit_code == 0);
  CHECK_THAT(fewer.output,
             Catch::Contains("note: project.json also has 'second', which the project "
                             "has not; --update removes it\n"));
  CHECK_THAT(workshop.size({"--baseline", "project.json", "--update"}).output,
             Catch::Contains("second: removed\n"));
}

}  // namespace linnet
