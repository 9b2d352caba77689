// The labels of a zero-shot classifier as files of their own, so that they change without the network being compiled again:
// NAME_labels.cpp (the table and what uses it), NAME_labels.hpp and .h (the interfaces).
#pragma once

#include <string>
#include <vector>

#include "compiler/emit/emit.h"
#include "compiler/labels/label_set.h"

namespace linnet {

// `banks`: the arenas that the network uses, in the order of its Arenas.
Files emit_labels(const std::string& name, const std::vector<std::string>& banks,
                  const LabelSet& labels);

// What NAME_labels.cpp includes of the runtime, to put beside the sources.
Files label_runtime_files();

}  // namespace linnet
