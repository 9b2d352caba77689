// Networks to sizes; see size.h.
#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <numeric>
#include <regex>

#include "compiler/profile/generated.h"
#include "compiler/profile/listing.h"
#include "compiler/size/network_image.h"
#include "compiler/size/size.h"
#include "compiler/verify/temporary_folder.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kModelDigits = 16;

struct Generated {
  Report report;
  NetworkSources sources;
};

// The code: that of a folder, or made from a model.
Result<Generated> generate_code(const CompileOptions& options, const PipelineHooks& hooks) {
  Generated made;
  std::error_code ignored;
  if (fs::is_directory(options.model, ignored)) {
    Result<GeneratedFiles> read = read_generated_files(options.model);
    if (!read) return read.diagnostics();
    made = {std::move(read->report), {{}, std::move(read->files), {}, options.model}};
    for (const char* suffix : {".hpp", ".cpp"})
      if (!made.sources.files.contains(made.report.name + suffix))
        return Diagnostic{"E505",
                          {},
                          {},
                          fmt::format("'{}{}' is missing", made.report.name, suffix),
                          "compile the model again"};
  } else {
    CompileOptions complete = options;  // the build needs everything in one folder
    complete.bundle_runtime = true;
    Result<Compiled> compiled = compile_network(complete, hooks);
    if (!compiled) return compiled.diagnostics();
    made = {std::move(compiled->report), {{}, std::move(compiled->files), {}, {}}};
  }
  made.sources.name = made.report.name;
  for (const ReportBank& bank : made.report.banks)
    if (bank.used_bytes > 0) made.sources.banks.push_back(bank.name);
  return made;
}

// "call_38" -> 38 for "call_"; -1 when it is no such name.
std::int64_t index_after(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return -1;
  name.remove_prefix(prefix.size());
  std::int64_t index = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  return error == std::errc() && end == name.data() + name.size() ? index : -1;
}

std::string without_network(std::string name, const std::string& network) {
  const std::string prefix = network + "::";
  for (std::size_t at = name.find(prefix); at != std::string::npos; at = name.find(prefix, at)) {
    const bool inside = at > 0 && (std::isalnum(static_cast<unsigned char>(name[at - 1])) != 0 ||
                                   name[at - 1] == '_' || name[at - 1] == ':');
    if (inside)
      at += prefix.size();
    else
      name.erase(at, prefix.size());
  }
  return name;
}

// Layers may share a name: the second is "NAME #2".
Layers named_layers(const Report& report) {
  Layers layers;
  std::map<std::string, int> seen;
  for (const ReportLayer& layer : report.layers) {
    const int count = ++seen[layer.name];
    layers.emplace_back(count == 1 ? layer.name : fmt::format("{} #{}", layer.name, count),
                        layer.kernel);
  }
  return layers;
}

// "unit.cpp:_ZN6linnet2dw3runEv.isra.0" -> "linnet::dw::run(void) [clone .isra.0]"
std::string demangled_title(const std::string& title) {
  const std::string symbol = title.substr(title.rfind(':') + 1);
  int status = 0;
  char* text = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  std::string name = status == 0 && text != nullptr ? text : symbol;
  std::free(text);  // NOLINT: __cxa_demangle allocates so
  return name;
}

// The hash of the runtime, of "#define LINNET_VERSION_NAMESPACE v0_1_0_2abd1797"; "" in a runtime that has none.
std::string runtime_hash(const Files& files) {
  const auto version = files.find("linnet/version.h");
  if (version == files.end()) return {};
  static const std::regex spelled(R"(\bv[0-9]+_[0-9]+_[0-9]+_([0-9a-f]{8})\b)");
  std::smatch found;
  return std::regex_search(version->second, found, spelled) ? " " + found[1].str() : "";
}

NetworkSize size_of(const Report& report, const NetworkSources& sources, const NetworkImage& image,
                    const SizeTools& tools) {
  NetworkSize size;
  size.name = report.name;
  size.target = report.target;
  size.dtype = report.dtype;
  size.linnet = report.tool_version + runtime_hash(sources.files);
  size.toolchain = tools.toolchain;
  size.model = report.sha256.substr(0, kModelDigits);
  size.text_bytes = image.text_bytes;
  size.rodata_bytes = image.rodata_bytes;
  size.data_bytes = image.data_bytes;
  size.bss_bytes = image.bss_bytes;
  size.stack_bytes = image.stack_bytes;
  size.arenas = image.arena_bytes;
  size.layers = named_layers(report);
  for (const ReportLayer& layer : report.layers)
    size.kernel_calls = std::max(size.kernel_calls, layer.last_step + 1);
  size.peak_layer = report.peak_layer;
  size.deepest_function =
      function_key(demangled_title(image.deepest_function), report.name, size.layers);
  for (const ObjectSize& object : image.objects) {
    for (const auto& [section, bytes] :
         {std::pair("text", object.text_bytes), std::pair("rodata", object.rodata_bytes),
          std::pair("data", object.data_bytes), std::pair("bss", object.bss_bytes)})
      if (bytes > 0) size.objects[fmt::format("{} {}", object.object, section)] = bytes;
  }
  std::int64_t named_text = 0;
  for (const ImageSymbol& symbol : image.symbols) {
    if (symbol.function && symbol.section == ".text") {
      size.functions[function_key(symbol.name, report.name, size.layers)] += symbol.bytes;
      named_text += symbol.bytes;
    } else if (!symbol.function && symbol.section == ".rodata") {
      size.constants[constant_key(symbol.name, report.name)] += symbol.bytes;
    }
  }
  if (image.text_bytes > named_text)
    size.functions[kBetweenFunctions] = image.text_bytes - named_text;
  return size;
}

}  // namespace

std::int64_t NetworkSize::arena_bytes() const {
  return std::accumulate(arenas.begin(), arenas.end(), std::int64_t{0},
                         [](std::int64_t sum, const auto& arena) { return sum + arena.second; });
}

std::string function_key(const std::string& demangled, const std::string& network,
                         const Layers& layers) {
  std::string name = without_network(short_function_name(demangled), network);
  const std::int64_t call = index_after(name, "call_");
  if (call >= 0 && static_cast<std::size_t>(call) < layers.size())
    return fmt::format("call of layer '{}'", layers[static_cast<std::size_t>(call)].first);
  return name;
}

std::string constant_key(const std::string& demangled, const std::string& network) {
  std::string name = without_network(short_function_name(demangled), network);
  if (index_after(name, "layer_") >= 0) return "parameters of layers";
  if (!name.starts_with("w_") && !name.starts_with("t_")) return name;
  const std::size_t number = name.rfind('_');
  const bool numbered = number > 1 && index_after(name.substr(number + 1), "") >= 0;
  return numbered ? name.substr(0, number) : name;
}

Result<std::vector<NetworkSize>> measure_sizes(const std::vector<CompileOptions>& networks,
                                               const PipelineHooks& hooks) {
  const Result<SizeTools> tools = find_size_tools();
  if (!tools) return tools.diagnostics();
  std::vector<Report> reports;
  std::vector<NetworkSources> sources;
  std::map<std::string, fs::path> names;
  for (const CompileOptions& options : networks) {
    Result<Generated> made = generate_code(options, hooks);
    if (!made) {
      Diagnostics of_model = made.diagnostics();
      if (networks.size() > 1)  // which of them
        for (Diagnostic& one : of_model) one.message = options.model.string() + ": " + one.message;
      return of_model;
    }
    const auto [at, is_new] = names.emplace(made->report.name, options.model);
    if (!is_new)  // E511: two networks of one run have the same name
      return Diagnostic{"E511",
                        {},
                        {},
                        fmt::format("'{}' and '{}' are both called '{}'", at->second.string(),
                                    options.model.string(), at->first),
                        "compile one of them with another --name and give its folder"};
    reports.push_back(std::move(made->report));
    sources.push_back(std::move(made->sources));
  }
  if (hooks.progress) hooks.progress("build for the Cortex-M7");
  const TemporaryFolder folder;
  if (folder.path().empty())
    return Diagnostic{"E590", {}, {}, "no temporary folder can be made", "set TMPDIR"};
  const Result<std::vector<NetworkImage>> images =
      build_network_images(sources, folder.path(), *tools);
  if (!images) return images.diagnostics();
  std::vector<NetworkSize> sizes;
  for (std::size_t n = 0; n < images->size(); ++n) {
    sizes.push_back(size_of(reports[n], sources[n], (*images)[n], *tools));
  }
  std::sort(sizes.begin(), sizes.end(),
            [](const NetworkSize& a, const NetworkSize& b) { return a.name < b.name; });
  return sizes;
}

}  // namespace linnet
