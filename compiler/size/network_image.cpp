// See network_image.h.
#include "compiler/size/network_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <tuple>

#include "compiler/emit/render.h"
#include "compiler/size/call_graph.h"
#include "compiler/support/read_text.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/toolchain.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kArenas = "linnet_size_arenas";

// "phinet_weights" for phinet_weights.cpp: the units that make up the network.
std::vector<std::string> units_of(const NetworkSources& network) {
  std::vector<std::string> units;
  for (const auto& [path, text] : network.files) {
    const bool source = path.ends_with(".cpp") || path.ends_with(".S");
    if (!source || path.find('/') != std::string::npos) continue;
    if (path == network.name + "_c.cpp" || path == network.name + "_test_vector.cpp") continue;
    units.push_back(path);
  }
  return units;
}

std::string stem_of(const std::string& unit) { return unit.substr(0, unit.rfind('.')); }

TemplateData image_data(const NetworkSources& network) {
  TemplateList banks;
  for (const std::string& bank : network.banks)
    banks.push_back(
        TemplateData()
            .set("bank", bank)
            .set("address", fmt::format("0x{:x}", 0x60000000U + 0x10000000U * (banks.size() % 8))));
  TemplateData data;
  data.set("name", network.name).set("banks", std::move(banks));
  return data;
}

Diagnostic cannot_build(const NetworkSources& network, const Process& process,
                        const Finished& finished) {
  const std::string& said = finished.output;
  for (const char* missing : {"nano.specs: No such file", "cannot find -lc", "cannot find -lstdc++",
                              "fatal error: cstddef", "fatal error: cstdint",
                              "fatal error: string.h", "fatal error: cstring"}) {
    if (said.find(missing) == std::string::npos) continue;
    return {"E401",
            {},
            {},
            "arm-none-eabi-g++ has no C and C++ library, which the generated code is linked with",
            "apt-get install libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib"};
  }
  const std::string what = finished.started ? said : "nothing: it cannot be started";
  if (!network.origin.empty())  // E512: a folder's sources were changed and do not build
    return {"E512",
            {},
            {},
            fmt::format("the sources in '{}' do not build: {} says\n{}", network.origin.string(),
                        command_line(process), what),
            "compile the model again"};
  return {"E910",
          {},
          {},
          fmt::format("the generated code does not build: {} in {} says\n{}", command_line(process),
                      process.folder.string(), what),
          {}};
}

// Processes with the network that each is about.
struct Batch {
  std::vector<Process> processes;
  std::vector<std::size_t> networks;

  void add(Process process, std::size_t network) {
    processes.push_back(std::move(process));
    networks.push_back(network);
  }
  // Their outputs, or what is wrong with the first that fails.
  Result<std::vector<std::string>> run(const std::vector<NetworkSources>& sources) const {
    std::vector<Finished> finished = run_processes(processes);
    std::vector<std::string> outputs;
    for (std::size_t i = 0; i < finished.size(); ++i) {
      if (!finished[i].succeeded())
        return cannot_build(sources[networks[i]], processes[i], finished[i]);
      outputs.push_back(std::move(finished[i].output));
    }
    return outputs;
  }
};

// "00000000 T _ZN6phinet3runERKNS_6ArenasE": C++ functions that other units may call.
std::vector<std::string> public_functions(std::string_view listing, const std::string& name) {
  std::vector<std::string> functions;
  std::istringstream lines{std::string(listing)};
  const std::string prefix = fmt::format("_ZN{}{}", name.size(), name);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string address;
    std::string kind;
    std::string symbol;
    if (!(fields >> address >> kind >> symbol)) continue;
    if (kind == "T" && symbol.starts_with(prefix)) functions.push_back(symbol);
  }
  return functions;
}

bool take_hex(std::string_view text, std::int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return error == std::errc() && end == text.data() + text.size();
}

// Of `objdump -h`: two lines a section.
//   0 .text         00003628  08000000  08000000  00010000  2**2
//                   CONTENTS, ALLOC, LOAD, READONLY, CODE
void take_section(const std::string& line, const std::string& flags, NetworkImage& image) {
  std::istringstream fields(line);
  std::string index;
  std::string name;
  std::string size;
  std::int64_t bytes = 0;
  if (!(fields >> index >> name >> size) || !take_hex(size, bytes)) return;
  const auto has = [&](const char* flag) { return flags.find(flag) != std::string::npos; };
  constexpr std::string_view arena = ".linnet.";
  if (!has("ALLOC")) return;
  if (name.starts_with(arena)) {
    image.arena_bytes[name.substr(arena.size())] += bytes;
  } else if (has("CODE")) {
    image.text_bytes += bytes;
  } else if (!has("LOAD")) {
    image.bss_bytes += bytes;
  } else {
    (has("READONLY") ? image.rodata_bytes : image.data_bytes) += bytes;
  }
}

// Of `objdump -t -C`:
//   08000340 g     F .text	00000392 phinet::run(phinet::Arenas const&)
void take_symbol(const std::string& line, NetworkImage& image) {
  const std::size_t tab = line.find('\t');
  if (tab == std::string::npos || tab < 18) return;
  ImageSymbol symbol;
  std::int64_t address = 0;
  if (!take_hex(line.substr(0, 8), address)) return;
  const std::string kind = line.substr(9, 7);
  symbol.function = kind.find('F') != std::string::npos;
  if (!symbol.function && kind.find('O') == std::string::npos) return;
  symbol.section = line.substr(17, tab - 17);
  symbol.address = static_cast<std::uint32_t>(address) & (symbol.function ? ~1U : ~0U);
  const std::size_t space = line.find(' ', tab);
  if (space == std::string::npos || !take_hex(line.substr(tab + 1, space - tab - 1), symbol.bytes))
    return;
  symbol.name = line.substr(line.find_first_not_of(' ', space));
  if (symbol.name.starts_with(".hidden ")) symbol.name.erase(0, 8);
  image.symbols.push_back(std::move(symbol));
}

void take_listing(const std::string& listing, NetworkImage& image) {
  std::istringstream lines(listing);
  bool symbols = false;
  std::string before;
  for (std::string line; std::getline(lines, line); before = line) {
    if (line.starts_with("SYMBOL TABLE:")) symbols = true;
    if (symbols) {
      take_symbol(line, image);
    } else if (line.find("ALLOC") != std::string::npos) {
      take_section(before, line, image);
    }
  }
  // Constructors and their like have two names: one of them is enough.
  const auto place = [](const ImageSymbol& s) { return std::tie(s.section, s.address); };
  std::stable_sort(image.symbols.begin(), image.symbols.end(), [&](const auto& a, const auto& b) {
    return place(a) < place(b) || (place(a) == place(b) && a.name < b.name);
  });
  image.symbols.erase(
      std::unique(image.symbols.begin(), image.symbols.end(),
                  [&](const auto& a, const auto& b) { return place(a) == place(b); }),
      image.symbols.end());
}

// False when functions call themselves.
bool take_stack(const std::vector<std::string>& units, const fs::path& folder,
                const std::vector<std::string>& functions, NetworkImage& image) {
  CallGraph graph;
  for (const std::string& unit : units) {
    const fs::path file = folder / (stem_of(unit) + ".ci");
    std::error_code error;
    if (fs::exists(file, error)) add_call_graph(read_text(file), graph);
  }
  add_calls_through_pointers(graph);
  for (const std::string& function : functions) {
    const std::optional<DeepestCall> deepest = deepest_call(graph, function);
    if (!deepest) return false;
    if (deepest->bytes <= image.stack_bytes) continue;
    image.stack_bytes = deepest->bytes;
    image.deepest_function = deepest->function;
  }
  return true;
}

}  // namespace

Result<SizeTools> find_size_tools() {
  Diagnostics missing;
  Toolchain core = find_core_compiler(2, missing);
  SizeTools tools;
  tools.objdump = find_tool(
      {"arm-none-eabi-objdump", "binutils-arm-none-eabi", "to read the image's sections"}, missing);
  tools.nm = find_tool(
      {"arm-none-eabi-nm", "binutils-arm-none-eabi", "to find the network's public functions"},
      missing);
  if (!missing.empty()) return missing;
  tools.compiler = core.compiler;
  tools.toolchain = core.compiler_version + " -O2";
  tools.compile_flags = std::move(core.compile_flags);
  for (std::string& flag : core.link_flags)  // one network alone needs no warnings about an entry
    if (flag != "-Wl,--fatal-warnings") tools.link_flags.push_back(std::move(flag));
  return tools;
}

Result<std::vector<NetworkImage>> build_network_images(const std::vector<NetworkSources>& networks,
                                                       const fs::path& folder,
                                                       const SizeTools& tools) {
  const auto folder_of = [&](std::size_t n) { return folder / std::to_string(n); };
  Batch compilations;
  std::vector<std::vector<std::string>> units(networks.size());
  for (std::size_t n = 0; n < networks.size(); ++n) {
    Files files = networks[n].files;
    files[std::string(kArenas) + ".cpp"] = render("size/arenas.cpp", image_data(networks[n]));
    files["network.ld"] = render("size/network.ld", image_data(networks[n]));
    if (const Result<WrittenFiles> written = write_files(folder_of(n), files); !written)
      return written.diagnostics();
    units[n] = units_of(networks[n]);
    std::vector<std::string> all = units[n];
    all.push_back(std::string(kArenas) + ".cpp");
    for (const std::string& unit : all) {
      Process process{{tools.compiler}, folder_of(n)};
      append(process.arguments, tools.compile_flags);
      append(process.arguments, {"-I.", "-fcallgraph-info=su"});
      append(process.arguments, {"-c", unit, "-o", stem_of(unit) + ".o"});
      compilations.add(std::move(process), n);
    }
  }
  if (const auto compiled = compilations.run(networks); !compiled) return compiled.diagnostics();

  Batch listings;
  for (std::size_t n = 0; n < networks.size(); ++n) {
    Process process{{tools.nm, "--defined-only", "-g"}, folder_of(n)};
    for (const std::string& unit : units[n]) process.arguments.push_back(stem_of(unit) + ".o");
    listings.add(std::move(process), n);
  }
  const Result<std::vector<std::string>> listed = listings.run(networks);
  if (!listed) return listed.diagnostics();

  Batch links;
  std::vector<std::vector<std::string>> functions;
  for (std::size_t n = 0; n < networks.size(); ++n) {
    functions.push_back(public_functions((*listed)[n], networks[n].name));
    Process link{{tools.compiler}, folder_of(n)};
    for (const std::string& unit : units[n]) link.arguments.push_back(stem_of(unit) + ".o");
    link.arguments.push_back(std::string(kArenas) + ".o");
    append(link.arguments, tools.link_flags);
    for (const std::string& function : functions.back())
      link.arguments.push_back("-Wl,-u," + function);
    append(link.arguments, {"-Wl,-e,0", "-Wl,-z,noexecstack", "-Wl,-T,network.ld",
                            "-Wl,-Map=image.map", "-o", "image"});
    links.add(std::move(link), n);
  }
  if (const auto linked = links.run(networks); !linked) return linked.diagnostics();

  Batch dumps;
  for (std::size_t n = 0; n < networks.size(); ++n)
    dumps.add({{tools.objdump, "-h", "-t", "-C", "image"}, folder_of(n)}, n);
  const Result<std::vector<std::string>> dumped = dumps.run(networks);
  if (!dumped) return dumped.diagnostics();

  std::vector<NetworkImage> images(networks.size());
  for (std::size_t n = 0; n < networks.size(); ++n) {
    take_listing((*dumped)[n], images[n]);
    images[n].objects = read_object_sizes(read_text(folder_of(n) / "image.map"));
    if (take_stack(units[n], folder_of(n), functions[n], images[n])) continue;
    // E513: functions of a folder were changed so that they call themselves
    return Diagnostic{
        "E513",
        {},
        {},
        fmt::format("functions of '{}' call themselves: its stack has no bound", networks[n].name),
        "compile the model again"};
  }
  return images;
}

}  // namespace linnet
