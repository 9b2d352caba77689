// Whether a layer's fields are those of the graph's operator, where they say which rows the kernel reads.
#pragma once

#include <optional>
#include <string>

#include "compiler/check/layout.h"

namespace linnet {

// "stride_h is 1, not 2", or nothing.
std::string wrong_field(const Graph& graph, const BoundCall& call);

// The one row of input `input` that the kernel looks into for row `row` of its output, by the layer's fields; -1: into none.
// Nothing for kernels that take more than one.
std::optional<std::int64_t> source_row(const BoundCall& call, std::size_t input, std::int64_t row);

}  // namespace linnet
