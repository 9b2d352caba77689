// How import functions give up: they throw an ImportFault, which the importer catches for each node
// and turns into a Diagnostic of its Result. Nothing outside compiler/onnx and
// compiler/ops/import_*.cpp sees it. (An import function asks some twenty questions of a node that
// may be malformed in any way; a Result for each would hide what it does.)
//
// Codes given while importing:
//   E001 cannot open          E002 not ONNX, truncated    E003 no graph        E004 no opset for a
//   domain E005 external data outside the folder                 E006 external data missing or
//   short E007 tensor data and dims disagree                    E008 element type    E009
//   dimensions of a tensor E010 NaN or infinite weights E101 operator             E102 domain E103
//   attribute or variant E104 shapes do not fit    E105 must be constant       E106 element type at
//   run time E107 malformed node       E108 opset too old          E109 quantization parameters
//   E110 cycle                E111 nothing produces       E112 duplicate name
//   E113 unknown dimension    E114 --input-shape differs  E115 dimension of an input
//   E116 --input-shape names no input                     E117 kind of a graph input or output
#pragma once

#include <string>
#include <utility>

#include "compiler/support/diagnostic.h"

namespace linnet {

struct ImportFault {
  Diagnostic diagnostic;  // node and op are filled in by whoever knows the node
  std::string missing_file =
      {};  // an external data file that cannot be read; many tensors may be in it
};

[[noreturn]] inline void import_fault(const char* code, std::string message,
                                      std::string hint = {}) {
  throw ImportFault{{code, {}, {}, std::move(message), std::move(hint)}};
}

}  // namespace linnet
