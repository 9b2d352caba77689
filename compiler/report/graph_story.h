// The graph before and after the passes, line by line.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "compiler/ir/graph.h"
#include "compiler/report/page.h"

namespace linnet {

// Watches the passes: `observe` is for PipelineHooks::observe.
class GraphWatcher {
 public:
  void observe(const char* pass, const Graph& graph);
  // `after` is the graph that was lowered, or what it was quantized from.
  GraphStory story(const Graph& after) const;

 private:
  GraphLines before_;
  std::size_t nodes_ = 0;
  std::vector<PassEffect> passes_;
};

GraphLines lines_of(const Graph& graph);

}  // namespace linnet
