// What is made of the command line's own definition: completions, manual page, docs/cli.md. The shells themselves read and
// run the scripts.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "compiler/cli/describe.h"
#include "compiler/support/read_text.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"

using namespace linnet;

namespace {

// Every name that starts with two dashes, of all subcommands.
void collect_long_names(const CommandText& command, std::vector<std::string>& names) {
  for (const OptionText& option : command.options) {
    for (const std::string& name : option.names) {
      if (name.starts_with("--")) names.push_back(name);
    }
  }
  for (const CommandText& inner : command.commands) collect_long_names(inner, names);
}

std::string output_of(const std::vector<std::string>& arguments) {
  const Finished finished = run_process({arguments, {}});
  INFO(fmt::format("{}\n{}", arguments.front(), finished.output));
  CHECK(finished.succeeded());
  return finished.output;
}

// The script that `linnet completions SHELL` prints, in a file of a folder.
std::string script_in(const TemporaryFolder& folder, const std::string& shell) {
  const std::string script = (folder.path() / ("linnet." + shell)).string();
  REQUIRE(replace_file(script, output_of({LINNET_BINARY, "completions", shell})));
  return script;
}

// What bash offers for the last of `words`, one a line.
std::string bash_offers(const std::string& script, const std::string& words) {
  return output_of({"bash", "-c",
                    fmt::format("source '{}'; COMP_WORDS=({}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - "
                                "1)); _linnet; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
                                script, words)});
}

}  // namespace

TEST_CASE("docs/cli.md is what the command line defines") {
  CHECK(read_text(LINNET_SOURCE_DIR "/docs/cli.md") ==
        output_of({LINNET_BINARY, "man", "--markdown"}));
}

TEST_CASE("completions and manual have every option of every subcommand") {
  const CommandText linnet = describe_command_line();
  std::vector<std::string> names;
  collect_long_names(linnet, names);
  REQUIRE(names.size() > 100);
  const std::string bash = completions_for(linnet, "bash"), zsh = completions_for(linnet, "zsh"),
                    fish = completions_for(linnet, "fish"), page = reference_page(linnet),
                    manual = man_page(linnet);
  for (const std::string& name : names) {
    INFO(name);
    CHECK(bash.find(name) != std::string::npos);
    CHECK(zsh.find(name) != std::string::npos);
    CHECK(fish.find("-l " + name.substr(2)) != std::string::npos);
    CHECK(page.find(name) != std::string::npos);
    std::string roff;
    for (const char c : name) roff += c == '-' ? "\\-" : std::string(1, c);
    CHECK(manual.find(roff) != std::string::npos);
  }
  for (const CommandText& command : linnet.commands)
    CHECK(page.find("## linnet " + command.name + "\n") != std::string::npos);
}

TEST_CASE("bash completes linnet") {
  const TemporaryFolder folder;
  const std::string script = script_in(folder, "bash");
  CHECK(bash_offers(script, "linnet comp") == "compile\ncompletions\n");
  CHECK(bash_offers(script, "linnet compile m.onnx --target ''") == "cortex-m7\nstm32h743\n");
  CHECK(bash_offers(script, "linnet compile m.onnx --weights-f") == "--weights-format\n");
  CHECK(bash_offers(script, "linnet compile m.onnx --weights ''") == "int8\nint4\nauto\n");
  CHECK(bash_offers(script, "linnet bench ''") == "kernels\n-h\n--help\n");
  CHECK(bash_offers(script, "linnet bench kernels --optimization ''") == "2\n3\n");
  CHECK(bash_offers(script, "linnet compile m.onnx --ram ''") == "\n");
  const std::string models = LINNET_SOURCE_DIR "/models/phin";
  CHECK(bash_offers(script, "linnet compile " + models).find("phinet_96\n") != std::string::npos);
}

TEST_CASE("fish completes linnet") {
  const TemporaryFolder folder;
  const std::string script = script_in(folder, "fish");
  const auto offers = [&](const std::string& typed) {
    return output_of(
        {"fish", "--no-config", "-c", fmt::format("source '{}'; complete -C '{}'", script, typed)});
  };
  CHECK(offers("linnet comp").starts_with("compile\tCompile a model"));
  CHECK(offers("linnet compile --target ").find("stm32h743\t") != std::string::npos);
  CHECK(offers("linnet bench ").starts_with("kernels\t"));
  CHECK(offers("linnet completions ").find("fish\n") != std::string::npos);
}

TEST_CASE("zsh reads linnet's completions") {
  const TemporaryFolder folder;
  const std::string script = script_in(folder, "zsh");
  CHECK(output_of({"zsh", "-f", "-n", script}).empty());
  // Run with _arguments and _describe in our hands: what they get is what zsh would offer.
  const std::string stand_ins =
      "_arguments() { print -l -- \"$@\" }; _describe() { print -l -- ${(P)2} }; _files() { }; ";
  const auto given = [&](const std::string& words, int current) {
    return output_of(
        {"zsh", "-f", "-c",
         stand_ins + fmt::format("words=({}); CURRENT={}; source '{}'", words, current, script)});
  };
  CHECK(given("linnet ''", 2).find("compile:Compile a model") != std::string::npos);
  CHECK(given("linnet compile ''", 3).find("--target[Device to plan for") != std::string::npos);
  CHECK(given("linnet compile ''", 3).find(":(cortex-m7 stm32h743)") != std::string::npos);
  CHECK(given("linnet bench kernels ''", 4).find("--optimization[") != std::string::npos);
}

TEST_CASE("mandoc finds no error in the manual page") {
  const TemporaryFolder folder;
  const std::string page = (folder.path() / "linnet.1").string();
  REQUIRE(replace_file(page, output_of({LINNET_BINARY, "man"})));
  CHECK(output_of({"mandoc", "-Tlint", "-Werror", page}).empty());
  CHECK(output_of({"mandoc", "-Tutf8", page}).find("Compile a model into C++ sources") !=
        std::string::npos);
}
