// See package.h. The texts are templates/packages/KIND/*.
#include "compiler/emit/package.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "compiler/emit/runtime_files.h"
#include "compiler/emit/text.h"
#include "compiler/support/version.h"
#include "compiler/support/zip.h"

namespace linnet {
namespace {

using Texts = std::map<std::string, std::string>;

// A template and the file that it becomes; "NAME" and "VENDOR" in the path stand for the package's own.
struct PackageText {
  PackageKind kind;
  const char *text, *path;
};

constexpr PackageText kPackageTexts[] = {
    {PackageKind::make, "make/Makefile", "Makefile"},
    {PackageKind::make, "make/README.md", "README.md"},
    {PackageKind::make, "self_test.cpp", "NAME_self_test.cpp"},
    {PackageKind::cmsis_pack, "cmsis_pack/package.pdsc", "VENDOR.NAME.pdsc"},
    {PackageKind::cmsis_pack, "cmsis_pack/README.md", "README.md"},
    {PackageKind::cmsis_pack, "flags.h", "src/NAME_flags.h"},
    {PackageKind::cmsis_pack, "self_test.cpp", "templates/NAME_self_test.cpp"},
    {PackageKind::platformio, "platformio/library.json", "library.json"},
    {PackageKind::platformio, "platformio/README.md", "README.md"},
    {PackageKind::platformio, "self_test.cpp", "examples/self_test/main.cpp"},
    {PackageKind::arduino, "arduino/library.properties", "library.properties"},
    {PackageKind::arduino, "arduino/README.md", "README.md"},
    {PackageKind::arduino, "flags.h", "src/NAME_flags.h"},
    {PackageKind::arduino, "arduino/self_test.ino", "examples/self_test/self_test.ino"},
    {PackageKind::zephyr, "zephyr/module.yml", "zephyr/module.yml"},
    {PackageKind::zephyr, "zephyr/CMakeLists.txt", "zephyr/CMakeLists.txt"},
    {PackageKind::zephyr, "zephyr/Kconfig", "zephyr/Kconfig"},
    {PackageKind::zephyr, "zephyr/README.md", "README.md"},
    {PackageKind::zephyr, "zephyr/sample.txt", "samples/self_test/CMakeLists.txt"},
    {PackageKind::zephyr, "zephyr/sample.yaml", "samples/self_test/sample.yaml"},
    {PackageKind::zephyr, "zephyr/prj.conf", "samples/self_test/prj.conf"},
    {PackageKind::zephyr, "zephyr/main.cpp", "samples/self_test/src/main.cpp"},
    {PackageKind::esp_idf, "esp_idf/idf_component.yml", "idf_component.yml"},
    {PackageKind::esp_idf, "esp_idf/CMakeLists.txt", "CMakeLists.txt"},
    {PackageKind::esp_idf, "esp_idf/README.md", "README.md"},
    {PackageKind::esp_idf, "esp_idf/example.txt", "examples/self_test/CMakeLists.txt"},
    {PackageKind::esp_idf, "esp_idf/example_main.txt", "examples/self_test/main/CMakeLists.txt"},
    {PackageKind::esp_idf, "esp_idf/main.cpp", "examples/self_test/main/main.cpp"},
};

std::string with_names(std::string path, const std::string& name, const std::string& vendor) {
  for (const auto& [word, meaning] : {std::pair("VENDOR", &vendor), std::pair("NAME", &name)}) {
    const std::size_t at = path.find(word);
    if (at != std::string::npos) path.replace(at, std::string_view(word).size(), *meaning);
  }
  return path;
}

// Kinds whose metadata has no place for compiler flags.
bool says_flags_in_source(PackageKind kind) {
  return kind == PackageKind::cmsis_pack || kind == PackageKind::arduino;
}

bool is_source(std::string_view path) { return path.ends_with(".cpp") || path.ends_with(".S"); }

// Behind the comment that a generated file begins with.
std::string with_flags_header(const std::string& text, const std::string& name) {
  std::size_t at = 0;
  while (text.compare(at, 2, "//") == 0) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return text.substr(0, at) + "#include \"" + name + "_flags.h\"\n" + text.substr(at);
}

TemplateList file_list(const std::vector<std::string>& paths) {
  TemplateList list;
  for (const std::string& path : paths) {
    list.push_back(TemplateData()
                       .set("file", path)
                       .set("language", path.ends_with(".S") ? "asm" : "cpp")
                       .set("last", &path == &paths.back())
                       .set("next", &path != &paths.back()));
  }
  return list;
}

void set_package(TemplateData& data, const PackageOptions& package, const std::string& name,
                 std::string_view sha256, const Texts& sources) {
  std::vector<std::string> parts;    // what is compiled into the network
  std::vector<std::string> headers;  // what an application includes
  for (const auto& [path, text] : sources) {
    if (path.find('/') != std::string::npos || path.starts_with(name + "_test_vector")) continue;
    if (is_source(path)) parts.push_back(path);
    if (path.ends_with(".hpp") || path.ends_with(".h")) headers.push_back(path);
  }
  const std::string version = package_version(sha256);
  data.set("vendor", package.vendor)
      .set("url", package.url)
      .set("has_url", !package.url.empty())
      .set("page", package.url.empty() ? "about:blank" : package.url)
      .set("version", version)
      .set("plain_version", std::string(kVersion))
      .set("sha256_short", std::string(sha256.substr(0, 8)))
      .set("parts", file_list(parts))
      .set("headers", file_list(headers))
      .set("binary_weights", sources.contains(name + "_weights.bin"));
}

}  // namespace

const std::vector<std::pair<std::string, PackageKind>>& package_kinds() {
  static const std::vector<std::pair<std::string, PackageKind>> kinds{
      {"cmake", PackageKind::cmake},
      {"cmsis-pack", PackageKind::cmsis_pack},
      {"platformio", PackageKind::platformio},
      {"arduino", PackageKind::arduino},
      {"zephyr", PackageKind::zephyr},
      {"esp-idf", PackageKind::esp_idf},
      {"make", PackageKind::make}};
  return kinds;
}

std::string_view to_string(PackageKind kind) {
  for (const auto& [word, meaning] : package_kinds())
    if (meaning == kind) return word;
  return "";
}

std::optional<PackageKind> package_kind(std::string_view word) {
  for (const auto& [known, meaning] : package_kinds())
    if (known == word) return meaning;
  return std::nullopt;
}

std::string_view source_folder(PackageKind kind) {
  return kind == PackageKind::cmake || kind == PackageKind::make ? "" : "src/";
}

std::string package_version(std::string_view sha256) {
  return fmt::format("{}+{}", kVersion, sha256.substr(0, 8));
}

Result<Nothing> check_package(const PackageOptions& package, const std::string& name,
                              bool bundle_runtime, bool weights_in_binary) {
  const PackageKind kind = package.kind;
  const bool alone = kind == PackageKind::cmsis_pack || kind == PackageKind::platformio ||
                     kind == PackageKind::arduino;
  if (!bundle_runtime && alone)  // E530: a package that can name no folder outside itself
    return Diagnostic{"E530", "", "",
                      fmt::format("a package for {} holds all that it needs: --runtime external "
                                  "does not go with it",
                                  to_string(kind)),
                      "leave --runtime out, or take --package cmake, make, zephyr or esp-idf"};
  if (weights_in_binary && kind == PackageKind::arduino)  // E531: nothing tells the assembler where
    return Diagnostic{"E531", "", "",
                      "Arduino's cores do not all give the assembler an include path, by which it "
                      "finds the weights of --weights-format incbin",
                      "leave --weights-format out"};
  constexpr std::size_t kLongestComponent = 32;  // of a Csub
  if (kind == PackageKind::cmsis_pack && name.size() > kLongestComponent)
    // E532: a name that the ecosystem has its own rules for
    return Diagnostic{"E532", "", "",
                      fmt::format("'{}' is longer than the {} characters of a CMSIS-Pack component",
                                  name, kLongestComponent),
                      "give a shorter --name"};
  if (kind == PackageKind::arduino && upper(name).starts_with("ARDUINO"))
    return Diagnostic{
        "E532", "", "",
        fmt::format("'{}': names of Arduino libraries that begin so are Arduino's own", name),
        "give another --name"};
  return ok();
}

Texts placed_sources(PackageKind kind, const std::string& name, const Texts& sources) {
  Texts placed;
  const std::string folder(source_folder(kind));
  for (const auto& [path, text] : sources) {
    const bool own = path.find('/') == std::string::npos && path.ends_with(".cpp");
    placed[folder + path] =
        own && says_flags_in_source(kind) ? with_flags_header(text, name) : text;
  }
  return placed;
}

Texts make_package(const PackageOptions& package, const std::string& name, std::string_view sha256,
                   const Texts& sources, TemplateData data) {
  Texts files = placed_sources(package.kind, name, sources);
  if (package.kind == PackageKind::cmake) {
    files["CMakeLists.txt"] = render("CMakeLists.txt", data);
    return files;
  }
  set_package(data, package, name, sha256, sources);
  for (const PackageText& text : kPackageTexts) {
    if (text.kind == package.kind)
      files[with_names(text.path, name, package.vendor)] =
          render(std::string("packages/") + text.text, data);
  }
  files["LICENSE"] = embedded_text("LICENSE");
  return files;
}

Texts package_archive(const PackageOptions& package, const std::string& name, const Texts& files) {
  if (package.kind != PackageKind::cmsis_pack) return {};
  // The file's name has no build metadata: so the format wants it.
  return {{fmt::format("{}.{}.{}{}", package.vendor, name, kVersion, kArchiveSuffix),
           zip_archive(files)}};
}

}  // namespace linnet
