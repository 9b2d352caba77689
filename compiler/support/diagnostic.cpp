// Diagnostics as text and as exit codes; see diagnostic.h.
#include "compiler/support/diagnostic.h"

#include <algorithm>
#include <iterator>

#include "compiler/support/json.h"

namespace linnet {

std::string format(const Diagnostic& diagnostic, std::string_view file) {
  std::string text;
  if (!file.empty()) text.append(file).append(": ");
  text.append(diagnostic.code);
  if (!diagnostic.node.empty()) text.append(" node '").append(diagnostic.node).append("'");
  if (!diagnostic.op.empty()) text.append(" (").append(diagnostic.op).append(")");
  const bool names_node = !diagnostic.node.empty() || !diagnostic.op.empty();
  text.append(names_node ? ": " : " ").append(diagnostic.message);
  if (!diagnostic.hint.empty()) text.append("; ").append(diagnostic.hint);
  return text;
}

std::string format(const Diagnostics& diagnostics, std::string_view file) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics)
    text.append(format(diagnostic, file)).append("\n");
  return text;
}

Json json_of(const Diagnostic& diagnostic, std::string_view file) {
  return Json::object({{"code", diagnostic.code},
                       {"severity", "error"},
                       {"file", std::string(file)},
                       {"node", diagnostic.node},
                       {"op", diagnostic.op},
                       {"message", diagnostic.message},
                       {"hint", diagnostic.hint}});
}

std::string to_json(const Diagnostics& diagnostics, std::string_view file, int exit_code) {
  Json::Array list;
  for (const Diagnostic& diagnostic : diagnostics) list.push_back(json_of(diagnostic, file));
  return to_text(Json::object({{"diagnostics", std::move(list)}, {"exit_code", exit_code}})) + "\n";
}

namespace {

// About --target, --bank, --input, --labels, --front-end, --name, --package, --filter and project files: wrong usage.
constexpr std::string_view kUsage[] = {"E303", "E305", "E306", "E307", "E311", "E320",
                                       "E321", "E322", "E502", "E507", "E520", "E521",
                                       "E522", "E523", "E530", "E531", "E532"};

}  // namespace

int exit_code(const Diagnostics& diagnostics) {
  int worst = 0;
  for (const Diagnostic& diagnostic : diagnostics) {
    const char family = diagnostic.code.size() > 1 ? diagnostic.code[1] : '0';
    const bool usage =
        std::find(std::begin(kUsage), std::end(kUsage), diagnostic.code) != std::end(kUsage);
    const int code = usage ? 2 : family == '3' ? 3 : family == '4' ? 4 : family == '9' ? 70 : 1;
    worst = std::max(worst, code);
  }
  return worst;
}

}  // namespace linnet
