// Runs a planned program in this process, with the runtime's own kernels on an arena laid out by the plan: what the
// generated code does, without compiling it. Layers are rebuilt from the program's fields, so lowering, field names,
// packing, planning and kernels are all under test.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/lower/program.h"
#include "compiler/plan/plan.h"

namespace linnet::testing {

// What to do wrong on purpose, to show that a comparison notices. Applied to one call.
struct Mutation {
  std::size_t call = 0;
  enum class Kind { none, field, constant_byte } kind = Kind::none;
  std::string field;        // name of the field that changes, or of the constant's pointer
  std::int64_t amount = 1;  // added to the field, or to the byte at `index`
  std::size_t index = 0;
};

struct ExecuteOptions {
  std::int64_t rows_per_step = 0;  // calls are made in blocks of so many rows; 0: as planned
  bool only_rows_under = false;    // a block sees garbage but for the input rows of its windows
  Mutation mutation = {};
  // Of compile_and_execute:
  PlanOptions plan = {};
  bool without_copies = false;  // every copy that can be left out is, whatever RAM it costs
};

// `inputs` are device tensors in the order of program.inputs; gives the device tensors of graph.outputs.
std::vector<TensorValue> execute(const Graph& graph, const Program& program, const Plan& plan,
                                 const Target& target, const std::vector<TensorValue>& inputs,
                                 const ExecuteOptions& options = {});

// Lower, plan, check and execute; fails the test on a diagnostic.
std::vector<TensorValue> compile_and_execute(const Graph& graph,
                                             const std::vector<TensorValue>& inputs,
                                             const ExecuteOptions& options = {});

// One bank without limits, as target cortex-m7 has.
Target unlimited_target();

}  // namespace linnet::testing
