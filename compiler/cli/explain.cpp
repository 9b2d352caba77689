// linnet explain: the catalogue of diagnostics, all or one of them, or as docs/troubleshooting.md.
//
//   E105  a value that must be a constant
//
//   Cause: What code is generated depends on this input ...
//   Remedy: Run the model through onnxsim ...
//   Printed as:  E105 node 'n0' (Gather): input 1 (indices) is not a constant; ...
//   Exit code: 1
#include <fmt/format.h>

#include "compiler/cli/commands.h"
#include "compiler/emit/render.h"
#include "compiler/support/diagnostic_codes.h"

namespace linnet {
namespace {

int exit_code_of(const DiagnosticCode& entry) {
  return exit_code({Diagnostic{std::string(entry.code), {}, {}, {}, {}}});
}

// Words in lines of at most 100 columns, the first after `title`.
std::string paragraph(std::string_view title, std::string_view words) {
  std::string text = fmt::format("{}: ", title);
  std::size_t column = text.size();
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (column + end > 100) {
      text.back() = '\n';
      text += "  ";
      column = 2;
    }
    text.append(words.substr(0, end)).append(" ");
    column += end + 1;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  text.back() = '\n';
  return text;
}

void print_code(const DiagnosticCode& entry) {
  fmt::print("{}  {}\n\n{}{}{}Exit code: {}\n", entry.code, entry.title,
             paragraph("Cause", entry.cause), paragraph("Remedy", entry.remedy),
             paragraph("Printed as", entry.example), exit_code_of(entry));
}

void print_list() {
  for (const DiagnosticFamily& family : diagnostic_families()) {
    fmt::print("{}xx  {}\n", family.prefix, family.title);
    for (const DiagnosticCode& entry : diagnostic_codes()) {
      if (entry.code.starts_with(family.prefix)) fmt::print("  {}  {}\n", entry.code, entry.title);
    }
    fmt::print("\n");
  }
  fmt::print("linnet explain CODE says more.\n");
}

std::string troubleshooting_page() {
  TemplateList families;
  for (const DiagnosticFamily& family : diagnostic_families()) {
    TemplateList codes;
    for (const DiagnosticCode& entry : diagnostic_codes()) {
      if (!entry.code.starts_with(family.prefix)) continue;
      codes.push_back(TemplateData()
                          .set("code", std::string(entry.code))
                          .set("title", std::string(entry.title))
                          .set("cause", std::string(entry.cause))
                          .set("remedy", std::string(entry.remedy))
                          .set("example", std::string(entry.example))
                          .set("exit_code", std::int64_t{exit_code_of(entry)}));
    }
    families.push_back(TemplateData()
                           .set("prefix", std::string(family.prefix))
                           .set("anchor", fmt::format("e{}xx", family.prefix.substr(1)))
                           .set("title", std::string(family.title))
                           .set("about", std::string(family.about))
                           .set("codes", std::move(codes)));
  }
  return render("docs/troubleshooting.md", TemplateData().set("families", std::move(families)));
}

}  // namespace

int run_explain(const CommandLine& command) {
  if (command.markdown) {
    fmt::print("{}", troubleshooting_page());
  } else if (command.topic.empty()) {
    print_list();
  } else {
    print_code(*find_diagnostic_code(command.topic));
  }
  return 0;
}

}  // namespace linnet
