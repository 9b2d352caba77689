// linnet explain and linnet operators, as they are run.
#include <catch2/catch.hpp>

#include "compiler/support/diagnostic.h"
#include "compiler/support/diagnostic_codes.h"
#include "compiler/support/json.h"
#include "tests/support/run_linnet.h"

namespace linnet {
namespace {

using testing::Run;
using testing::run_linnet;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("explain - one code: what it is, why, what to do, how it is printed, its exit code") {
  for (const char* spelled : {"E105", "e105"}) {
    const Run run = run_linnet(std::string("explain ") + spelled);
    CHECK(run.exit_code == 0);
    CHECK(has(run.output, "E105  a value that must be a constant\n\nCause: "));
    CHECK(has(run.output, "\nRemedy: "));
    CHECK(has(run.output, "\nPrinted as: E105 node "));
    CHECK(has(run.output, "\nExit code: 1\n"));
  }
  CHECK(has(run_linnet("explain E301").output, "\nExit code: 3\n"));
  CHECK(has(run_linnet("explain E502").output, "\nExit code: 2\n"));
  CHECK(has(run_linnet("explain E912").output, "\nExit code: 70\n"));
}

TEST_CASE("explain - without a code: a line for each") {
  const Run run = run_linnet("explain");
  CHECK(run.exit_code == 0);
  for (const DiagnosticCode& entry : diagnostic_codes()) {
    INFO(entry.code);
    CHECK(has(run.output, "\n  " + std::string(entry.code) + "  " + std::string(entry.title)));
  }
}

TEST_CASE("explain - a code that does not exist is wrong usage") {
  for (const char* code : {"E012", "E1055", "105", "x"}) {
    const Run run = run_linnet(std::string("explain ") + code);
    CHECK(run.exit_code == 2);
    CHECK(has(run.output, "there is no code '" + std::string(code) + "'"));
  }
}

TEST_CASE("explain - families have codes, codes have a family") {
  for (const DiagnosticCode& entry : diagnostic_codes()) {
    std::size_t families = 0;
    for (const DiagnosticFamily& family : diagnostic_families())
      families += entry.code.starts_with(family.prefix) ? 1 : 0;
    INFO(entry.code);
    CHECK(families == 1);
    CHECK(find_diagnostic_code(entry.code) != nullptr);
    CHECK(exit_code({Diagnostic{std::string(entry.code), {}, {}, {}, {}}}) != 0);
  }
}

TEST_CASE("operators - as a list, one with its kernels, and as JSON") {
  const Run all = run_linnet("operators");
  CHECK(all.exit_code == 0);
  CHECK(has(all.output, "\nConv   "));
  CHECK(has(all.output, "\ncom.microsoft.QGemm   "));
  CHECK_FALSE(has(all.output, " \n"));

  const Run conv = run_linnet("operators Conv");
  CHECK(conv.exit_code == 0);
  CHECK(has(conv.output, "6-21   int8, float"));
  CHECK(has(conv.output, "\n  int8   conv2d_s8_1x1_w4, "));

  const Run unknown = run_linnet("operators Convolution");
  CHECK(unknown.exit_code == 2);
  CHECK(has(unknown.output, "there is no operator 'Convolution'"));

  const Run json = run_linnet("operators --json", testing::kOnlyStdout);
  CHECK(json.exit_code == 0);
  const Result<Json> read = parse_json(json.output);
  REQUIRE(read);
  bool found = false;
  for (const Json& entry : read->at("operators").array()) {
    if (entry.at("operator").text() != "Softmax") continue;
    found = true;
    CHECK(entry.at("domain").text() == "ai.onnx");
    CHECK(entry.at("last_opset").integer() == 21);
    CHECK(entry.at("int8_kernels").texts() == std::vector<std::string>{"softmax_s8"});
    CHECK_FALSE(entry.at("constants_only").boolean());
  }
  CHECK(found);
}

}  // namespace linnet
