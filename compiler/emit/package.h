// Output packages: a generated network in the layout, and with the metadata, that a build system's users expect.
//
//   kind         sources in   metadata
//   cmake        .            CMakeLists.txt
//   make         .            Makefile
//   cmsis-pack   src/         VENDOR.NAME.pdsc, and all of it as VENDOR.NAME.VERSION.pack
//   platformio   src/         library.json
//   arduino      src/         library.properties
//   zephyr       src/         zephyr/module.yml, zephyr/CMakeLists.txt, zephyr/Kconfig
//   esp-idf      src/         idf_component.yml, CMakeLists.txt
//
// report.json is at the top of each, and says which kind it is: `linnet profile`, `inspect` and `labels` go by that. All
// kinds but cmake also get LICENSE, README.md and an example that calls self_test().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/emit/render.h"
#include "compiler/support/result.h"

namespace linnet {

enum class PackageKind : std::uint8_t {
  cmake,
  make,
  cmsis_pack,
  platformio,
  arduino,
  zephyr,
  esp_idf
};

struct PackageOptions {
  PackageKind kind = PackageKind::cmake;
  std::string vendor = "Linnet";  // letters, digits, '-' and '_'
  std::string url{};              // of the package's page; may be empty
};

// As on the command line.
const std::vector<std::pair<std::string, PackageKind>>& package_kinds();
std::string_view to_string(PackageKind kind);
// None for a word that names no kind.
std::optional<PackageKind> package_kind(std::string_view word);

// Where a package has its sources: "src/", or "" for the top.
std::string_view source_folder(PackageKind kind);

// A package's version: that of Linnet and the model's hash, "0.1.0+1a2b3c4d".
std::string package_version(std::string_view sha256);

// E530, E531, E532: what a kind cannot take.
Result<Nothing> check_package(const PackageOptions& package, const std::string& name,
                              bool bundle_runtime, bool weights_in_binary);

// The same sources where the package has them. Some kinds have no place for compiler flags in their metadata: there each
// source begins with a header that says them.
std::map<std::string, std::string> placed_sources(
    PackageKind kind, const std::string& name, const std::map<std::string, std::string>& sources);

// A package of sources as the cmake kind has them (NAME.cpp, linnet/rows.h), without report.json. `data` is the network's
// template data.
std::map<std::string, std::string> make_package(const PackageOptions& package,
                                                const std::string& name, std::string_view sha256,
                                                const std::map<std::string, std::string>& sources,
                                                TemplateData data);

inline constexpr std::string_view kArchiveSuffix = ".pack";

// VENDOR.NAME.VERSION.pack, made of the files of a package; none for the kinds that have no archive. Reproducible.
std::map<std::string, std::string> package_archive(const PackageOptions& package,
                                                   const std::string& name,
                                                   const std::map<std::string, std::string>& files);

}  // namespace linnet
