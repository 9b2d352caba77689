// The catalogue of diagnostics: what each code means, why it appears and what to do about it.
//
//   E105  a value must be a constant
//         cause    ... what code is generated depends on it ...
//         remedy   ... run the model through onnxsim ...
//         example  model.onnx: E105 node 'Reshape_3' (Reshape): input 1 (shape) is not a constant; make it ...
//
// `linnet explain` prints it, docs/troubleshooting.md is written from it. tests/docs/codes.py holds it against the sources:
// every code that they raise has an entry, every entry is raised, and every example is made of words that they print.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace linnet {

struct DiagnosticCode {
  std::string_view code;     // "E105"
  std::string_view title;    // what is the matter, in a few words, no full stop
  std::string_view cause;    // sentences
  std::string_view remedy;   // sentences
  std::string_view example;  // a message as it is printed, without the file
};

// A family of codes: those that begin with `prefix`.
struct DiagnosticFamily {
  std::string_view prefix;  // "E1"
  std::string_view title;
  std::string_view about;  // sentences
};

std::span<const DiagnosticFamily> diagnostic_families();

// All codes, in their order.
std::vector<DiagnosticCode> diagnostic_codes();

// Null for a code that does not exist.
const DiagnosticCode* find_diagnostic_code(std::string_view code);

// The parts of the catalogue, each in a file of its own.
std::span<const DiagnosticCode> reading_codes();  // E0xx
std::span<const DiagnosticCode> graph_codes();    // E1xx
std::span<const DiagnosticCode> data_codes();     // E2xx
std::span<const DiagnosticCode> use_codes();      // E3xx to E9xx

}  // namespace linnet
