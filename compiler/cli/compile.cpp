// linnet compile: the pipeline, then the files on disk, then a short summary.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/cli/commands.h"
#include "compiler/cli/parse_values.h"
#include "compiler/cli/summary.h"
#include "compiler/emit/text.h"
#include "compiler/project/depfile.h"
#include "compiler/support/write_files.h"

namespace linnet {
namespace {

// What int8 would need, for the user who compiled float; nothing when it would need more of either.
void print_int8_hint(const Compiled& made) {
  const Result<Graph> graph = guess_int8(made.float_graph);
  if (!graph) return;
  const Target unlimited{"any", {MemoryBank{"ram", {}, 0, true}}, {}, 0};
  const Result<PlannedProgram> planned = lower_and_plan(*graph, unlimited);
  if (!planned) return;
  std::int64_t constants = 0;
  for (const Constant& constant : planned->program.constants) {
    constants += static_cast<std::int64_t>(constant.bytes.size());
  }
  const std::int64_t arenas = planned->plan.arena_bytes;
  const std::int64_t float_arenas = made.report.arena_bytes;
  const std::int64_t float_constants = made.report.weights_bytes + made.report.tables_bytes;
  const bool worse = arenas > float_arenas || constants > float_constants;
  if (worse || (arenas == float_arenas && constants == float_constants)) return;
  fmt::print(
      "\nThis is float32. In int8 the arenas would take about {} instead of {}, weights and tables "
      "{} instead\n"
      "of {}. For that, give some typical inputs: --calibrate FOLDER (pictures, .npy, "
      "test_data_set_*).\n",
      readable_bytes(arenas), readable_bytes(float_arenas), readable_bytes(constants),
      readable_bytes(float_constants));
}

// What puts the folder into the application's build.
std::string next_step(const CommandLine& command, const std::string& name) {
  const std::string folder = command.output.string();
  switch (command.compile.package.kind) {
    case PackageKind::cmake:
      return fmt::format("add_subdirectory({}), link {}", cmake_subdirectory(command.output, name),
                         name);
    case PackageKind::make:
      return fmt::format(
          "`make -C {} CROSS_COMPILE=arm-none-eabi-`, link build/arm-none-eabi/lib{}.a", folder,
          name);
    case PackageKind::cmsis_pack:
      return fmt::format("`cpackget add {}/*{}`, take the component Machine Learning:Linnet:{}",
                         folder, kArchiveSuffix, name);
    case PackageKind::platformio:
      return fmt::format("put {} into the project's lib/, include {}.hpp", folder, name);
    case PackageKind::arduino:
      return fmt::format("copy {} to libraries/{} of the sketchbook, include <{}.hpp>", folder,
                         name, name);
    case PackageKind::zephyr:
      return fmt::format("add {} to EXTRA_ZEPHYR_MODULES, set CONFIG_LINNET_{}=y", folder,
                         upper(name));
    case PackageKind::esp_idf:
      return fmt::format("put {} into the project's components/ as {}, require it", folder, name);
  }
  return {};
}

std::string self_test_step(PackageKind kind, const std::string& name) {
  switch (kind) {
    case PackageKind::cmake: return fmt::format("link {}_test_vector and call", name);
    case PackageKind::make: return "`make self-test`, or call";
    case PackageKind::cmsis_pack:
      return fmt::format("take Machine Learning:Linnet Test:{} too and call", name);
    case PackageKind::zephyr:
      return fmt::format("samples/self_test, or CONFIG_LINNET_{}_TEST_VECTOR=y and", upper(name));
    case PackageKind::platformio:
    case PackageKind::arduino:
    case PackageKind::esp_idf: return "examples/self_test, or call";
  }
  return {};
}

void print_next_step(const CommandLine& command, const Compiled& made) {
  const std::string& name = made.report.name;
  fmt::print("\nwrote {} files to {}; start reading at {}{}.hpp\n", made.files.size(),
             command.output.string(), source_folder(command.compile.package.kind), name);
  fmt::print("next: {}, and call {}::{}().\n", next_step(command, name), name,
             made.front_end         ? "push_samples"
             : made.plan.input_rows ? "push_row"
                                    : "run");
  fmt::print("to check a build: {} {}::self_test(arenas).\n",
             self_test_step(command.compile.package.kind, name), name);
}

// The name of the network that an earlier run left in the folder; empty when there is none.
std::string name_of_network_in(const std::filesystem::path& folder) {
  const Result<Report> report = read_report(folder);
  return report ? report->name : std::string();
}

}  // namespace

int run_compile(const CommandLine& command) {
  bool dumped = false;
  const Result<Compiled> made = compile_network(command.compile, make_hooks(command, dumped));
  end_progress();
  if (!made) return fail(command, made.diagnostics());
  note_missing_dump(command, dumped);
  note_picture_options(command, command.compile.calibrate);
  const std::string old_name = name_of_network_in(command.output);
  const Result<WrittenFiles> written = write_files(command.output, made->files);
  if (!written) return fail(command, written.diagnostics());
  if (!command.depfile.empty()) {
    touch(command.output / "report.json");
    const Result<Nothing> kept = replace_file(
        command.depfile,
        depfile_text(command.output / "report.json", inputs_of(command.compile, made->model)));
    if (!kept) return fail(command, kept.diagnostics());
  }
  if (command.json) {
    fmt::print("{}", made->files.at("report.json"));
  } else if (!command.quiet) {
    print_summary(made->report);
    print_calibration(*made);
    if (!made->int8) print_int8_hint(*made);
    print_next_step(command, *made);
    if (!written->removed.empty() && !old_name.empty() && old_name != made->report.name) {
      fmt::print("removed {} of '{}', which was there before\n",
                 counted(written->removed.size(), "file"), old_name);
    }
  }
  return 0;
}

}  // namespace linnet
