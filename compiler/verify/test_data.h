// The samples that a model is verified on, with the outputs stored for them, where there are any.
#pragma once

#include <string>
#include <vector>

#include "compiler/pipeline.h"
#include "compiler/verify/options.h"

namespace linnet {

struct TestSample {
  Sample inputs;                     // in the model's layout and types
  std::vector<TensorValue> outputs;  // as stored; empty: none
  std::string name = {};             // of its file; empty: random numbers
};

struct TestData {
  std::vector<TestSample> samples;
  std::string description;     // "16 samples from images/test"
  bool invented = false;       // random inputs
  std::size_t stored() const;  // samples with stored outputs
};

// E291 when stored outputs do not fit the samples or the model.
Result<TestData> load_test_data(const Graph& graph, const CompileOptions& compile,
                                const VerifyOptions& options);

}  // namespace linnet
