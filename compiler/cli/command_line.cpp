// See command_line.h; how the words of the command line become that struct, and what is said when they do not.
#include "compiler/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <iostream>
#include <sstream>
#include <string_view>

#include "compiler/cli/define_options.h"
#include "compiler/cli/describe.h"
#include "compiler/plan/target.h"
#include "compiler/support/version.h"

namespace linnet {
namespace {

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

// Help and version are no error (0); wrong usage is (2), and said as JSON too where that was asked for.
int leave(const CLI::App& app, const CLI::Error& error, int argc, const char* const* argv) {
  if (app.exit(error, std::cout, std::cerr) == 0) return 0;
  if (asks_for_json(argc, argv))
    std::cout << to_json({{"usage", "", "", error.what(), "run with --help"}}, {}, 2);
  return 2;
}

// A callback of CLI11 that gives each text to `take`; its message names the option.
CLI::callback_t callback(const std::string& option,
                         const std::function<std::string(const std::string&)>& take) {
  return [option, take](const CLI::results_t& texts) {
    for (const std::string& text : texts) {
      const std::string complaint = take(text);
      if (!complaint.empty()) throw CLI::ValidationError(option, complaint);
    }
    return true;
  };
}

// The whole command line; parsing it fills `line`.
void define(CLI::App& app, CommandLine& line) {
  app.name("linnet");
  app.description(
      "Linnet compiles ONNX networks into standalone C++ for Cortex-M7 microcontrollers.");
  app.set_version_flag("--version", "linnet " + std::string(kVersion));
  app.require_subcommand(1);
  app.get_formatter()->column_width(36);
  app.footer(
      "\nExample:\n  linnet compile model.onnx --calibrate pictures/ --mean 127.5 --scale 0.00784 "
      "--resize \\\n      --target stm32h743 -o generated\n"
      "\nExit codes: 0 good, 1 the model or data is at fault or a comparison fails, 2 usage, 3 a "
      "budget is not met,\n"
      "4 an external tool is missing, 70 a defect of Linnet.\n");
  add_subcommands(app, line);
}

std::vector<std::string> split_words(const std::string& form) {
  std::vector<std::string> words;
  std::istringstream text(form);
  for (std::string word; std::getline(text, word, '|');) words.push_back(word);
  return words;
}

OptionText describe(const CLI::Option& option) {
  OptionText text;
  text.help = option.get_description();
  text.required = option.get_required();
  text.positional = option.get_positional();
  text.many = option.get_items_expected_max() > 1;
  if (option.get_items_expected_max() > 0) text.form = option.get_type_name();
  // A form of small words is a choice; one of capitals, such as V|R,G,B, says what kind of value there is.
  const bool choice = text.form.find('|') != std::string::npos &&
                      std::none_of(text.form.begin(), text.form.end(), [](unsigned char c) {
                        return std::isupper(c) != 0 || c == '=';
                      });
  if (choice) text.words = split_words(text.form);
  if (option.check_lname("target")) text.words = target_names();
  if (text.positional) {
    text.names = {option.get_name()};
  } else {
    for (const std::string& name : option.get_snames()) text.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) text.names.push_back("--" + name);
  }
  return text;
}

CommandText describe(const CLI::App& app) {
  CommandText text{app.get_name(), app.get_description(), app.get_footer(), {}, {}};
  for (const CLI::Option* option : app.get_options()) text.options.push_back(describe(*option));
  for (const CLI::App* command : app.get_subcommands({}))
    text.commands.push_back(describe(*command));
  return text;
}

}  // namespace

CommandText describe_command_line() {
  CommandLine line;
  CLI::App app;
  define(app, line);
  return describe(app);
}

CLI::Option* add_taken(CLI::App& app, const std::string& name, const std::string& form,
                       const std::function<std::string(const std::string&)>& take,
                       const std::string& help) {
  return app.add_option(name, callback(name, take), help)->type_name(form);
}

CLI::Option* add_repeated(CLI::App& app, const std::string& name, const std::string& form,
                          const std::function<std::string(const std::string&)>& take,
                          const std::string& help) {
  return add_taken(app, name, form, take, help)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->trigger_on_parse();
}

CLI::Option* add_words(CLI::App& app, const std::string& name,
                       const std::vector<std::string>& words,
                       const std::function<void(const std::string&)>& take,
                       const std::string& help) {
  std::string form;
  for (const std::string& word : words) form += (form.empty() ? "" : "|") + word;
  return app.add_option_function<std::string>(name, take, help)
      ->check(one_of(words))
      ->type_name(form);
}

bool asks_for_json(int argc, const char* const* argv) {
  return std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
}

std::variant<CommandLine, int> parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app;
  define(app, line);
  try {
    check_subcommand(app, argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    if (!std::string_view(error.what()).starts_with("MODEL ")) return leave(app, error, argc, argv);
    const std::vector<const char*> moved = with_model_first(argc, argv);
    if (!moved.empty()) return parse_command_line(static_cast<int>(moved.size()), moved.data());
    return leave(app, missing_model(argc, argv), argc, argv);
  } catch (const CLI::ParseError& error) {
    return leave(app, error, argc, argv);
  }
  return line;
}

}  // namespace linnet
