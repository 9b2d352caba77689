// Linear operators in a row with nothing between become one where that costs neither parameters nor multiplications
// and saves one of them.
//
//   conv 1x1 ─► mean over H, W      ->  mean ─► conv 1x1       (H*W times fewer multiplications)
//   conv 1x1 ─► conv 1x1            ->  conv 1x1 with W2*W1    (also with fully connected layers, and across reshapes
//   FullyConnected ─► FullyConnected  ->  one, W2*W1            that keep the channels)
//
// A stride is a choice of positions, here written as a max pool whose window is one pixel. It lets the mean past a strided
// convolution and moves up into the convolution before, which then makes only what is read:
//
//   conv 1x1 stride 2 ─► mean over H, W  ->  pool 1x1 stride 2 ─► mean ─► conv 1x1
//   conv k x k ─► pool 1x1 stride 2      ->  conv k x k with twice its stride
//
// So the end of tinyCLAP, conv 1x1 stride 2 to 2048 ─► mean ─► W1 to 1024, is one fully connected layer after a mean.
//
// Products of weights are summed in double.
#include <algorithm>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

// y = W x + b at every position (of a grid with `stride`).
struct Pointwise {
  std::array<std::int32_t, 2> stride{1, 1};
  Clamp clamp;
  std::size_t inputs = 0, outputs = 0;
};

std::optional<Pointwise> pointwise_of(const Graph& graph, const Node* node) {
  if (!node || graph.type(node->output()).dtype != DType::f32 || node->inputs.size() < 2)
    return std::nullopt;
  const TensorId weights = node->inputs[1];
  const bool biased = node->inputs.size() > 2 && node->inputs[2].valid();
  if (!graph.is_constant(weights) || (biased && !graph.is_constant(node->inputs[2])))
    return std::nullopt;
  const Shape& shape = graph.type(weights).shape;
  Pointwise result;
  if (const auto* conv = std::get_if<Conv2d>(&node->op)) {
    const bool single_tap = conv->window.kernel == std::array<std::int32_t, 2>{1, 1};
    if (!single_tap || conv->groups != 1 || !(conv->window.pads == Pads{})) return std::nullopt;
    result.stride = conv->window.stride;
    result.clamp = conv->clamp;
  } else if (const auto* full = std::get_if<FullyConnected>(&node->op)) {
    result.clamp = full->clamp;
  } else {
    return std::nullopt;
  }
  result.outputs = static_cast<std::size_t>(shape.front());
  result.inputs = static_cast<std::size_t>(shape.back());
  return result;
}

using Stride = std::array<std::int32_t, 2>;
constexpr Stride kEveryPosition{1, 1};

// Every stride-th position.
Pool2d subsample(const Stride& stride) {
  Pool2d pool;
  pool.kind = Pool2d::Kind::max;
  pool.window.stride = stride;
  return pool;
}

// The stride of a pool that only chooses positions, whatever its kind.
std::optional<Stride> subsampled_by(const Graph& graph, const Node& node) {
  const auto* pool = float_op<Pool2d>(graph, &node);
  if (!pool) return std::nullopt;
  Pool2d plain = subsample(pool->window.stride);
  plain.window.dilation = pool->window.dilation;  // of one tap
  if (!(pool->window == plain.window)) return std::nullopt;
  if (pool->count_include_pad && !(pool->include == Pads{})) return std::nullopt;
  return pool->window.stride;
}

// conv ─► choice of positions: the convolution makes only those.
bool stride_in_producer(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  const std::optional<Stride> chosen = subsampled_by(graph, node);
  if (!chosen || *chosen == kEveryPosition || !uses.single_use(node.inputs[0])) return false;
  const Node* maker = producer_of(graph, uses, node.inputs[0]);
  if (!float_op<Conv2d>(graph, maker)) return false;
  Node conv = *maker;
  Stride& stride = std::get<Conv2d>(conv.op).window.stride;
  stride = {stride[0] * (*chosen)[0], stride[1] * (*chosen)[1]};
  conv.outputs = node.outputs;
  graph.nodes[id.index()] = std::move(conv);
  return true;
}

// conv 1x1 ─► mean over H and W: the mean first.
bool move_mean_before(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  const auto* reduce = float_op<Reduce>(graph, &node);
  const bool spatial = reduce && reduce->kind == Reduce::Kind::mean &&
                       reduce->axes == std::vector<std::int32_t>{1, 2};
  if (!spatial || !uses.single_use(node.inputs[0])) return false;
  const Node* maker = producer_of(graph, uses, node.inputs[0]);
  const std::optional<Pointwise> linear = pointwise_of(graph, maker);
  if (!linear || !linear->clamp.none() || !std::holds_alternative<Conv2d>(maker->op)) return false;
  Node conv = *maker;
  TensorId read = conv.inputs[0];
  if (linear->stride != kEveryPosition) {
    read = append_node(graph, subsample(linear->stride), {read}, conv.origin);
    std::get<Conv2d>(conv.op).window.stride = kEveryPosition;
  }
  const TensorId mean =
      append_node(graph, Reduce{Reduce::Kind::mean, {1, 2}, true}, {read}, node.origin);
  std::vector<TensorId> inputs = conv.inputs;
  inputs[0] = mean;
  if (reduce->keep_dims) {
    graph.nodes[id.index()] = Node{conv.op, std::move(inputs), node.outputs, conv.origin};
  } else {
    const TensorId product = append_node(graph, conv.op, std::move(inputs), conv.origin);
    graph.nodes[id.index()].op = Reshape{graph.type(node.output()).shape};
    graph.nodes[id.index()].inputs = {product};
  }
  return true;
}

std::vector<double> exact_bias_of(const Graph& graph, const Node& node, std::size_t outputs) {
  if (node.inputs.size() < 3 || !node.inputs[2].valid()) return std::vector<double>(outputs, 0.0);
  const std::vector<float> bias = graph.tensors[node.inputs[2]].constant.to_floats();
  return {bias.begin(), bias.end()};
}

// Parameters and multiplications of the pair and of its product.
bool pays(const Graph& graph, const Node& first, const Pointwise& a, const Node& second,
          const Pointwise& b) {
  const auto positions = [&](const Node& node, std::size_t channels) {
    return static_cast<std::size_t>(graph.type(node.output()).elements()) / channels;
  };
  const std::size_t pair_parameters = a.inputs * a.outputs + b.inputs * b.outputs;
  const std::size_t parameters = a.inputs * b.outputs;
  const std::size_t pair_macs = positions(first, a.outputs) * a.inputs * a.outputs +
                                positions(second, b.outputs) * b.inputs * b.outputs;
  const std::size_t macs = positions(second, b.outputs) * parameters;
  return parameters <= pair_parameters && macs <= pair_macs &&
         (parameters < pair_parameters || macs < pair_macs);
}

std::pair<TensorId, TensorId> product(Graph& graph, const Node& first, const Pointwise& a,
                                      const Node& second, const Pointwise& b) {
  const std::vector<float> w1 = graph.tensors[first.inputs[1]].constant.to_floats();
  const std::vector<float> w2 = graph.tensors[second.inputs[1]].constant.to_floats();
  const std::vector<double> b1 = exact_bias_of(graph, first, a.outputs);
  const std::vector<double> b2 = exact_bias_of(graph, second, b.outputs);
  std::vector<float> weights;
  std::vector<float> bias;
  std::vector<double> row(a.inputs);
  for (std::size_t o = 0; o < b.outputs; ++o) {
    std::fill(row.begin(), row.end(), 0.0);
    double shift = b2[o];
    for (std::size_t m = 0; m < a.outputs; ++m) {
      const double factor = w2[o * b.inputs + m];
      shift += factor * b1[m];
      for (std::size_t k = 0; k < a.inputs; ++k) row[k] += factor * w1[m * a.inputs + k];
    }
    std::transform(row.begin(), row.end(), std::back_inserter(weights),
                   [](double v) { return static_cast<float>(v); });
    bias.push_back(static_cast<float>(shift));
  }
  Shape shape = graph.type(second.inputs[1]).shape;
  shape.back() = static_cast<std::int64_t>(a.inputs);
  const std::string name = graph.tensors[second.inputs[1]].name;
  const TensorId w = add_floats(graph, name, shape, weights);
  const TensorId c =
      add_floats(graph, name + "_bias", {static_cast<std::int64_t>(b.outputs)}, bias);
  return {w, c};
}

bool compose_pair(Graph& graph, const Uses& uses, NodeId id) {
  const Node second = graph.nodes[id.index()];
  const std::optional<Pointwise> b = pointwise_of(graph, &second);
  if (!b) return false;
  // Back over reshapes that keep the channels.
  TensorId tensor = second.inputs[0];
  const Node* maker = producer_of(graph, uses, tensor);
  bool reshapes = false;
  while (maker && uses.single_use(tensor) && std::holds_alternative<Reshape>(maker->op)) {
    tensor = maker->inputs[0];
    maker = producer_of(graph, uses, tensor);
    reshapes = true;
  }
  if (!maker || !uses.single_use(tensor)) return false;
  const Node first = *maker;
  const std::optional<Pointwise> a = pointwise_of(graph, &first);
  if (!a || !a->clamp.none() || a->outputs != b->inputs || !pays(graph, first, *a, second, *b))
    return false;

  const bool strided = a->stride != kEveryPosition;
  const bool both_conv =
      std::holds_alternative<Conv2d>(first.op) && std::holds_alternative<Conv2d>(second.op);
  if (strided && (!both_conv || reshapes)) return false;
  Op op = second.op;
  if (strided) {
    auto& stride = std::get<Conv2d>(op).window.stride;
    stride = {stride[0] * a->stride[0], stride[1] * a->stride[1]};
  }
  TensorId x = first.inputs[0];
  Shape positions = graph.type(second.inputs[0]).shape;
  positions.back() = static_cast<std::int64_t>(a->inputs);
  if (!strided && graph.type(x).shape != positions)
    x = append_node(graph, Reshape{positions}, {x}, first.origin);
  const auto [weights, bias] = product(graph, first, *a, second, *b);
  graph.nodes[id.index()].op = op;
  graph.nodes[id.index()].inputs = {x, weights, bias};
  return true;
}

}  // namespace

Result<Graph> compose_linear(Graph graph) {
  rewrite_nodes(graph, [](Graph& g, const Uses& uses, NodeId id) {
    return move_mean_before(g, uses, id) || stride_in_producer(g, uses, id) ||
           compose_pair(g, uses, id);
  });
  return settle(std::move(graph));
}

}  // namespace linnet
