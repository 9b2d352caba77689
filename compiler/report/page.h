// What `linnet report` shows, as plain values. Collected from a model or a folder (collect.h), written as a page (html.cpp), as
// Markdown for a pull request (markdown.cpp) or as JSON (page_json.cpp); nothing of it depends on the day or the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/emit/report.h"
#include "compiler/profile/profile.h"
#include "compiler/support/diagnostic.h"

namespace linnet {

// A node, an input or an output of a graph, in topological order.
struct NodeLine {
  std::string op;                   // "Conv2d 3x3 s2 p1,1,1,1 relu6", "input", "output"
  std::string type;                 // "f32[1x48x48x16]"
  std::string name;                 // of the ONNX node, or of the port
  std::vector<std::size_t> inputs;  // lines whose tensors it reads
  enum class Fate : std::uint8_t { same, changed, only_here } fate = Fate::same;
  std::optional<std::size_t> other;  // its line in the other graph
};

using GraphLines = std::vector<NodeLine>;

struct PassEffect {
  std::string pass;
  std::int64_t nodes = 0;  // more (or, negative, fewer) after it, all rounds together
};

struct OperatorCount {
  std::string op;
  std::int64_t before = 0, after = 0;
};

// The graph as it was imported, and after the passes.
struct GraphStory {
  GraphLines before, after;
  std::vector<PassEffect> passes;        // those that changed the graph
  std::vector<OperatorCount> operators;  // by name
};

// How far a layer's int8 output is from that of the float network, errors of the layers before it included.
struct LayerQuality {
  double sqnr_db = 0;    // infinite when nothing differs
  double saturated = 0;  // part of the float values that the codes cannot say
  // Only activations read it, which map much of its range to one value: calibration cuts such ranges on purpose.
  bool before_activation = false;
};

// What to change, the most rewarding of its kind.
struct Finding {
  std::string kind;                  // "RAM", "flash", "speed", "accuracy"
  std::optional<std::size_t> layer;  // index into Report::layers
  std::string what;                  // sentences
  std::vector<std::string> parts;    // of what is large
  std::string remedy;                // sentences
};

struct ReportPage {
  Report report;
  std::optional<std::int64_t> ram_limit;    // --ram
  std::optional<std::int64_t> flash_limit;  // --flash, or the target's
  Diagnostics missed;                       // budgets
  std::optional<ProfileReport> profile;
  std::vector<std::optional<LayerQuality>> quality;   // by layer; empty: not compared with float
  std::string quality_data;                           // "8 samples: 16 of the calibration data"
  std::optional<GraphStory> graphs;                   // of a model
  std::optional<std::int64_t> arena_with_input_rows;  // what --input rows would make of arena_bytes
  std::vector<Finding> findings;
};

// Fills `findings` from the rest.
void add_findings(ReportPage& page);

// Highest of live_bytes() outside the segment in which the peak lies.
std::int64_t next_peak_bytes(const ReportPlan& plan);

std::string to_html(const ReportPage& page);
std::string to_markdown(const ReportPage& page);
std::string to_json(const ReportPage& page);

}  // namespace linnet
