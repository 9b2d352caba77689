// What the command line takes, as plain values: of the same definition that parses it. Completions, the man page and
// docs/cli.md are made of it.
#pragma once

#include <string>
#include <vector>

namespace linnet {

struct OptionText {
  std::vector<std::string> names;  // "-o", "--output"; of a positional its name alone
  std::string form;                // "BYTES"; empty for a flag
  std::vector<std::string> words;  // the only values that it takes; empty: any
  std::string help;
  bool positional = false, required = false;
  bool many = false;  // takes several values
};

struct CommandText {
  std::string name, about, notes;  // notes: examples and what else the help says at its end
  std::vector<OptionText> options;
  std::vector<CommandText> commands;
};

CommandText describe_command_line();

// Scripts that complete `linnet` in a shell: "bash", "zsh" or "fish".
std::string completions_for(const CommandText& linnet, const std::string& shell);
// linnet(1), in man's macros.
std::string man_page(const CommandText& linnet);
// docs/cli.md.
std::string reference_page(const CommandText& linnet);

}  // namespace linnet
