// The decoding of a YOLOv8 head leaves the graph; its inputs, the last convolutions of every level, become the outputs:
//
//   conv 20x20x64 ─┐
//   conv 20x20x20 ─┴ concat ─ reshape ─┐
//   conv 10x10x64 ─┐                   ├ concat ─ split ─┬ softmax ─ sum ─ anchors ∓ ─ x stride ─┬ concat ─► 1x24x500
//   conv 10x10x20 ─┴ concat ─ reshape ─┘                 └ sigmoid ───────────────────────────────┘
//
//   -> outputs box_8, class_8, box_16, class_16, and Graph::detection says what they mean
//
// Each map then has a quantization of its own: in one tensor with the boxes, the class scores would drown. The head is
// found by what the elements of an output are (trace_elements.h): for one column of the output,
//
//   x1 = (x + 0.5 - E(box[y,x,0..])) * stride, y1, x2, y2 likewise (or centre and size),
//   then sigmoid(class[y,x,c]) for every class c,
//   then nothing, or extra[y,x,k] as they are (coefficients of masks, with a second output of as many channels), or
//   keypoints ((x + 2 * extra[y,x,k]) * stride, the same for y, and sigmoid(extra[y,x,k+2]); where there are only x and y,
//   the factor 2 is in the convolution's weights by then);
//
// every cell of every level exactly once. Anchors and strides are read from there; what is no regular grid is no head.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "compiler/passes/passes.h"
#include "compiler/passes/trace_elements.h"

namespace linnet {
namespace {

constexpr double kTolerance =
    1e-4;  // of anchors, in cells, and of factors: exporters compute them in float32

bool about(double a, double b) {
  return std::abs(a - b) <= kTolerance * std::max(1.0, std::abs(b));
}

// Where an element of a map [1,H,W,C] is.
struct Spot {
  TensorId tensor;
  std::int64_t y = -1, x = -1, channel = -1;
};

struct LevelFound {
  std::size_t number = 0;  // in order of appearance
  double stride = 0;
  TensorId box, classes, extra;
  std::vector<bool> seen;  // cells
};

// The model's output as [boxes][values].
class Columns {
 public:
  Columns(const std::vector<Traced>& values, const Shape& shape, bool channels_last)
      : values_(values),
        boxes(static_cast<std::size_t>(shape[channels_last ? 1 : 2])),
        channels(static_cast<std::size_t>(shape[channels_last ? 2 : 1])),
        channels_last_(channels_last) {}

  const Traced& at(std::size_t box, std::size_t channel) const {
    return values_[channels_last_ ? box * channels + channel : channel * boxes + box];
  }

 private:
  const std::vector<Traced>& values_;

 public:
  const std::size_t boxes, channels;

 private:
  bool channels_last_;
};

// Matches one way to read one output; `found` holds the head afterwards.
class HeadMatcher {
 public:
  HeadMatcher(const Graph& graph, const ElementTracer& tracer, const Columns& columns)
      : graph_(graph), tracer_(tracer), columns_(columns) {}

  bool match() {
    if (columns_.channels < 5 || columns_.boxes == 0) return false;
    if (!shape_of_column()) return false;
    for (std::size_t n = 0; n < columns_.boxes; ++n)
      if (!match_column(n)) return false;
    return std::all_of(levels_.begin(), levels_.end(), [](const auto& level) {
      const std::vector<bool>& seen = level.second.seen;
      return std::all_of(seen.begin(), seen.end(), [](bool cell) { return cell; });
    });
  }

  const DetectionHead& head() const { return head_; }
  std::vector<LevelFound> levels() const {
    std::vector<LevelFound> ordered(levels_.size());
    for (const auto& [id, level] : levels_) ordered[level.number] = level;
    return ordered;
  }

 private:
  Spot spot_of(TensorId tensor, std::int64_t element) const {
    const Shape& shape = graph_.type(tensor).shape;
    if (shape.size() != 4 || shape[0] != 1) return {};
    return {tensor, element / (shape[2] * shape[3]), element / shape[3] % shape[2],
            element % shape[3]};
  }
  Spot spot_of(const Atom& atom) const { return spot_of(TensorId{atom.of}, atom.index); }

  // From the first column: classes, and what comes behind them.
  bool shape_of_column() {
    std::size_t at = 4;
    while (at < columns_.channels && columns_.at(0, at).is(Atom::Kind::sigmoid) &&
           spot_of(columns_.at(0, at).atom[0]).channel == static_cast<std::int64_t>(at - 4))
      ++at;
    head_.classes = static_cast<std::int32_t>(at - 4);
    if (head_.classes == 0) return false;
    head_.model_corners = !columns_.at(0, 2).known || columns_.at(0, 2).terms() < 2;
    const auto extra = static_cast<std::int32_t>(columns_.channels - at);
    if (extra == 0) return true;
    if (columns_.at(0, at).is(Atom::Kind::element)) {
      head_.kind = DetectionHead::Kind::masks;
      head_.mask_count = extra;
      return true;
    }
    head_.kind = DetectionHead::Kind::keypoints;
    head_.keypoint_values =
        extra % 3 == 0 && columns_.at(0, at + 2).is(Atom::Kind::sigmoid) ? 3 : 2;
    head_.keypoints = extra / head_.keypoint_values;
    return extra % head_.keypoint_values == 0;
  }

  // One edge: constant + factor * E(distance).
  struct Edge {
    Spot spot;
    double constant = 0, factor = 0;
    std::int64_t bins = 0;
  };
  bool edge_of(const Traced& value, Edge& edge) const {
    if (!value.known || value.terms() != 1) return false;
    edge.constant = value.constant;
    edge.factor = value.factor[0];
    if (value.atom[0].kind == Atom::Kind::element) {  // a distance without a distribution
      edge.spot = spot_of(value.atom[0]);
      edge.bins = 1;
      return edge.spot.tensor.valid();
    }
    if (value.atom[0].kind != Atom::Kind::expectation) return false;
    const ElementRun& run = tracer_.run(value.atom[0].of);
    edge.spot = spot_of(run.tensor, run.first);
    edge.bins = run.count;
    return edge.spot.tensor.valid() && run.step == 1;
  }

  bool match_column(std::size_t n) {
    Edge edges[4];  // left, top, right, bottom
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const Traced& a = columns_.at(n, axis);
      const Traced& b = columns_.at(n, axis + 2);
      const bool corners = head_.model_corners;
      if (!edge_of(corners ? a : sum(a, scaled(b, -0.5)), edges[axis]) ||
          !edge_of(corners ? b : sum(a, scaled(b, 0.5)), edges[axis + 2]))
        return false;
    }
    const Spot cell = edges[0].spot;
    LevelFound& level = level_of(cell.tensor);
    if (n == 0) head_.bins = static_cast<std::int32_t>(edges[0].bins);
    if (level.stride == 0) level.stride = edges[2].factor;
    if (!(level.stride > 0)) return false;
    for (std::size_t side = 0; side < 4; ++side) {
      const Edge& edge = edges[side];
      const double anchor = static_cast<double>(side % 2 == 0 ? cell.x : cell.y) + 0.5;
      const auto channel = static_cast<std::int64_t>(side) * head_.bins;
      if (edge.bins != head_.bins || !is_at(edge.spot, cell, cell.tensor, channel) ||
          !about(edge.factor / level.stride, side < 2 ? -1 : 1) ||
          !about(edge.constant / level.stride, anchor))
        return false;
    }
    return match_classes(n, level, cell) && match_extra(n, level, cell) && take(level, cell);
  }

  static bool is_at(const Spot& spot, const Spot& cell, TensorId tensor, std::int64_t channel) {
    return spot.tensor == tensor && spot.y == cell.y && spot.x == cell.x && spot.channel == channel;
  }

  bool match_classes(std::size_t n, LevelFound& level, const Spot& cell) const {
    for (std::int32_t c = 0; c < head_.classes; ++c) {
      const Traced& value = columns_.at(n, 4 + static_cast<std::size_t>(c));
      if (!value.is(Atom::Kind::sigmoid)) return false;
      const Spot spot = spot_of(value.atom[0]);
      if (!level.classes.valid()) level.classes = spot.tensor;
      if (!is_at(spot, cell, level.classes, c)) return false;
    }
    return true;
  }

  bool match_extra(std::size_t n, LevelFound& level, const Spot& cell) const {
    for (std::int32_t k = 0; k < head_.extra_values(); ++k) {
      const Traced& value =
          columns_.at(n, 4 + static_cast<std::size_t>(head_.classes) + static_cast<std::size_t>(k));
      if (!value.known || value.terms() != 1) return false;
      if (head_.kind == DetectionHead::Kind::masks) {
        if (!value.is(Atom::Kind::element)) return false;
      } else if (k % head_.keypoint_values == 2) {
        if (!value.is(Atom::Kind::sigmoid)) return false;
      } else {
        const std::int64_t anchor = k % head_.keypoint_values == 0 ? cell.x : cell.y;
        if (value.atom[0].kind != Atom::Kind::element ||
            !about(value.factor[0] / level.stride, head_.keypoint_values == 3 ? 2 : 1) ||
            !about(value.constant / level.stride, static_cast<double>(anchor)))
          return false;
      }
      const Spot spot = spot_of(value.atom[0]);
      if (!level.extra.valid()) level.extra = spot.tensor;
      if (!is_at(spot, cell, level.extra, k)) return false;
    }
    return true;
  }

  // Each cell once.
  bool take(LevelFound& level, const Spot& cell) const {
    const Shape& shape = graph_.type(level.box).shape;
    const auto index = static_cast<std::size_t>(cell.y * shape[2] + cell.x);
    if (level.seen.empty()) level.seen.assign(static_cast<std::size_t>(shape[1] * shape[2]), false);
    if (level.seen[index]) return false;
    level.seen[index] = true;
    return true;
  }

  LevelFound& level_of(TensorId box) {
    const auto [at, is_new] = levels_.try_emplace(box.value);
    if (is_new) {
      at->second.box = box;
      at->second.number = levels_.size() - 1;
    }
    return at->second;
  }

  const Graph& graph_;
  const ElementTracer& tracer_;
  const Columns& columns_;
  DetectionHead head_;
  std::map<std::uint32_t, LevelFound> levels_;  // by box tensor
};

// The maps are whole tensors of their own: what shares a tensor shares a scale.
bool has_maps_of_its_own(const Graph& graph, const DetectionHead& head,
                         const std::vector<LevelFound>& levels) {
  std::set<TensorId> maps;
  std::size_t expected = 0;
  const auto is_map = [&](TensorId id, const LevelFound& level, std::int64_t channels) {
    const Shape& box = graph.type(level.box).shape;
    maps.insert(id);
    ++expected;
    return graph.type(id).shape == Shape{1, box[1], box[2], channels};
  };
  for (const LevelFound& level : levels) {
    if (!is_map(level.box, level, 4 * head.bins) || !is_map(level.classes, level, head.classes) ||
        (head.has_extra() && !is_map(level.extra, level, head.extra_values())))
      return false;
  }
  return maps.size() == expected;
}

// The output with a map for each mask coefficient.
std::optional<std::size_t> find_proto(const Graph& graph, const DetectionHead& head) {
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const Shape& shape = graph.type(graph.outputs[i].tensor).shape;
    if (i != head.model_output && shape.size() == 4 && shape[0] == 1 && shape[3] == head.mask_count)
      return i;
  }
  return std::nullopt;
}

struct Found {
  DetectionHead head;
  std::vector<LevelFound> levels;
};

std::optional<Found> find_head(const Graph& graph) {
  ElementTracer tracer(graph);
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const Port& port = graph.outputs[i];
    const Shape& shape = graph.type(port.tensor).shape;
    if (shape.size() != 3 || shape[0] != 1 || graph.type(port.tensor).dtype != DType::f32) continue;
    const std::vector<Traced>& values = tracer.trace(port.tensor);
    for (const bool channels_last : {true, false}) {
      const Columns columns(values, shape, channels_last);
      HeadMatcher matcher(graph, tracer, columns);
      if (!matcher.match()) continue;
      Found found{matcher.head(), matcher.levels()};
      found.head.model_output = i;
      // As the model has it: a permutation may have swapped the two.
      const bool swapped = !port.permutation.empty() && port.permutation[1] == 2;
      found.head.model_channels_last = channels_last != swapped;
      if (!has_maps_of_its_own(graph, found.head, found.levels)) continue;
      if (found.head.kind == DetectionHead::Kind::masks) {
        const std::optional<std::size_t> proto = find_proto(graph, found.head);
        if (!proto) continue;
        found.head.model_proto = *proto;
      }
      return found;
    }
  }
  return std::nullopt;
}

// "box_8", or "box_8_1" where a level before has the same stride.
Port port_of(const Graph& graph, TensorId tensor, const char* what, double stride,
             std::set<std::string>& names) {
  const Shape& shape = graph.type(tensor).shape;
  Port port;
  port.tensor = tensor;
  const std::string stem = what + std::string("_") + std::to_string(std::lround(stride));
  port.name = stem;
  for (int i = 1; !names.insert(port.name).second; ++i) port.name = stem + "_" + std::to_string(i);
  port.model_shape = {1, shape[3], shape[1], shape[2]};
  port.permutation = {0, 2, 3, 1};
  return port;
}

}  // namespace

Graph split_detection_head(Graph graph) {
  if (graph.detection) return graph;
  const std::optional<Found> found = find_head(graph);
  if (!found) return graph;
  DetectionHead head = found->head;
  std::vector<Port> outputs;
  std::set<std::string> names;
  for (const Port& port : graph.outputs) names.insert(port.name);
  const auto add = [&](Port port) {
    outputs.push_back(std::move(port));
    return outputs.size() - 1;
  };
  const char* extra_name = head.kind == DetectionHead::Kind::masks ? "mask" : "keypoints";
  for (const LevelFound& level : found->levels) {
    const Shape& shape = graph.type(level.box).shape;
    DetectionLevel made;
    made.height = static_cast<std::int32_t>(shape[1]);
    made.width = static_cast<std::int32_t>(shape[2]);
    made.stride = static_cast<float>(level.stride);
    made.box = add(port_of(graph, level.box, "box", level.stride, names));
    made.classes = add(port_of(graph, level.classes, "class", level.stride, names));
    if (head.has_extra())
      made.extra = add(port_of(graph, level.extra, extra_name, level.stride, names));
    head.levels.push_back(made);
  }
  if (head.kind == DetectionHead::Kind::masks) {
    const Port& proto = graph.outputs[head.model_proto];
    const Shape& shape = graph.type(proto.tensor).shape;
    head.proto_height = static_cast<std::int32_t>(shape[1]);
    head.proto_width = static_cast<std::int32_t>(shape[2]);
    head.proto = add(proto);
  }
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {  // what else the model gives
    const bool masks = head.kind == DetectionHead::Kind::masks;
    if (i != head.model_output && !(masks && i == head.model_proto)) add(graph.outputs[i]);
  }
  graph.outputs = std::move(outputs);
  graph.detection = std::move(head);
  compact(graph);
  return graph;
}

Graph decoding_of(const Graph& whole, const Graph& split) {
  Graph graph = whole;
  std::map<std::string, TensorId> by_name;
  for (std::size_t i = 0; i < whole.tensors.size(); ++i)
    by_name[whole.tensors[TensorId{i}].name] = TensorId{i};
  graph.inputs.clear();
  std::set<TensorId> given;
  for (const Port& port : split.outputs) {
    Port input = port;
    input.tensor = by_name.at(split.tensors[port.tensor].name);
    given.insert(input.tensor);
    graph.inputs.push_back(std::move(input));
  }
  std::erase_if(graph.nodes, [&](const Node& node) { return given.contains(node.output()); });
  compact(graph);
  return graph;
}

}  // namespace linnet
