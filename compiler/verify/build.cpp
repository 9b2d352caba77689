// Writes the files and calls the compiler; see build.h.
#include "compiler/verify/build.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <fstream>
#include <set>
#include <sstream>

#include "compiler/emit/render.h"
#include "compiler/emit/runtime_files.h"
#include "compiler/emit/text.h"
#include "compiler/support/embedded_files.h"
#include "compiler/verify/subprocess.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBoard = "boards/mps2_an500/";
constexpr std::string_view kHarness = "templates/harness/";

Result<Nothing> put_file(const fs::path& path, std::string_view text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.flush())  // E590: the temporary folder cannot be written
    return Diagnostic{"E590",
                      {},
                      {},
                      fmt::format("{} cannot be written", path.string()),
                      "set TMPDIR to a folder with room"};
  return ok();
}

// What all output of this module consists of: files below a folder.
Result<Nothing> put_files(const fs::path& folder, const Files& files) {
  for (const auto& [path, text] : files) {
    const Result<Nothing> written = put_file(folder / path, text);
    if (!written) return written.diagnostics();
  }
  return ok();
}

std::string bytes_of(const std::vector<TensorType>& types) {
  std::vector<std::int64_t> bytes;
  for (const TensorType& type : types) bytes.push_back(type.bytes());
  if (bytes.empty()) bytes.push_back(0);  // no empty arrays in C++
  return fmt::format("{}", fmt::join(bytes, ", "));
}

TemplateList detection_data(const NetworkUnderTest& network) {
  if (!network.detection) return {};
  const DetectionUnderTest& called = *network.detection;
  return {TemplateData()
              .set("score_threshold", float_literal(called.score_threshold))
              .set("iou_threshold", float_literal(called.iou_threshold))
              .set("capacity", called.capacity)
              .set("detection_bytes", called.detection_bytes)
              .set("mask_bytes", called.mask_bytes)
              .set("masks", called.mask_bytes > 0)};
}

std::string networks_source(const std::vector<NetworkUnderTest>& networks) {
  std::map<std::string, std::vector<std::string>> sizes_of_bank;
  TemplateList list;
  for (const NetworkUnderTest& network : networks) {
    std::vector<std::string> arenas;
    for (const std::string& bank : network.banks) {
      arenas.push_back(bank + "_arena");
      sizes_of_bank[bank].push_back(fmt::format("{}::kArenaBytes.{}", network.name, bank));
    }
    list.push_back(TemplateData()
                       .set("name", network.name)
                       .set("has_detection", network.detection.has_value())
                       .set("detection", detection_data(network))
                       .set("input_rows", network.input_rows)
                       .set("input_whole", !network.input_rows)
                       .set("arenas", fmt::format("{}", fmt::join(arenas, ", ")))
                       .set("input_bytes", bytes_of(network.inputs))
                       .set("output_bytes", bytes_of(network.outputs))
                       .set("input_count", static_cast<std::int64_t>(network.inputs.size()))
                       .set("output_count", static_cast<std::int64_t>(network.outputs.size())));
  }
  TemplateList banks;
  for (const auto& [bank, sizes] : sizes_of_bank)
    banks.push_back(TemplateData()
                        .set("bank", bank)
                        .set("section", ".linnet." + bank)
                        .set("sizes", fmt::format("{}", fmt::join(sizes, ", "))));
  const auto bank_count = static_cast<std::int64_t>(banks.size());
  TemplateData data;
  data.set("network_count", static_cast<std::int64_t>(networks.size()))
      .set("bank_count", bank_count)
      .set("networks", std::move(list))
      .set("banks", std::move(banks));
  return render("harness/networks.cpp", data);
}

// The header of hooks that a network is compiled with; empty: none.
std::string hooks_of(const NetworkUnderTest& network, const BuildOptions& options) {
  assert(!(options.trace && options.profile) && "one header of hooks");
  if (options.trace) return network.name + "/hooks.h";
  return options.profile ? "profile_hooks.h" : "";
}

// A translation unit of `NAME/NAME<suffix>` for the networks [first, last).
std::string unit_source(const std::vector<NetworkUnderTest>& networks, std::size_t first,
                        std::size_t last, const char* suffix, const BuildOptions& options) {
  TemplateList files;
  for (std::size_t i = first; i < last; ++i) {
    const std::string& name = networks[i].name;
    if (!networks[i].files.contains(name + suffix)) continue;
    TemplateData file;
    file.set("file", fmt::format("{0}/{0}{1}", name, suffix));
    const std::string hooks = hooks_of(networks[i], options);
    const bool hooked = std::string_view(suffix) == ".cpp" && !hooks.empty();
    file.set("hooks", hooked ? TemplateList{TemplateData().set("hooks", hooks)} : TemplateList{});
    files.push_back(std::move(file));
  }
  return render("harness/unit.cpp", TemplateData().set("files", std::move(files)));
}

struct Sources {
  Files files;
  std::vector<std::string> generated;  // units that make up the networks
  std::vector<std::string> scaffold;   // the rest
};

Sources sources_of(const std::vector<NetworkUnderTest>& networks, const Toolchain& tools,
                   const BuildOptions& options) {
  Sources sources;
  for (const NetworkUnderTest& network : networks) {
    for (const auto& [path, text] : network.files)
      sources.files[path.starts_with("linnet/") ? path : network.name + "/" + path] = text;
    if (options.trace)
      sources.files[network.name + "/hooks.h"] =
          render("harness/hooks.h", TemplateData().set("name", network.name));
  }
  for (const NetworkUnderTest& network : networks) {  // compiled with --weights-format incbin
    const std::string weights = fmt::format("{0}/{0}_weights.S", network.name);
    if (sources.files.contains(weights)) sources.generated.push_back(weights);
  }
  for (std::size_t first = 0; first < networks.size(); first += options.networks_per_unit) {
    const std::size_t last = std::min(networks.size(), first + options.networks_per_unit);
    for (const char* suffix : {".cpp", "_weights.cpp", "_detect.cpp"}) {
      const auto has_file = [&](const NetworkUnderTest& network) {
        return network.files.contains(network.name + suffix);
      };
      if (std::none_of(networks.begin() + static_cast<std::ptrdiff_t>(first),
                       networks.begin() + static_cast<std::ptrdiff_t>(last), has_file))
        continue;
      const std::string unit = fmt::format("unit_{}{}", first, suffix);
      sources.files[unit] = unit_source(networks, first, last, suffix, options);
      sources.generated.push_back(unit);
    }
  }
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path.starts_with(kHarness) && !file.path.ends_with(".mustache"))
      sources.files[fmt::format("harness/{}", file.path.substr(kHarness.size()))] = file.text;
    if (tools.machine == Machine::qemu && file.path.starts_with(kBoard))
      sources.files[fmt::format("board/{}", file.path.substr(kBoard.size()))] = file.text;
  }
  sources.files["harness/networks.cpp"] = networks_source(networks);
  sources.scaffold = {"harness/main.cpp", "harness/networks.cpp"};
  if (tools.machine == Machine::qemu) sources.scaffold.emplace_back("board/startup.cpp");
  return sources;
}

std::string object_of(std::string unit) {
  for (char& c : unit)
    if (c == '/') c = '_';
  return unit + ".o";
}

Diagnostic build_failure(const Process& process, const Finished& finished) {
  // E910: generated code, or the harness around it, does not compile or link
  return {"E910",
          {},
          {},
          fmt::format("the generated code does not build: {} in {} says\n{}", command_line(process),
                      process.folder.string(),
                      finished.started ? finished.output : "nothing: it cannot be started"),
          {}};
}

// Runs all; the first that fails is the failure.
Result<Nothing> run_all(const std::vector<Process>& processes) {
  const std::vector<Finished> finished = run_processes(processes);
  for (std::size_t i = 0; i < processes.size(); ++i)
    if (!finished[i].succeeded()) return build_failure(processes[i], finished[i]);
  return ok();
}

// Sum of the sections of the image that are in flash. A device's flash also holds the first values of .data; in this
// image as on a device they follow the code.
std::int64_t image_flash_bytes(const std::string& listing) {
  const std::set<std::string> in_flash{".text", ".rodata", ".data", ".linnet.weights",
                                       ".linnet.weights_code"};
  std::int64_t total = 0;
  std::istringstream lines(listing);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string section;
    std::int64_t size = 0;
    if (fields >> section >> size && in_flash.contains(section)) total += size;
  }
  return total;
}

// text + data of the objects, as the second and third line of `size` give them: "text data bss dec hex filename".
std::int64_t object_flash_bytes(const std::string& listing) {
  std::int64_t total = 0;
  std::istringstream lines(listing);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::int64_t text = 0;
    std::int64_t data = 0;
    if (fields >> text >> data) total += text + data;
  }
  return total;
}

FlashUse measure_flash(const Sources& sources, const fs::path& folder, const Toolchain& tools) {
  std::vector<std::string> objects{tools.size_tool};
  for (const std::string& unit : sources.generated) objects.push_back(object_of(unit));
  const std::vector<Finished> sizes =
      run_processes({{{tools.size_tool, "-A", "image"}, folder}, {objects, folder}});
  return {image_flash_bytes(sizes[0].output), object_flash_bytes(sizes[1].output)};
}

}  // namespace

const char* file_name(LinkerScript script) {
  return script == LinkerScript::banks ? "banks.ld" : "open.ld";
}

LinkerScript linker_script_for(std::string_view target) {
  return target == "stm32h743" ? LinkerScript::banks : LinkerScript::open;
}

Result<Image> build(const std::vector<NetworkUnderTest>& networks, const fs::path& folder,
                    const Toolchain& tools, const BuildOptions& options) {
  const Sources sources = sources_of(networks, tools, options);
  if (const Result<Nothing> written = put_files(folder, sources.files); !written)
    return written.diagnostics();

  const bool board = tools.machine == Machine::qemu;
  std::vector<std::string> units = sources.generated;
  append(units, sources.scaffold);
  std::vector<Process> compilations;
  std::vector<std::string> objects;
  for (const std::string& unit : units) {
    Process process;
    process.folder = folder;
    process.arguments = {tools.compiler};
    append(process.arguments, tools.compile_flags);
    append(process.arguments, options.extra_flags);
    append(process.arguments, {"-I.", "-Iharness"});
    if (unit.ends_with(".S")) process.arguments.push_back("-I" + unit.substr(0, unit.find('/')));
    if (options.trace) process.arguments.emplace_back("-DLINNET_HARNESS_TRACE");
    if (options.profile) process.arguments.emplace_back("-DLINNET_HARNESS_PROFILE");
    if (board)
      append(process.arguments, {"-Iboard", "-DLINNET_WEIGHTS_SECTION=\".linnet.weights\""});
    objects.push_back(object_of(unit));
    append(process.arguments, {"-c", unit, "-o", objects.back()});
    compilations.push_back(std::move(process));
  }
  if (const Result<Nothing> compiled = run_all(compilations); !compiled)
    return compiled.diagnostics();

  Process link;
  link.folder = folder;
  link.arguments = {tools.compiler};
  append(link.arguments, objects);
  append(link.arguments, tools.link_flags);
  append(link.arguments, options.extra_flags);
  if (board) {
    // Assembler files (weights, newlib's) do not all say that the stack holds no code.
    link.arguments.emplace_back("-Wl,-z,noexecstack");
    append(link.arguments, {"-T", fmt::format("board/{}", file_name(options.script))});
    if (options.script == LinkerScript::open)
      link.arguments.emplace_back("-Wl,--enable-non-contiguous-regions");
  }
  if (options.profile) link.arguments.emplace_back("-Wl,-Map=image.map");
  append(link.arguments, {"-o", "image"});
  if (const Result<Nothing> linked = run_all({link}); !linked) return linked.diagnostics();

  Image image{folder, folder / "image", {}};
  if (board) image.flash = measure_flash(sources, folder, tools);
  return image;
}

}  // namespace linnet
