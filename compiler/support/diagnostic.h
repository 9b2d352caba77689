// What is said to the user when the model, the data or a budget is at fault.
//
// A diagnostic has a stable code, the node it is about (where there is one), what is wrong and what to do:
//
//   model.onnx: E103 node 'Conv_7' (Conv): strides is 0, which is outside [1, 32767]; use a value inside
//
// Codes: E0xx reading the file, E1xx graph and operators, E2xx calibration and data, E3xx budgets,
// E4xx external tools, E5xx output, E9xx our own defects. diagnostic_codes.h explains each one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace linnet {

struct Diagnostic {
  std::string code;  // "E103"
  std::string
      node;        // ONNX node name, or the name of its first output when it has none; may be empty
  std::string op;  // ONNX operator type; may be empty
  std::string message;  // what is wrong, one clause, no full stop
  std::string hint;     // the remedy, one clause; may be empty
};

using Diagnostics = std::vector<Diagnostic>;

// "FILE: CODE node 'N' (Op): MESSAGE; HINT" without a line end. An empty file leaves the prefix out.
std::string format(const Diagnostic& diagnostic, std::string_view file = {});

// All diagnostics, one a line, each ended by '\n'.
std::string format(const Diagnostics& diagnostics, std::string_view file = {});

// The same for programs: {"diagnostics": [{"code", "severity", "file", "node", "op", "message", "hint"}], "exit_code"}.
std::string to_json(const Diagnostics& diagnostics, std::string_view file, int exit_code);
class Json;
Json json_of(const Diagnostic& diagnostic, std::string_view file);  // one of them

// Exit code of the process for these diagnostics: 1 model or data, 2 usage (listed in diagnostic.cpp), 3 budget, 4 missing tool, 70 our defect.
int exit_code(const Diagnostics& diagnostics);

}  // namespace linnet
