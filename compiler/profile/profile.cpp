// See profile.h. One function for each arrow of its picture.
#include "compiler/profile/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "compiler/profile/count_image.h"
#include "compiler/profile/generated.h"
#include "compiler/verify/temporary_folder.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

void say(const PipelineHooks& hooks, std::string_view what) {
  if (hooks.progress) hooks.progress(what);
}

// The generated code: that of the folder, or made from the model.
Result<GeneratedNetwork> generate(const CompileOptions& compile, const PipelineHooks& hooks) {
  std::error_code ignored;
  if (fs::is_directory(compile.model, ignored)) return read_generated_network(compile.model);
  CompileOptions complete = compile;  // the build needs everything in one folder
  complete.bundle_runtime = true;
  complete.weights_format = WeightsFormat::cpp;
  Result<Compiled> made = compile_network(complete, hooks);
  if (!made) return made.diagnostics();
  return generated_network(std::move(made->report), std::move(made->files));
}

// What the warm-up and the counted run gave, against the test vector. Floats have a tolerance of their own, which
// `linnet verify` judges.
Result<Nothing> check_outputs(const GeneratedNetwork& generated, const NetworkRun& run) {
  for (const Values& outputs : run.outputs) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].type.dtype == DType::f32) continue;
      const auto made = outputs[i].bytes();
      const auto expected = generated.outputs[i].bytes();
      if (std::equal(made.begin(), made.end(), expected.begin(), expected.end())) continue;
      // E915: the profiled code does not give the output of its test vector
      return Diagnostic{"E915",
                        {},
                        {},
                        fmt::format("output {} of the profiled code is not the test vector's", i),
                        "linnet verify shows where they begin to differ; if the sources were not "
                        "changed by hand, please report it"};
    }
  }
  return ok();
}

// Start-up and harness are in the image but no part of the network.
bool is_scaffold(const Function* function) {
  if (function == nullptr) return false;
  const std::string name = short_function_name(function->name);
  return name.starts_with("linnet_harness::") || name.starts_with("linnet_profile_");
}

// Executions of blocks, added up. `cycles[i]` is for the block that blocks[i] executes.
void add_up(const Listing& listing, const std::vector<BlockCount>& blocks,
            const std::vector<BlockCycles>& cycles, ProfileReport& report) {
  std::map<std::string, FunctionProfile> functions;
  std::map<std::string, std::map<std::uint32_t, std::int64_t>> sizes;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const BlockCount& block = blocks[b];
    const Function* function = listing.function_at(block.address);
    if (is_scaffold(function)) continue;
    const auto executions = static_cast<std::int64_t>(block.executions);
    const std::int64_t instructions = executions * block.instructions;
    const double block_cycles = static_cast<double>(executions) * cycles[b].cycles;
    report.instructions += instructions;
    report.cycles += block_cycles;
    report.unmodelled += executions * static_cast<std::int64_t>(cycles[b].unmodelled);
    report.simplified += executions * static_cast<std::int64_t>(cycles[b].simplified);
    if (block.layer >= 0 && static_cast<std::size_t>(block.layer) < report.layers.size()) {
      LayerProfile& layer = report.layers[static_cast<std::size_t>(block.layer)];
      layer.instructions += instructions;
      layer.cycles += block_cycles;
    } else {
      report.outside_layers += instructions;
    }
    const std::string name =
        function == nullptr ? "(no function)" : short_function_name(function->name);
    FunctionProfile& profile = functions[name];
    profile.name = name;
    profile.instructions += instructions;
    profile.cycles += block_cycles;
    if (function == nullptr) continue;
    if (function->address == block.address) profile.calls += executions;
    sizes[name][function->address] = function->size_bytes;
  }
  for (auto& [name, profile] : functions) {
    for (const auto& [address, size] : sizes[name]) profile.text_bytes += size;
    report.functions.push_back(profile);
  }
  std::stable_sort(report.functions.begin(), report.functions.end(),
                   [](const FunctionProfile& a, const FunctionProfile& b) {
                     return a.instructions > b.instructions;
                   });
}

ProfileReport begin_report(const Report& made, const Toolchain& tools,
                           const ProfileOptions& options) {
  ProfileReport report;
  report.name = made.name;
  report.dtype = made.dtype;
  report.target = made.target;
  report.machine = tools.description;
  report.board = options.board;
  report.macs = made.macs;
  report.stack_bound_bytes = made.stack_bytes;
  for (std::size_t i = 0; i < made.layers.size(); ++i)
    report.layers.push_back({i, made.layers[i].name, made.layers[i].op, made.layers[i].kernel,
                             made.layers[i].macs, 0, 0});
  return report;
}

}  // namespace

Result<ProfileReport> profile(const CompileOptions& compile, const ProfileOptions& options,
                              const PipelineHooks& hooks) {
  const Result<ProfileTools> tools = find_profile_tools();
  if (!tools) return tools.diagnostics();
  Result<GeneratedNetwork> generated = generate(compile, hooks);
  if (!generated) return generated.diagnostics();
  return profile(*std::move(generated), options, hooks);
}

Result<ProfileReport> profile(GeneratedNetwork generated, const ProfileOptions& options,
                              const PipelineHooks& hooks) {
  const Result<ProfileTools> tools = find_profile_tools();
  if (!tools) return tools.diagnostics();
  if (options.alter) options.alter(generated.network.files);
  const TemporaryFolder folder;
  if (folder.path().empty())
    return Diagnostic{"E590", {}, {}, "no temporary folder can be made", "set TMPDIR"};

  say(hooks, "build");
  BuildOptions build_options;
  build_options.profile = true;
  build_options.script =
      options.any_memory ? LinkerScript::open : linker_script_for(generated.report.target);
  const Result<Image> image =
      build({generated.network}, folder.path(), tools->toolchain, build_options);
  if (!image) return image.diagnostics();
  if (!options.keep.empty())
    if (const Result<Nothing> kept = keep_image(*image, options.keep, "profile"); !kept)
      return kept.diagnostics();

  say(hooks, "run in the emulator");
  const Result<CountedImage> counted =
      count_image(*image, *tools, generated.network, {generated.inputs, generated.inputs});
  if (!counted) return counted.diagnostics();
  const NetworkRun& run = counted->counted.run;
  if (const Result<Nothing> right = check_outputs(generated, run); !right)
    return right.diagnostics();

  say(hooks, "model cycles");
  ProfileReport report = begin_report(generated.report, tools->toolchain, options);
  add_up(counted->listing, counted->counted.blocks, cycles_of(*counted, *tools, folder.path()),
         report);
  report.stack_bytes = run.stack_bytes;
  std::ifstream map(folder.path() / "image.map", std::ios::binary);
  report.objects = read_object_sizes(std::string(std::istreambuf_iterator<char>(map), {}));
  for (const ObjectSize& object : report.objects)
    if (object.kind == ObjectKind::generated) report.text_bytes += object.text_bytes;
  return report;
}

}  // namespace linnet
