// How options are defined, for the files that do: command_line.cpp, subcommands.cpp and model_options.cpp. CLI11 itself is
// included by those only.
//
//   add_choice(app, "--on", verify.on, {{"host", Machine::host}, {"qemu", Machine::qemu}}, "Where it runs");
//   add_parsed(app, "--ram", "BYTES", parse_bytes, [&](std::int64_t value) { ... }, "Most bytes for arenas");
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/cli/command_line.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace linnet {

// An option whose every text goes to `take`, which gives a complaint, or "" when it understood.
CLI::Option* add_taken(CLI::App& app, const std::string& name, const std::string& form,
                       const std::function<std::string(const std::string&)>& take,
                       const std::string& help);
// The same, once for each text on the command line: --bank dtcm=16K --bank axi=64K.
CLI::Option* add_repeated(CLI::App& app, const std::string& name, const std::string& form,
                          const std::function<std::string(const std::string&)>& take,
                          const std::string& help);
// One of a few words.
CLI::Option* add_words(CLI::App& app, const std::string& name,
                       const std::vector<std::string>& words,
                       const std::function<void(const std::string&)>& take,
                       const std::string& help);

// A parser of parse_values.h as what `add_taken` and `add_repeated` want.
template <class Parse, class Store>
std::function<std::string(const std::string&)> taken(Parse parse, Store store) {
  return [parse, store](const std::string& text) -> std::string {
    auto value = parse(text);
    if (const auto* complaint = std::get_if<std::string>(&value)) return *complaint;
    store(std::get<0>(std::move(value)));
    return {};
  };
}

// One of a few words, each for a value.
template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, T& value,
                        const std::vector<std::pair<std::string, T>>& choices,
                        const std::string& help) {
  std::vector<std::string> words;
  for (const auto& [word, ignored] : choices) words.push_back(word);
  const auto store = [&value, choices](const std::string& given) {
    for (const auto& [word, meaning] : choices) {
      if (word == given) value = meaning;
    }
  };
  return add_words(app, name, words, store, help);
}

// What every subcommand that takes a model takes.
void add_model_options(CLI::App& app, CommandLine& line);
// --package and what goes with it, of `compile`.
void add_package_options(CLI::App& app, CommandLine& line);
// --labels of `compile`: a zero-shot classifier's.
void add_label_file(CLI::App& app, CommandLine& line);

// All subcommands, with what they take. `line` must outlive `app`.
void add_subcommands(CLI::App& app, CommandLine& line);

}  // namespace linnet
