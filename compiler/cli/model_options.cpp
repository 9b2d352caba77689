// The options that every subcommand with a model takes, defined once. See define_options.h.
#include <CLI/CLI.hpp>
#include <iterator>

#include "compiler/cli/define_options.h"
#include "compiler/cli/parse_values.h"
#include "compiler/plan/target.h"

namespace linnet {

void add_model_options(CLI::App& app, CommandLine& line) {
  CompileOptions& options = line.compile;
  app.add_option("--name", options.name,
                 "Namespace and file names of the result; default: the model's file name")
      ->type_name("NAME");
  app.add_option("--target", options.target,
                 "Device to plan for, by name or a file that describes it; default: cortex-m7, one "
                 "bank without "
                 "limit")
      ->check(CLI::Validator(
          [](const std::string& name) -> std::string {
            const Result<Target> target = find_target(name);
            if (target) return {};
            const Diagnostic& why = target.diagnostics().front();
            return why.message + "; " + why.hint;
          },
          "", "target"))
      ->type_name("NAME|FILE.json");
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
  add_taken(app, "--mean", "V|R,G,B",
            taken(parse_channels, [&](auto value) { options.samples.normalization.mean = value; }),
            "Pictures become (pixel - mean) * scale, pixels from 0 to 255; default 0");
  add_taken(app, "--scale", "V|R,G,B",
            taken(parse_scales, [&](auto value) { options.samples.normalization.scale = value; }),
            "See --mean; default 1");
  app.add_flag("--resize", options.samples.resize, "Scale pictures of another size to the input's");
  add_taken(app, "--ram", "BYTES",
            taken(parse_bytes, [&](std::int64_t value) { options.ram_bytes = value; }),
            "Most bytes for arenas and stack together: 65536, 64K, 1MiB");
  add_repeated(
      app, "--bank", "NAME=BYTES",
      taken(parse_bank, [&](auto value) { options.kept_bytes[value.first] = value.second; }),
      "Bytes of a bank of the target that the application keeps; once for each bank");
  add_repeated(app, "--place", "input|output=BANK",
               taken(parse_place,
                     [&](auto value) {
                       (value.first == "input" ? options.plan.input_bank
                                               : options.plan.output_bank) = value.second;
                     }),
               "The bank that holds inputs or outputs; default: one that DMA reaches");
  add_choice(app, "--input", options.plan.input_rows, {{"whole", false}, {"rows", true}},
             "whole: the application writes the input, then runs the network; rows: it gives row "
             "by row (push_row), and the input is never held whole");
  add_words(
      app, "--front-end", {"log-mel", "camera"},
      [&](const std::string& kind) {
        options.camera = kind == "camera";
        if (kind == "log-mel" && !options.samples.log_mel) options.samples.log_mel.emplace();
      },
      "log-mel: the input of --input rows is made of sounds, sample by sample (push_samples), "
      "and --calibrate and --data take sound files; camera: frames of any size in RGB888 or "
      "RGB565 become the input (run_frame), by --mean and --scale");
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
  add_choice(app, "--outputs", options.outputs,
             {{"auto", OutputsForm::automatic},
              {"detections", OutputsForm::detections},
              {"tensor", OutputsForm::tensor}},
             "auto (default): boxes from detect() where the model ends in a YOLO head; detections: "
             "the same, and an error where it does not; tensor: the model's own "
             "outputs");
  add_choice(app, "--plan", options.plan.mode,
             {{"auto", PlanMode::automatic}, {"rows", PlanMode::rows}, {"whole", PlanMode::whole}},
             "auto: the fewest kernel calls that meet --ram; rows: the least RAM; whole: one call "
             "for each layer");
  add_choice(app, "--optimize", options.plan.optimize,
             {{"ram", Optimize::ram}, {"speed", Optimize::speed}},
             "What --plan auto aims at when --ram is not given");
  add_taken(app, "--flash", "BYTES",
            taken(parse_bytes, [&](std::int64_t value) { options.flash_bytes = value; }),
            "Most bytes for weights, tables, schedule and code together");
  add_choice(app, "--weights", options.weights,
             {{"int8", Weights::int8}, {"int4", Weights::int4}, {"auto", Weights::automatic}},
             "int8 (default); int4: fully connected layers and dense convolutions in 4 bits; auto: "
             "only those that --flash, or the target's flash, asks for");
  add_repeated(app, "--input-shape", "NAME=1x3x96x96",
               taken(parse_input_shape,
                     [&](auto value) { options.input_shapes[value.first] = value.second; }),
               "Fixes the dimensions that the model leaves open; once for each input");
  std::vector<std::string> stages(std::begin(kStages), std::end(kStages));
  add_words(
      app, "--dump-after", stages, [&](const std::string& stage) { line.dump_after = stage; },
      "Print the value after a stage");
  add_choice(app, "--runtime", options.bundle_runtime, {{"bundled", true}, {"external", false}},
             "bundled: copy the runtime files that are used; external: the project has them");
  add_choice(app, "--weights-format", options.weights_format,
             {{"cpp", WeightsFormat::cpp}, {"incbin", WeightsFormat::incbin}},
             "C++ arrays, or an assembler file that includes a binary");
  app.add_flag("--quiet", line.quiet, "Print nothing but errors");
  app.add_flag("--json", line.json, "Print the report as JSON");
}

void add_package_options(CLI::App& app, CommandLine& line) {
  PackageOptions& package = line.compile.package;
  add_choice(app, "--package", package.kind, package_kinds(),
             "Layout and metadata of the folder: what the build system of the application takes; "
             "default: cmake");
  add_taken(
      app, "--package-vendor", "NAME",
      [&](const std::string& text) {
        package.vendor = text;
        return vendor_complaint(text);
      },
      "Who gives the package out, in its metadata; default: Linnet");
  add_taken(
      app, "--package-url", "URL",
      [&](const std::string& text) {
        package.url = text;
        return url_complaint(text);
      },
      "The package's page, in its metadata; default: none");
}

void add_label_file(CLI::App& app, CommandLine& line) {
  app.add_option("--labels", line.compile.labels,
                 "Names and embeddings of a zero-shot classifier's labels: adds classify(), in "
                 "files of its own")
      ->type_name("FILE.json");
}

}  // namespace linnet
