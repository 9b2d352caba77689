// See command_line.h. The only file that includes CLI11.
#include "compiler/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <memory>
#include <string_view>

#include "compiler/cli/parse_values.h"
#include "compiler/plan/target.h"
#include "compiler/support/version.h"

namespace linnet {
namespace {

// Turns a parser of ours into a CLI11 callback whose message names the option.
template <class Parse, class Store>
CLI::callback_t parsed(const std::string& option, Parse parse, Store store) {
  return [option, parse, store](const CLI::results_t& texts) {
    for (const std::string& text : texts) {
      auto value = parse(text);
      if (const auto* complaint = std::get_if<std::string>(&value))
        throw CLI::ValidationError(option, *complaint);
      store(std::get<0>(std::move(value)));
    }
    return true;
  };
}

template <class Parse, class Store>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, const std::string& form,
                        Parse parse, Store store, const std::string& help) {
  CLI::Option* option = app.add_option(name, parsed(name, parse, store), help);
  return option->type_name(form);
}

// "a, b or c"
std::string alternatives(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

CLI::Validator one_of(const std::vector<std::string>& words) {
  return CLI::Validator(
      [words](const std::string& given) {
        const bool known = std::find(words.begin(), words.end(), given) != words.end();
        return known ? std::string() : "unknown '" + given + "'; " + alternatives(words);
      },
      "", "word");
}

// One of a few words, each for a value.
template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& value,
                        const std::vector<std::pair<std::string, T>>& choices,
                        const std::string& help) {
  std::vector<std::string> words;
  std::string form;
  for (const auto& [word, ignored] : choices) {
    words.push_back(word);
    form += (form.empty() ? "" : "|") + word;
  }
  const auto store = [&value, choices](const std::string& given) {
    for (const auto& [word, meaning] : choices) {
      if (word == given) value = meaning;
    }
  };
  return app.add_option_function<std::string>(name, store, help)
      ->check(one_of(words))
      ->type_name(form);
}

// What every subcommand that takes a model takes, defined once.
void add_model_options(CLI::App& app, CommandLine& line) {
  CompileOptions& options = line.compile;
  app.add_option("--name", options.name,
                 "Namespace and file names of the result; default: the model's file name")
      ->type_name("NAME");
  app.add_option("--target", options.target,
                 "Device to plan for; default: cortex-m7, one bank without limit")
      ->check(CLI::Validator(
          [](const std::string& name) -> std::string {
            const Result<Target> target = find_target(name);
            if (target) return {};
            const Diagnostic& why = target.diagnostics().front();
            return why.message + "; " + why.hint;
          },
          "", "target"))
      ->type_name("NAME");
  app.add_option("--calibrate", options.calibrate,
                 "Calibration data, which makes the result int8: pictures, .npy files, or folders "
                 "of them or of "
                 "test_data_set_*/input_0.pb")
      ->type_name("PATH");
  add_choice(app, "--calibration-method", options.calibration.method,
             {{"minmax", CalibrationMethod::minmax},
              {"percentile", CalibrationMethod::percentile},
              {"mse", CalibrationMethod::mse}},
             "How observed ranges become scales; default: mse, with a detection head minmax");
  add_parsed(
      app, "--mean", "V|R,G,B", parse_channels,
      [&](auto value) { options.samples.normalization.mean = value; },
      "Pictures become (pixel - mean) * scale, pixels from 0 to 255; default 0");
  add_parsed(
      app, "--scale", "V|R,G,B", parse_scales,
      [&](auto value) { options.samples.normalization.scale = value; }, "See --mean; default 1");
  app.add_flag("--resize", options.samples.resize, "Scale pictures of another size to the input's");
  add_parsed(
      app, "--ram", "BYTES", parse_bytes, [&](std::int64_t value) { options.ram_bytes = value; },
      "Most bytes for arenas and stack together: 65536, 64K, 1MiB");
  add_parsed(
      app, "--bank", "NAME=BYTES", parse_bank,
      [&](auto value) { options.kept_bytes[value.first] = value.second; },
      "Bytes of a bank of the target that the application keeps; once for each bank")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->trigger_on_parse();
  add_parsed(
      app, "--place", "input|output=BANK", parse_place,
      [&](auto value) {
        (value.first == "input" ? options.plan.input_bank : options.plan.output_bank) =
            value.second;
      },
      "The bank that holds inputs or outputs; default: one that DMA reaches")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->trigger_on_parse();
  add_choice(app, "--input", options.plan.input_rows, {{"whole", false}, {"rows", true}},
             "whole: the application writes the input, then runs the network; rows: it gives row "
             "by row (push_row), and the input is never held whole");
  app.add_option_function<std::string>(
         "--front-end",
         [&](const std::string& kind) {
           options.camera = kind == "camera";
           if (kind == "log-mel" && !options.samples.log_mel) options.samples.log_mel.emplace();
         },
         "log-mel: the input of --input rows is made of sounds, sample by sample (push_samples), "
         "and --calibrate and --data take sound files; camera: frames of any size in RGB888 or "
         "RGB565 become the input (run_frame), by --mean and --scale")
      ->check(one_of({"log-mel", "camera"}))
      ->type_name("log-mel|camera");
  app.add_option_function<std::string>(
         "--front-end-options",
         [&](const std::string&
                 text) {  // after --front-end: CLI11 takes options as they are defined
           if (options.camera)
             throw CLI::ValidationError("--front-end-options",
                                        "goes with --front-end log-mel only");
           options.samples.log_mel = text;
         },
         "Of log-mel: rate, n_fft, hop, mels, low, high; scale and offset where the model takes dB "
         "* scale + "
         "offset. Default: "
         "rate=44100,n_fft=1024,hop=320,mels=64,low=50,high=14000,scale=1,offset=0")
      ->needs("--front-end")
      ->type_name("NAME=V,...");
  add_choice(
      app, "--outputs", options.outputs,
      {{"detections", OutputsForm::detections}, {"tensor", OutputsForm::tensor}},
      "Of a model with a YOLO head: detections: boxes from detect(); tensor: the model's own "
      "outputs");
  add_choice(app, "--plan", options.plan.mode,
             {{"auto", PlanMode::automatic}, {"rows", PlanMode::rows}, {"whole", PlanMode::whole}},
             "auto: the fewest kernel calls that meet --ram; rows: the least RAM; whole: one call "
             "for each layer");
  add_choice(app, "--optimize", options.plan.optimize,
             {{"ram", Optimize::ram}, {"speed", Optimize::speed}},
             "What --plan auto aims at when --ram is not given");
  add_parsed(
      app, "--flash", "BYTES", parse_bytes,
      [&](std::int64_t value) { options.flash_bytes = value; },
      "Most bytes for weights, tables, schedule and code together");
  add_choice(app, "--weights", options.weights,
             {{"int8", Weights::int8}, {"int4", Weights::int4}, {"auto", Weights::automatic}},
             "int8 (default); int4: fully connected layers and dense convolutions in 4 bits; auto: "
             "only those that --flash, or the target's flash, asks for");
  add_parsed(
      app, "--input-shape", "NAME=1x3x96x96", parse_input_shape,
      [&](auto value) { options.input_shapes[value.first] = value.second; },
      "Fixes the dimensions that the model leaves open; once for each input")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->trigger_on_parse();
  std::vector<std::string> stages(std::begin(kStages), std::end(kStages));
  app.add_option("--dump-after", line.dump_after, "Print the value after a stage")
      ->check(one_of(stages))
      ->type_name("import|passes|calibrate|quantize|lower|plan|emit");
  add_choice(app, "--runtime", options.bundle_runtime, {{"bundled", true}, {"external", false}},
             "bundled: copy the runtime files that are used; external: the project has them");
  add_choice(app, "--weights-format", options.weights_format,
             {{"cpp", WeightsFormat::cpp}, {"incbin", WeightsFormat::incbin}},
             "C++ arrays, or an assembler file that includes a binary");
  app.add_flag("--quiet", line.quiet, "Print nothing but errors");
  app.add_flag("--json", line.json, "Print the report as JSON");
}

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

void add_label_file(CLI::App& app, CommandLine& line) {
  app.add_option("--labels", line.compile.labels,
                 "Names and embeddings of a zero-shot classifier's labels: adds classify(), in "
                 "files of its own")
      ->type_name("FILE.json");
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

// A word in the place of the subcommand that is none.
void check_subcommand(CLI::App& app, int argc, const char* const* argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
    names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return;
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  throw CLI::ValidationError("unknown subcommand '" + std::string(argv[1]) + "'; there are " +
                             list);
}

// --calibrate takes every path behind it, the model too where that is the last one. Gives the arguments with such a model
// in front; none when there is no such model.
std::vector<const char*> with_model_first(int argc, const char* const* argv) {
  std::vector<const char*> arguments(argv, argv + argc);
  const auto is_option = [](const char* argument) { return argument[0] == '-'; };
  auto at = std::find_if(arguments.begin(), arguments.end(), [](std::string_view argument) {
    return argument == "--calibrate" || argument.starts_with("--calibrate=");
  });
  if (at == arguments.end() || at == arguments.begin() + 1) return {};
  const auto last = std::find_if(at + 1, arguments.end(), is_option) - 1;
  if (last == at || !std::string_view(*last).ends_with(".onnx")) return {};
  std::rotate(arguments.begin() + 2, last, last + 1);
  return arguments;
}

// Why a subcommand got no MODEL.
CLI::ParseError missing_model(int argc, const char* const* argv) {
  const bool calibrates = std::any_of(argv, argv + argc, [](std::string_view argument) {
    return argument.starts_with("--calibrate");
  });
  return CLI::ValidationError(
      calibrates ? "MODEL is required; put it before --calibrate, which takes every path behind it"
                 : "MODEL is required");
}

}  // namespace

std::variant<CommandLine, int> parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app("Linnet compiles ONNX networks into standalone C++ for Cortex-M7 microcontrollers.",
               "linnet");
  app.set_version_flag("--version", "linnet " + std::string(kVersion));
  app.require_subcommand(1);
  app.get_formatter()->column_width(36);
  app.footer(
      "\nExample:\n  linnet compile model.onnx --calibrate pictures/ --mean 127.5 --scale 0.00784 "
      "--resize \\\n      --target stm32h743 -o generated\n"
      "\nExit codes: 0 good, 1 the model or data is at fault or a comparison fails, 2 usage, 3 a "
      "budget is not met,\n"
      "4 an external tool is missing, 70 a defect of Linnet.\n");
  add_inspect(app, line);
  add_compile(app, line);
  add_verify(app, line);
  add_plan(app, line);
  add_profile(app, line);
  add_bench(app, line);
  add_labels(app, line);
  try {
    check_subcommand(app, argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    if (!std::string_view(error.what()).starts_with("MODEL "))
      return app.exit(error, std::cout, std::cerr) == 0 ? 0 : 2;
    const std::vector<const char*> moved = with_model_first(argc, argv);
    if (!moved.empty()) return parse_command_line(static_cast<int>(moved.size()), moved.data());
    app.exit(missing_model(argc, argv), std::cout, std::cerr);
    return 2;
  } catch (const CLI::ParseError& error) {
    return app.exit(error, std::cout, std::cerr) == 0 ? 0 : 2;
  }
  return line;
}

}  // namespace linnet
