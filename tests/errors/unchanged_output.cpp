// A second run into the same folder touches only what changed: build tools go by a file's time.
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <unistd.h>

#include "compiler/support/write_files.h"

namespace {

namespace fs = std::filesystem;
using namespace linnet;

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a file that would get the bytes that it has keeps its time") {
  const fs::path folder =
      fs::temp_directory_path() / ("linnet_unchanged_" + std::to_string(::getpid()));
  fs::remove_all(folder);
  const std::string binary("a\0b\r\n", 5);
  REQUIRE(write_files(folder, {{"same.txt", binary},
                               {"other.txt", "old"},
                               {"grown.txt", "1"},
                               {"sub/same.txt", ""},
                               {"lost.txt", "back"}}));
  const fs::file_time_type long_ago = fs::file_time_type::clock::now() - std::chrono::hours(10);
  for (const char* name :
       {"same.txt", "other.txt", "grown.txt", "sub/same.txt", "lost.txt", ".linnet_files"})
    fs::last_write_time(folder / name, long_ago);
  fs::remove(folder / "lost.txt");

  REQUIRE(write_files(folder, {{"same.txt", binary},
                               {"other.txt", "new"},
                               {"grown.txt", "12"},
                               {"sub/same.txt", ""},
                               {"lost.txt", "back"}}));
  const auto is_old = [&](const char* name) {
    return fs::last_write_time(folder / name) < long_ago + std::chrono::seconds(2);
  };
  CHECK(is_old("same.txt"));
  CHECK(is_old("sub/same.txt"));
  CHECK(is_old(".linnet_files"));
  CHECK_FALSE(is_old("other.txt"));
  CHECK_FALSE(is_old("grown.txt"));
  CHECK(text_of(folder / "same.txt") == binary);
  CHECK(text_of(folder / "other.txt") == "new");
  CHECK(text_of(folder / "grown.txt") == "12");
  CHECK(text_of(folder / "lost.txt") == "back");

  // Another set of files: the list of what is ours changes, the file that stays does not.
  REQUIRE(write_files(folder, {{"same.txt", binary}}));
  CHECK(is_old("same.txt"));
  CHECK_FALSE(is_old(".linnet_files"));
  CHECK_FALSE(fs::exists(folder / "other.txt"));
  fs::remove_all(folder);
}
