// What each sample is, by the outputs of a classifier: names of classes, or a zero-shot classifier's labels.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "compiler/labels/label_set.h"
#include "compiler/pipeline.h"
#include "compiler/verify/verify.h"

namespace linnet {

// One name a line. E292 when there is no such file, or nothing in it.
Result<std::vector<std::string>> read_class_names(const std::filesystem::path& path);

// The three best classes of the first output of each sample.
std::vector<std::vector<Score>> top_classes(const Reals& outputs,
                                            const std::vector<std::string>& names);
// The same for a zero-shot classifier: names and probabilities.
std::vector<std::vector<Score>> top_labels(const Graph& graph, const std::vector<Values>& outputs,
                                           const LabelSet& labels);
// The part of the samples whose best label is the same by the int8 code (`outputs`) and in float (`expected`).
double label_agreement(const Compiled& made, const LabelSet& labels,
                       const std::vector<Values>& outputs, const std::vector<Values>& expected);

}  // namespace linnet
