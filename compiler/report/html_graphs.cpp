// The graphs of the page: a line for each node, and beside the lines the tensors that skip some:
//
//     o    Conv2d 3x3
//    .o    Unary sigmoid
//    `o    Binary mul
//
// A node reads the line above it; what it reads from further up comes along a lane, which its source shares with all its
// readers.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "compiler/report/html_parts.h"
#include "compiler/report/page_text.h"

namespace linnet {
namespace {

constexpr std::size_t kRowPixels = 26, kLanePixels = 9, kMostLanes = 14;

struct Lane {
  std::size_t source = 0;
  std::vector<std::size_t> readers;  // further down than the next line
  std::size_t lane = 0;
};

// Lanes that do not overlap share a column, as far to the right as there is room.
std::vector<Lane> lanes_of(const GraphLines& lines) {
  std::vector<Lane> lanes(lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lanes[i].source = i;
    for (const std::size_t input : lines[i].inputs)
      if (input + 1 < i) lanes[input].readers.push_back(i);
  }
  lanes.erase(std::remove_if(lanes.begin(), lanes.end(),
                             [](const Lane& lane) { return lane.readers.empty(); }),
              lanes.end());
  std::vector<std::size_t> busy_until;
  for (Lane& lane : lanes) {
    std::size_t column = 0;
    while (column < busy_until.size() && busy_until[column] > lane.source) ++column;
    if (column == busy_until.size()) busy_until.push_back(0);
    busy_until[column] = lane.readers.back();
    lane.lane = std::min(column, kMostLanes - 1);
  }
  return lanes;
}

std::string path_of(const GraphLines& lines, const std::vector<Lane>& lanes, std::size_t columns) {
  const auto y = [](std::size_t line) { return line * kRowPixels + kRowPixels / 2; };
  const std::size_t x = columns * kLanePixels + kLanePixels / 2;
  std::string path;
  const auto out = std::back_inserter(path);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::size_t>& inputs = lines[i].inputs;
    if (std::find(inputs.begin(), inputs.end(), i - 1) != inputs.end())
      fmt::format_to(out, "M{0} {1}V{2}", x, y(i - 1), y(i));
  }
  for (const Lane& lane : lanes) {
    const std::size_t lane_x = x - (lane.lane + 1) * kLanePixels;
    const std::size_t half = kRowPixels / 2;
    fmt::format_to(out, "M{0} {1}Q{2} {1} {2} {3}V{4}", x, y(lane.source), lane_x,
                   y(lane.source) + half, y(lane.readers.back()) - half);
    for (const std::size_t reader : lane.readers)
      fmt::format_to(out, "M{2} {3}Q{2} {1} {0} {1}", x, y(reader), lane_x, y(reader) - half);
  }
  return path;
}

const char* word_for(NodeLine::Fate fate) {
  switch (fate) {
    case NodeLine::Fate::same: return "same";
    case NodeLine::Fate::changed: return "changed";
    case NodeLine::Fate::only_here: return "only";
  }
  return "";
}

TemplateData graph_data(const GraphLines& lines, const char* id, const char* other_id,
                        const char* title, const char* only_here) {
  const std::vector<Lane> lanes = lanes_of(lines);
  std::size_t columns = 0;
  for (const Lane& lane : lanes) columns = std::max(columns, lane.lane + 1);
  TemplateList nodes;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const NodeLine& line = lines[i];
    const bool port = line.op == "input" || line.op == "output";
    if (!port) ++count;
    nodes.push_back(TemplateData()
                        .set("id", fmt::format("{}-{}", id, i))
                        .set("fate", word_for(line.fate))
                        .set("fate_text", line.fate == NodeLine::Fate::only_here ? only_here
                                          : line.fate == NodeLine::Fate::changed ? "changed"
                                                                                 : "")
                        .set("port", port)
                        .set("op", clean_name(line.op))
                        .set("type", clean_name(line.type))
                        .set("name", clean_name(line.name))
                        .set("has_other", line.other.has_value())
                        .set("other", fmt::format("{}-{}", other_id, line.other.value_or(0))));
  }
  const std::size_t width = (columns + 1) * kLanePixels + 2;
  const auto pixels = [](std::size_t value) { return static_cast<std::int64_t>(value); };
  return TemplateData()
      .set("graph_id", id)
      .set("title", title)
      .set("count", count)
      .set("width", pixels(width))
      .set("height", pixels(lines.size() * kRowPixels))
      .set("dot_x", pixels(columns * kLanePixels + kLanePixels / 2))
      .set("path", path_of(lines, lanes, columns))
      .set("nodes", std::move(nodes));
}

}  // namespace

void add_graphs(const ReportPage& page, TemplateData& data) {
  TemplateList graphs, passes, operators;
  if (page.graphs) {
    const GraphStory& story = *page.graphs;
    graphs.push_back(graph_data(story.before, "before", "after", "As imported", "gone"));
    graphs.push_back(graph_data(story.after, "after", "before", "After the passes", "new"));
    for (const PassEffect& effect : story.passes)
      passes.push_back(TemplateData()
                           .set("pass", effect.pass)
                           .set("nodes", fmt::format("{:+}", effect.nodes))
                           .set("key", effect.nodes));
    for (const OperatorCount& count : story.operators)
      operators.push_back(TemplateData()
                              .set("op", count.op)
                              .set("before", count.before)
                              .set("after", count.after)
                              .set("less", count.after < count.before)
                              .set("more", count.after > count.before));
  }
  const bool has_passes = !passes.empty();
  data.set("has_graphs", page.graphs.has_value())
      .set("has_passes", has_passes)
      .set("graphs", std::move(graphs))
      .set("passes", std::move(passes))
      .set("operators", std::move(operators));
}

}  // namespace linnet
