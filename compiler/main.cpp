// linnet: ONNX networks into C++ for Cortex-M7. The command line is in cli/command_line.cpp, the work in pipeline.cpp.
#include <cstdio>
#include <exception>
#include <new>
#include <variant>

#include "compiler/cli/commands.h"

namespace {

int run(const linnet::CommandLine& command) {
  switch (command.verb) {
    case linnet::CommandLine::Verb::inspect: return linnet::run_inspect(command);
    case linnet::CommandLine::Verb::compile: return linnet::run_compile(command);
    case linnet::CommandLine::Verb::labels: return linnet::run_labels(command);
    case linnet::CommandLine::Verb::verify: return linnet::run_verify(command);
    case linnet::CommandLine::Verb::plan: return linnet::run_plan(command);
    case linnet::CommandLine::Verb::profile: return linnet::run_profile(command);
    case linnet::CommandLine::Verb::bench: return linnet::run_bench(command);
    case linnet::CommandLine::Verb::completions: return linnet::run_completions(command);
    case linnet::CommandLine::Verb::man: return linnet::run_man(command);
  }
  return 70;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto parsed = linnet::parse_command_line(argc, argv);
    if (const int* known = std::get_if<int>(&parsed)) return *known;
    return run(std::get<linnet::CommandLine>(parsed));
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr,
                 "linnet: E122 the model or its data need more memory than there is; a tensor is "
                 "too large for a "
                 "microcontroller\n");
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "linnet: E999 a defect of linnet: %s; please report it\n", error.what());
    return 70;
  }
}
