// The command line as data.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "compiler/bench/bench.h"
#include "compiler/pipeline.h"
#include "compiler/profile/profile.h"
#include "compiler/project/build.h"
#include "compiler/size/options.h"
#include "compiler/verify/options.h"

namespace linnet {

struct CommandLine {
  enum class Verb : std::uint8_t {
    inspect,
    compile,
    labels,
    plan,
    verify,
    profile,
    bench,
    build,
    size,
    report,
    completions,
    man,
    explain,
    operators
  } verb = Verb::inspect;
  CompileOptions compile;  // compile.model may be a folder that `compile` wrote (inspect, profile)
  std::filesystem::path output;   // compile -o, plan -o, report -o
  std::filesystem::path depfile;  // compile
  std::string dump_after;
  ProjectOptions build;
  std::string shell;         // completions
  bool markdown = false;     // man, explain, operators: as a page of docs/
  std::string topic;         // explain: a code; operators: an operator; empty: all
  std::string page_format;   // report: "html" or "md"; empty: by the output's name
  bool page_profile = true;  // report: with instructions
  bool quiet = false;
  bool json = false;
  bool inspect_compiled = false;  // inspect: also what `compile` with these options makes
  bool all_layers = false;        // inspect of a folder, profile: every layer, not only the largest
  VerifyOptions verify;
  ProfileOptions profile;
  BenchOptions bench;
  SizeOptions size;
};

// What to do, or the exit code when that is already known: help and version were printed (0), or the usage was wrong and
// the reason is on stderr (2).
std::variant<CommandLine, int> parse_command_line(int argc, const char* const* argv);

// Whether errors are to be said as JSON too; of a command line that may be wrong.
bool asks_for_json(int argc, const char* const* argv);

}  // namespace linnet
