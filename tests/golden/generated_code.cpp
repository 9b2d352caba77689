// The generated code of a tiny network against stored files, so that every change of what users get shows in a review.
//
// After an intended change:  LINNET_UPDATE_GOLDEN=1 tools/test -R golden   and look at the difference before committing.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "tests/support/tiny_network.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;

const fs::path kFolder = fs::path(LINNET_SOURCE_DIR) / "tests/golden";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// What is compared: all but the runtime's own files and measured figures, which change for other reasons.
bool is_golden(const std::string& path) {
  return !path.starts_with("linnet/") && path != "report.json";
}

// The stack's bound is a measured figure too.
std::string without_measurements(const std::string& text) {
  static const std::regex stack("at most [0-9]+ bytes of stack");
  static const std::regex constant("(kStackBytes = |_STACK_BYTES )[0-9]+");
  return std::regex_replace(std::regex_replace(text, stack, "at most N bytes of stack"), constant,
                            "$1N");
}

}  // namespace

namespace {

void check_stored(const Compiled& made, const fs::path& stored_folder) {
  if (std::getenv("LINNET_UPDATE_GOLDEN") != nullptr) {
    fs::remove_all(stored_folder);
    fs::create_directories(stored_folder);
    for (const auto& [path, text] : made.files) {
      if (is_golden(path))
        std::ofstream(stored_folder / (path + ".golden"), std::ios::binary)
            << without_measurements(text);
    }
  }
  std::size_t compared = 0;
  for (const auto& [path, text] : made.files) {
    if (!is_golden(path)) continue;
    ++compared;
    INFO(path << ": LINNET_UPDATE_GOLDEN=1 stores what is generated now");
    CHECK(without_measurements(text) == read(stored_folder / (path + ".golden")));
  }
  std::size_t stored = 0;
  for (const auto& entry : fs::directory_iterator(stored_folder))
    stored += entry.is_regular_file() ? 1 : 0;
  CHECK(compared == stored);
}

}  // namespace

TEST_CASE("generated code of a tiny network is as stored") {
  check_stored(testing::compile_tiny("stm32h743", {"tiny", true, WeightsFormat::cpp}),
               kFolder / "tiny");
  PlanOptions rows;
  rows.input_rows = true;
  check_stored(testing::compile_tiny("cortex-m7", {"tiny_rows", true, WeightsFormat::cpp}, rows),
               kFolder / "tiny_rows");
}

TEST_CASE("only the runtime files that are used come along, and all of them") {
  const Compiled made = testing::compile_tiny("cortex-m7", {"tiny", true, WeightsFormat::cpp});
  CHECK(made.files.contains("linnet/rows.h"));
  CHECK(made.files.contains("linnet/kernels/lut_s8.h"));
  CHECK_FALSE(made.files.contains("linnet/kernels/softmax_s8.h"));
  constexpr std::string_view kInclude = "#include \"";
  std::size_t resolved = 0;
  for (const auto& [path, text] : made.files) {
    for (std::size_t at = text.find(kInclude); at != std::string::npos;
         at = text.find(kInclude, at + 1)) {
      const std::size_t begin = at + kInclude.size();
      const std::string included = text.substr(begin, text.find('"', begin) - begin);
      INFO(path << " includes " << included);
      // Beside the file that includes it, so that no include path is needed and none can mislead.
      CHECK(made.files.contains(
          (fs::path(path).parent_path() / included).lexically_normal().generic_string()));
      ++resolved;
    }
  }
  CHECK(resolved > made.files.size());
  const Compiled external = testing::compile_tiny("cortex-m7", {"tiny", false, WeightsFormat::cpp});
  for (const auto& [path, text] : external.files) CHECK_FALSE(path.starts_with("linnet/"));
}

TEST_CASE("generated code names no date and no folder") {
  for (const auto& [word, kind] : package_kinds()) {
    EmitOptions options{"tiny", true, WeightsFormat::cpp};
    options.package.kind = kind;
    const Compiled made = testing::compile_tiny("cortex-m7", options);
    const Compiled again = testing::compile_tiny("cortex-m7", options);
    CHECK(made.files == again.files);
    for (const auto& [path, text] : made.files) {
      INFO(word << ": " << path);
      CHECK(text.find(LINNET_SOURCE_DIR) == std::string::npos);
      CHECK(text.find("__DATE__") == std::string::npos);
    }
  }
}
