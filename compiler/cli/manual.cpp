// linnet completions, linnet man: what is made of the command line's own definition.
#include <fmt/format.h>

#include "compiler/cli/commands.h"
#include "compiler/cli/describe.h"

namespace linnet {

int run_completions(const CommandLine& command) {
  fmt::print("{}", completions_for(describe_command_line(), command.shell));
  return 0;
}

int run_man(const CommandLine& command) {
  const CommandText linnet = describe_command_line();
  fmt::print("{}", command.markdown ? reference_page(linnet) : man_page(linnet));
  return 0;
}

}  // namespace linnet
