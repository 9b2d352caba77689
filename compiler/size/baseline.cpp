// See baseline.h.
#include "compiler/size/baseline.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace linnet {
namespace {

Json sizes_json(const Sizes& sizes) {
  Json json = Json::object();
  for (const auto& [name, bytes] : sizes) json.set(name, bytes);
  return json;
}

std::int64_t size_from(const Json& json, const std::string& name) {
  const std::int64_t bytes = json.integer();
  constexpr std::int64_t most = std::int64_t{1} << 40;  // sums of them cannot overflow
  if (bytes < 0 || bytes > most) throw JsonError{"'" + name + "' is no size"};
  return bytes;
}

Sizes sizes_from(const Json& json) {
  Sizes sizes;
  for (const auto& [name, bytes] : json.members()) sizes[name] = size_from(bytes, name);
  return sizes;
}

NetworkSize network_from(const std::string& name, const Json& json) {
  const auto bytes = [&](const char* key) { return size_from(json.at(key), key); };
  NetworkSize size;
  size.name = name;
  size.target = json.at("target").text();
  size.dtype = json.at("dtype").text();
  size.model = json.at("model").text();
  size.linnet = json.at("linnet").text();
  size.toolchain = json.at("toolchain").text();
  size.text_bytes = bytes("text");
  size.rodata_bytes = bytes("rodata");
  size.data_bytes = bytes("data");
  size.bss_bytes = bytes("bss");
  size.stack_bytes = bytes("stack");
  size.deepest_function = json.at("deepest_function").text();
  size.arenas = sizes_from(json.at("arenas"));
  size.peak_layer = json.at("peak_layer").text();
  size.kernel_calls = bytes("kernel_calls");
  size.objects = sizes_from(json.at("objects"));
  size.functions = sizes_from(json.at("functions"));
  size.constants = sizes_from(json.at("constants"));
  for (const auto& [layer, kernel] : json.at("layers").members())
    size.layers.emplace_back(layer, kernel.text());
  return size;
}

}  // namespace

Json network_json(const NetworkSize& size) {
  Json layers = Json::object();
  for (const auto& [name, kernel] : size.layers) layers.set(name, kernel);
  return Json::object({{"target", size.target},
                       {"dtype", size.dtype},
                       {"model", size.model},
                       {"linnet", size.linnet},
                       {"toolchain", size.toolchain},
                       {"text", size.text_bytes},
                       {"rodata", size.rodata_bytes},
                       {"data", size.data_bytes},
                       {"bss", size.bss_bytes},
                       {"stack", size.stack_bytes},
                       {"deepest_function", size.deepest_function},
                       {"arenas", sizes_json(size.arenas)},
                       {"peak_layer", size.peak_layer},
                       {"kernel_calls", size.kernel_calls},
                       {"objects", sizes_json(size.objects)},
                       {"functions", sizes_json(size.functions)},
                       {"constants", sizes_json(size.constants)},
                       {"layers", std::move(layers)}});
}

Result<Baseline> read_baseline(const std::filesystem::path& path) {
  std::error_code ignored;
  std::ifstream file;
  if (!std::filesystem::is_directory(path, ignored)) file.open(path, std::ios::binary);
  if (!file.is_open())  // E508: the baseline cannot be read
    return Diagnostic{"E508",
                      {},
                      {},
                      fmt::format("there is no baseline '{}'", path.string()),
                      "make it from what the networks take now: --update"};
  const std::string text(std::istreambuf_iterator<char>(file), {});
  // E509: the file is not a baseline, or one was edited or merged wrongly
  const auto unusable = [&](const std::string& why) {
    return Diagnostic{"E509",
                      {},
                      {},
                      fmt::format("'{}' is not a baseline of linnet size: {}", path.string(), why),
                      "take it from version control again, or remove it and use --update"};
  };
  const Result<Json> json = parse_json(text);
  if (!json) return unusable(json.diagnostics().front().message);
  try {
    const std::int64_t format = json->at("linnet_size").integer();
    if (format != kBaselineFormat)  // E510: a baseline of another version of Linnet
      return Diagnostic{"E510",
                        {},
                        {},
                        fmt::format("'{}' has format {}, and this linnet reads format {}",
                                    path.string(), format, kBaselineFormat),
                        format > kBaselineFormat ? "use the linnet that wrote it, or a newer one"
                                                 : "remove it and make it again: --update"};
    Baseline baseline;
    std::string network;
    for (const auto& [name, one] : json->at("networks").members()) {
      try {
        baseline[name] = network_from(name, one);
      } catch (const JsonError& error) {
        return unusable("of '" + name + "' " + error.message);
      }
    }
    return baseline;
  } catch (const JsonError& error) {
    return unusable(error.message);
  }
}

bool same_entry(const NetworkSize& before, const NetworkSize& now) {
  NetworkSize as_before = now;
  as_before.linnet = before.linnet;
  as_before.model = before.model;
  return to_text(network_json(before)) == to_text(network_json(as_before));
}

std::string baseline_text(const Baseline& baseline) {
  Json networks = Json::object();
  for (const auto& [name, size] : baseline) networks.set(name, network_json(size));
  return to_text(
             Json::object({{"linnet_size", kBaselineFormat}, {"networks", std::move(networks)}})) +
         "\n";
}

}  // namespace linnet
