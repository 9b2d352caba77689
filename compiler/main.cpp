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
    case linnet::CommandLine::Verb::size: return linnet::run_size(command);
    case linnet::CommandLine::Verb::bench: return linnet::run_bench(command);
    case linnet::CommandLine::Verb::build: return linnet::run_build(command);
    case linnet::CommandLine::Verb::report: return linnet::run_report(command);
    case linnet::CommandLine::Verb::completions: return linnet::run_completions(command);
    case linnet::CommandLine::Verb::man: return linnet::run_man(command);
    case linnet::CommandLine::Verb::explain: return linnet::run_explain(command);
    case linnet::CommandLine::Verb::operators: return linnet::run_operators(command);
  }
  return 70;
}

int stop(const linnet::Diagnostics& why, bool json) {
  const int code = linnet::exit_code(why);
  std::fputs(linnet::format(why, "linnet").c_str(), stderr);
  if (json) std::fputs(linnet::to_json(why, {}, code).c_str(), stdout);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto parsed = linnet::parse_command_line(argc, argv);
    if (const int* known = std::get_if<int>(&parsed)) return *known;
    return run(std::get<linnet::CommandLine>(parsed));
  } catch (const std::bad_alloc&) {
    return stop({{"E122", "", "", "the model or its data need more memory than there is",
                  "a tensor is too large for a microcontroller"}},
                linnet::asks_for_json(argc, argv));
  } catch (const std::exception& error) {
    return stop(
        {{"E999", "", "", std::string("a defect of linnet: ") + error.what(), "please report it"}},
        linnet::asks_for_json(argc, argv));
  }
}
