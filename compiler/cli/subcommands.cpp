// The subcommands and what each takes. See define_options.h.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>

#include "compiler/cli/define_options.h"
#include "compiler/ops/operator_table.h"
#include "compiler/support/diagnostic_codes.h"

namespace linnet {
namespace {

// "nan" and "inf" read as numbers, but no comparison with them ever fails.
CLI::Validator finite_number() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        const double value = std::strtod(text.c_str(), nullptr);
        return std::isfinite(value) ? "" : "'" + text + "' is not a finite number";
      },
      "", "finite");
}

CLI::App* add_command(CLI::App& app, const char* name, const char* what, const char* example) {
  CLI::App* command = app.add_subcommand(name, what);
  command->footer(std::string("\nExample:\n  ") + example + "\n");
  return command;
}

void add_model(CLI::App& app, CommandLine& line, const char* help) {
  app.add_option("MODEL", line.compile.model, help)->required()->type_name("");
}

void add_inspect(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(
      app, "inspect", "Show what a model needs: operators, parameters, multiply-accumulates, RAM",
      "linnet inspect models/phinet_96/phinet_96.onnx\n"
      "  linnet inspect models/phinet_96/phinet_96.onnx --target stm32h743 --ram 128K\n\n"
      "With --target, --ram, --flash, --plan, --optimize, --weights or --calibrate it also says "
      "what "
      "`linnet compile` makes\n"
      "with the same options. Exits with 1 when an operator is not supported, with 3 when a budget "
      "is not met.");
  add_model(*command, line, "The model (.onnx), or a folder that `linnet compile` wrote");
  command->add_flag("--layers", line.all_layers,
                    "Of a folder: all layers, not only the ten with the most multiply-accumulates");
  add_model_options(*command, line);
  command->callback([&line, command] {
    line.verb = CommandLine::Verb::inspect;
    for (const char* option :
         {"--target", "--calibrate", "--ram", "--flash", "--plan", "--optimize", "--weights"}) {
      const CLI::Option* found = command->get_option_no_throw(option);
      if (found != nullptr && found->count() > 0) line.inspect_compiled = true;
    }
  });
}

void add_labels(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(
      app, "labels", "Put other labels into a folder that `linnet compile --labels` wrote",
      "linnet labels animals.json -o generated\n\n"
      "Only NAME_labels.* and report.json are written: the network need not be compiled again.");
  command
      ->add_option(
          "LABELS", line.compile.labels,
          "{\"logit_scale\": 33.3, \"labels\": [{\"name\": \"dog\", \"embedding\": [...]}]}")
      ->required()
      ->type_name("FILE.json");
  command->add_option("-o,--output", line.output, "The folder")->required()->type_name("DIR");
  command->add_flag("--quiet", line.quiet, "Print nothing but errors");
  command->callback([&] { line.verb = CommandLine::Verb::labels; });
}

void add_compile(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, "compile", "Compile a model into C++ sources for a Cortex-M7",
                  "linnet compile models/phinet_96/phinet_96.onnx -o generated \\\n"
                  "    --calibrate models/images/calibration --mean 127.5 "
                  "--scale 0.00784313725490196 --resize \\\n"
                  "    --target stm32h743\n\n"
                  "--mean and --scale are those of the training: here pixels from 0 to 255 become "
                  "-1 to 1.");
  add_model(*command, line, "The model (.onnx)");
  command->add_option("-o,--output", line.output, "Folder for the sources")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--depfile", line.depfile,
                   "Also write what was read, as a rule of make for DIR/report.json")
      ->type_name("FILE");
  add_package_options(*command, line);
  add_label_file(*command, line);
  add_model_options(*command, line);
  command->callback([&] { line.verb = CommandLine::Verb::compile; });
}

// A score or an overlap.
CLI::Validator unit_interval() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        const bool number = end != text.c_str() && *end == '\0';
        return number && value >= 0 && value <= 1 ? "" : "'" + text + "' is not between 0 and 1";
      },
      "", "unit");
}

void add_verify(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, "verify", "Compile, build and run a model, and compare with the reference",
                  "linnet verify models/phinet_96/phinet_96.onnx \\\n"
                  "    --calibrate models/images/calibration --mean 127.5 "
                  "--scale 0.00784313725490196 --resize \\\n"
                  "    --on qemu");
  VerifyOptions& verify = line.verify;
  add_model(*command, line, "The model (.onnx)");
  command
      ->add_option(
          "--data", verify.data,
          "Inputs to compare on: pictures, .npy, or test_data_set_*; default: those beside "
          "the model, the calibration data, or random numbers")
      ->type_name("DIR");
  command
      ->add_option(
          "--reference", verify.reference,
          "Stored outputs for --data, one a sample; default: output_*.pb beside the inputs")
      ->type_name("FILE.npy");
  add_choice(*command, "--on", verify.on, {{"host", Machine::host}, {"qemu", Machine::qemu}},
             "Where the generated code runs; default: host");
  command
      ->add_option("--labels", verify.labels,
                   "Class names, one a line: show the best of each sample. Or a zero-shot "
                   "classifier's labels (.json), as for `compile`")
      ->type_name("FILE");
  command->add_flag("--layers", verify.layers, "A table by layer, worst first");
  command
      ->add_option("--min-sqnr", verify.min_sqnr_db,
                   "Fail when int8 is further from float than this")
      ->check(finite_number())
      ->type_name("DB");
  command
      ->add_option("--float-tolerance", verify.float_tolerance,
                   "Largest error of float code, as a part of the output's range; default 1e-4")
      ->check(finite_number())
      ->type_name("FRACTION");
  command
      ->add_option("--draw", verify.draw,
                   "Of a detector: a folder for the samples as pictures with the boxes found")
      ->type_name("DIR");
  command
      ->add_option("--score-threshold", verify.score_threshold,
                   "Of detect(), where the model has a YOLO head; default 0.25")
      ->check(unit_interval())
      ->type_name("SCORE");
  command
      ->add_option("--iou-threshold", verify.iou_threshold,
                   "Of detect(): boxes of a class that overlap more are one; default 0.45")
      ->check(unit_interval())
      ->type_name("IOU");
  add_model_options(*command, line);
  command->callback([&] { line.verb = CommandLine::Verb::verify; });
}

void add_plan(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(
      app, "plan", "Show what RAM buys: arenas against kernel calls, and the plan as a picture",
      "linnet plan models/phinet_96/phinet_96.onnx \\\n"
      "    --calibrate models/images/calibration --mean 127.5 --scale 0.00784 --resize -o "
      "plan.svg");
  add_model(*command, line, "The model (.onnx)");
  command->add_option("-o,--output", line.output, "Draw the plan that `compile` takes: an SVG")
      ->type_name("FILE.svg");
  add_model_options(*command, line);
  command->callback([&] { line.verb = CommandLine::Verb::plan; });
}

void add_profile(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(
      app, "profile",
      "Build and run a model in the emulator: instructions, modelled cycles, stack, code size",
      "linnet profile models/phinet_96/phinet_96.onnx \\\n"
      "    --calibrate models/images/calibration --mean 127.5 "
      "--scale 0.00784313725490196 --resize\n\n"
      "Instructions are counted exactly, by layer and by function. Cycles are a model of the "
      "Cortex-M7's pipeline\nwithout memory stalls.");
  ProfileOptions& profile = line.profile;
  add_model(*command, line,
            "The model (.onnx), or a folder that `linnet compile` wrote: its sources are built as "
            "they are");
  command->add_option("--board", profile.board, "The emulated board; default: mps2-an500")
      ->check(CLI::IsMember({"mps2-an500"}).description(""))
      ->type_name("mps2-an500");
  command->add_option("--keep", profile.keep, "Folder for the image: profile.elf, profile.map")
      ->type_name("DIR");
  command->add_flag("--layers", line.all_layers,
                    "All layers, not only the ten with the most instructions");
  add_model_options(*command, line);
  command->callback([&] { line.verb = CommandLine::Verb::profile; });
}

void add_bench(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, "bench", "Measure what Linnet itself is made of: its kernels",
                  "linnet bench kernels --filter conv2d_s8_1x1");
  command->require_subcommand(1);
  CLI::App* kernels = add_command(
      *command, "kernels",
      "Run every kernel on typical shapes in the emulator: instructions, modelled cycles, and "
      "whether the bytes are right",
      "linnet bench kernels\n"
      "  linnet bench kernels --filter 'depthwise 3x3'\n"
      "  linnet bench kernels --filter conv2d_s8_1x1 --optimization 3 --keep kept\n\n"
      "Instructions are counted exactly. Cycles are a model of the Cortex-M7's pipeline without "
      "memory stalls.\nExits with 1 when a kernel gives other bytes than the oracle.");
  BenchOptions& bench = line.bench;
  kernels
      ->add_option("--filter", bench.filter,
                   "Only what has this in the name of its kernel or in its shape")
      ->type_name("TEXT");
  kernels
      ->add_option("--optimization", bench.optimization,
                   "-O2 (default), what generated code is built with, or -O3")
      ->check(CLI::IsMember({2, 3}).description(""))
      ->type_name("2|3");
  kernels
      ->add_option("--keep", bench.keep,
                   "Folder for the images: bench_products.elf, bench_others.elf, bench_float.elf")
      ->type_name("DIR");
  kernels->add_flag("--quiet", line.quiet, "Print nothing but errors");
  kernels->add_flag("--json", line.json, "Print the report as JSON");
  kernels->callback([&] { line.verb = CommandLine::Verb::bench; });
}

void add_report(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(
      app, "report", "Make a page of what a network costs and why, or Markdown for a pull request",
      "linnet report models/phinet_96/phinet_96.onnx -o report.html \\\n"
      "    --calibrate models/images/calibration --mean 127.5 "
      "--scale 0.00784313725490196 --resize \\\n"
      "    --target stm32h743\n"
      "  linnet report generated --format md\n\n"
      "The page is one file that loads nothing: budgets, the memory plan over time, layers with "
      "instructions and\nquantization, the graph before and after the passes, what to change to "
      "save most. Of a folder that\n`linnet compile` wrote it shows what can be known without the "
      "model. A budget that is missed is marked, and\nexits with 3.");
  add_model(*command, line, "The model (.onnx), or a folder that `linnet compile` wrote");
  command->add_option("-o,--output", line.output, "The page; NAME.md is written as Markdown")
      ->type_name("FILE");
  add_words(
      *command, "--format", {"html", "md"},
      [&line](const std::string& word) { line.page_format = word; },
      "html: a page; md: Markdown, without -o to stdout; default: by the name of FILE");
  command->add_flag_callback(
      "--no-profile", [&line] { line.page_profile = false; },
      "Leave out instructions and cycles, which need the cross compiler "
      "and the emulator");
  command
      ->add_option("--data", line.verify.data,
                   "Inputs to compare int8 with float on; default: those beside the model, and "
                   "the calibration data")
      ->type_name("DIR");
  add_model_options(*command, line);
  command->callback([&line] {
    line.verb = CommandLine::Verb::report;
    if (line.output.empty() && line.page_format != "md" && !line.json)
      throw CLI::ValidationError("-o FILE.html is required, or --format md");
  });
}

void add_build(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(
      app, "build", "Compile all models of a project: linnet.toml or linnet.json",
      "linnet build\n\n"
      "  output = \"generated\"                  # linnet.toml\n"
      "  share_arena = [\"phinet\", \"kws\"]      # these never run together\n"
      "  [defaults]                            # options of `linnet compile`, by their long names\n"
      "  target = \"stm32h743\"\n"
      "  [models.phinet]\n"
      "  model = \"phinet.onnx\"\n"
      "  calibrate = [\"pictures\"]\n\n"
      "Models are compiled side by side, those that have not changed not at all. docs/projects.md "
      "has all keys.");
  ProjectOptions& build = line.build;
  command->add_option("PROJECT", build.project, "The file, or its folder; default: this folder")
      ->type_name("");
  command->add_option("-j,--jobs", build.jobs, "Models at a time; default: one for each processor")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  command->add_flag("--force", build.force, "Compile also what has not changed");
  command
      ->add_option("--depfile", build.depfile,
                   "Also write what was read, as a rule of make for OUTPUT/report.json")
      ->type_name("FILE");
  command->add_flag("--quiet", line.quiet, "Print nothing but errors");
  command->add_flag("--json", line.json, "Print the report as JSON");
  command->callback([&] { line.verb = CommandLine::Verb::build; });
}

void add_size(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(
      app, "size", "Measure what networks take of flash and RAM; compare with a baseline",
      "linnet size generated\n"
      "  linnet size generated --baseline size.json --update    # adopt what it takes now\n"
      "  linnet size generated --baseline size.json             # exits with 3 when it grew\n"
      "  linnet size                                            # the models of linnet.toml\n\n"
      "Text, flash and RAM of each network are judged. An unchanged network prints nothing; the "
      "last line sums up.");
  SizeOptions& size = line.size;
  command
      ->add_option(
          "MODEL", size.networks,
          "Models (.onnx); folders that `linnet compile` wrote: their sources are built as "
          "they are; projects, which are brought up to date first. Default: the project "
          "here")
      ->type_name("");
  command->add_option("--baseline", size.baseline, "What the networks took before")
      ->type_name("FILE.json");
  add_taken(*command, "--tolerance", "PERCENT|BYTES",
            taken(parse_tolerance, [&](auto value) { size.tolerance = value; }),
            "Growth that passes: 0.5%, 256 or 1K; default 1%");
  command->add_flag("--update", size.update, "Write the baseline from what the networks take now")
      ->needs("--baseline");
  add_choice(*command, "--format", size.format,
             {{"table", SizeFormat::table},
              {"markdown", SizeFormat::markdown},
              {"json", SizeFormat::json},
              {"github", SizeFormat::github}},
             "table (default); markdown: for a comment on a pull request; json: all there is; "
             "github: annotations, and the Markdown in the job's summary");
  command
      ->add_option("--comment", size.comment,
                   "Write the Markdown to a file too: for a comment, or as an artifact")
      ->type_name("FILE.md");
  add_model_options(*command, line);
  command->callback([&line, command] {
    line.verb = CommandLine::Verb::size;
    for (const CLI::Option* option : command->parse_order()) {
      const std::vector<std::string> own{"MODEL",    "--baseline", "--tolerance", "--update",
                                         "--format", "--comment",  "--quiet",     "--json"};
      if (std::find(own.begin(), own.end(), option->get_name()) == own.end())
        line.size.compile_options.push_back(option->get_name());
    }
  });
}

void add_completions(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, "completions", "Print a script that completes linnet's words in a shell",
                  "linnet completions bash > ~/.local/share/bash-completion/completions/linnet\n"
                  "  linnet completions zsh > ~/.zfunc/_linnet        # a folder of $fpath\n"
                  "  linnet completions fish > ~/.config/fish/completions/linnet.fish");
  command->add_option("SHELL", line.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""))
      ->type_name("bash|zsh|fish");
  command->callback([&] { line.verb = CommandLine::Verb::completions; });
}

void add_man(CLI::App& app, CommandLine& line) {
  CLI::App* command = add_command(app, "man", "Print the manual page",
                                  "linnet man | man -l -\n"
                                  "  linnet man --markdown > docs/cli.md");
  command->add_flag("--markdown", line.markdown, "As a page of the documentation");
  command->callback([&] { line.verb = CommandLine::Verb::man; });
}

// A word that `known` takes, or why not.
CLI::Validator known_word(std::function<bool(const std::string&)> known, const std::string& what,
                          const std::string& list) {
  return CLI::Validator(
      [known = std::move(known), what, list](const std::string& given) {
        return known(given) ? std::string() : "there is no " + what + " '" + given + "'; " + list;
      },
      "", "known");
}

void add_explain(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, "explain", "Say what a diagnostic means: its cause, and what to do about it",
                  "linnet explain E105\n"
                  "  linnet explain                                   # all codes\n"
                  "  linnet explain --markdown > docs/troubleshooting.md");
  command->add_option("CODE", line.topic, "As messages have it: E105; default: a list of all")
      ->transform(CLI::Validator(
          [](std::string& code) {
            if (!code.empty() && code.front() == 'e') code.front() = 'E';
            return std::string();
          },
          "", "upper"))
      ->check(
          known_word([](const std::string& code) { return find_diagnostic_code(code) != nullptr; },
                     "code", "linnet explain lists them all"))
      ->type_name("");
  command->add_flag("--markdown", line.markdown, "All of them, as a page of the documentation");
  command->callback([&] { line.verb = CommandLine::Verb::explain; });
}

void add_operators(CLI::App& app, CommandLine& line) {
  CLI::App* command =
      add_command(app, "operators", "List the ONNX operators that are supported, with their limits",
                  "linnet operators\n"
                  "  linnet operators Conv                            # with its kernels\n"
                  "  linnet operators --markdown > docs/operators.md\n\n"
                  "`linnet inspect MODEL` says which of a model's operators are not among them.");
  command->add_option("OPERATOR", line.topic, "As ONNX spells it; default: all")
      ->check(known_word([](const std::string& name) { return is_operator(name); }, "operator",
                         "linnet operators lists them all"))
      ->type_name("");
  command->add_flag("--markdown", line.markdown, "As a page of the documentation");
  command->add_flag("--json", line.json, "For scripts");
  command->callback([&] { line.verb = CommandLine::Verb::operators; });
}

}  // namespace

void add_subcommands(CLI::App& app, CommandLine& line) {
  add_inspect(app, line);
  add_compile(app, line);
  add_verify(app, line);
  add_plan(app, line);
  add_profile(app, line);
  add_size(app, line);
  add_bench(app, line);
  add_labels(app, line);
  add_build(app, line);
  add_report(app, line);
  add_completions(app, line);
  add_man(app, line);
  add_explain(app, line);
  add_operators(app, line);
}

}  // namespace linnet
