// A graph compiled down to the text of its schedule, in this process.
#pragma once

#include <string>

#include "compiler/emit/emit.h"
#include "compiler/ir/graph.h"
#include "compiler/plan/plan.h"

namespace linnet::testing {

struct GeneratedText {
  std::string source, header;  // of NAME.cpp and NAME.hpp
};

// Lowers, plans and emits as network `name`; fails the test on a diagnostic.
GeneratedText generated_text(const Graph& graph, const Target& target,
                             const PlanOptions& options = {}, const std::string& name = "net");
// The same files with everything that a build needs; the test vector is empty.
Files generated_files(const Graph& graph, const Target& target, const PlanOptions& options,
                      const std::string& name);

}  // namespace linnet::testing
