// Activations that an exporter wrote out in parts become one Unary again.
//
//   x * sigmoid(x)                                   silu
//   x * clip(x + 3, 0, 6) / 6                        hard_swish      (in any order of the factors)
//   0.5 * x * (1 + erf(x / sqrt(2)))                 gelu
//   0.5 * x * (1 + tanh(0.798*(x + 0.0447*x^3)))     gelu_tanh
//   clip(a*x + b, 0, 1)                              hard_sigmoid
//
// simplify_elementwise has made Unary affine of all arithmetic with scalars. A product is looked at as m*x times g(x); what
// the product is too large by is an affine behind the recognised function, which merges with the ones around it.
#include <algorithm>
#include <cmath>

#include "compiler/passes/passes.h"
#include "compiler/passes/rewrite.h"

namespace linnet {
namespace {

using Fn = Unary::Fn;

bool near(double value, double expected) {
  return std::abs(value - expected) <= 1e-4 * std::abs(expected);
}

class Matcher {
 public:
  Matcher(const Graph& graph, const Uses& uses) : graph_(graph), uses_(uses) {}

  // inner * scale + shift; the innermost tensor that is no affine.
  struct Affine {
    TensorId inner;
    double scale = 1, shift = 0;
  };
  Affine affine(TensorId tensor) const {
    Affine result{tensor};
    while (const Unary* unary = made_by<Unary>(graph_, uses_, result.inner)) {
      if (unary->fn != Fn::affine) break;
      result.shift += result.scale * unary->beta;
      result.scale *= unary->alpha;
      result.inner = input_of(result.inner);
    }
    return result;
  }

  // tensor = scale * x when there is such a scale.
  std::optional<double> multiple_of(TensorId tensor, TensorId x) const {
    const Affine a = affine(tensor);
    const Affine b = affine(x);
    if (a.inner != b.inner || b.scale == 0) return std::nullopt;
    const double scale = a.scale / b.scale;
    if (std::abs(a.shift - scale * b.shift) > 1e-6) return std::nullopt;
    return scale;
  }

  // x * tensor = factor * fn(x).
  struct Recognised {
    Fn fn;
    double factor;
  };
  std::optional<Recognised> gate(TensorId tensor, TensorId x) const {
    const Affine outer = affine(tensor);
    const Unary* unary = made_by<Unary>(graph_, uses_, outer.inner);
    if (!unary) return std::nullopt;
    const TensorId argument = input_of(outer.inner);
    const bool unshifted = std::abs(outer.shift) < 1e-6;
    switch (unary->fn) {
      case Fn::sigmoid:
        if (unshifted && equals(argument, x)) return Recognised{Fn::silu, outer.scale};
        return std::nullopt;
      case Fn::hard_sigmoid:
        if (unshifted && equals(argument, x) && near(unary->alpha, 1.0 / 6) &&
            near(unary->beta, 0.5)) {
          return Recognised{Fn::hard_swish, outer.scale};
        }
        return std::nullopt;
      case Fn::clamp: return hard_swish(*unary, argument, x, outer);
      case Fn::erf: {
        const auto scale = multiple_of(argument, x);
        const bool halves = near(outer.shift, outer.scale);
        if (scale && halves && near(*scale, std::sqrt(0.5)))
          return Recognised{Fn::gelu, 2 * outer.scale};
        return std::nullopt;
      }
      case Fn::tanh: {
        const auto p = polynomial(argument, x, 8);
        const double c = std::sqrt(2 / 3.14159265358979323846);
        const bool fits = p && std::abs((*p)[0]) < 1e-6 && near((*p)[1], c) &&
                          std::abs((*p)[2]) < 1e-6 && near((*p)[3], 0.044715 * c);
        if (fits && near(outer.shift, outer.scale))
          return Recognised{Fn::gelu_tanh, 2 * outer.scale};
        return std::nullopt;
      }
      default: return std::nullopt;
    }
  }

 private:
  using Polynomial = std::array<double, 4>;

  TensorId input_of(TensorId tensor) const { return producer_of(graph_, uses_, tensor)->inputs[0]; }

  bool equals(TensorId tensor, TensorId x) const {
    const auto scale = multiple_of(tensor, x);
    return scale && near(*scale, 1);
  }

  // scale * clamp(a*x + b, 0, h) is scale*h * hard_sigmoid with a/h and b/h.
  std::optional<Recognised> hard_swish(const Unary& clamp, TensorId argument, TensorId x,
                                       const Affine& outer) const {
    if (clamp.alpha != 0 || !std::isfinite(clamp.beta) || clamp.beta <= 0 ||
        std::abs(outer.shift) > 1e-6)
      return std::nullopt;
    const Affine a = affine(argument);
    const Affine b = affine(x);
    if (a.inner != b.inner || b.scale == 0) return std::nullopt;
    const double scale = a.scale / b.scale;
    const double shift = a.shift - scale * b.shift;
    const double height = clamp.beta;
    if (!near(scale / height, 1.0 / 6) || !near(shift / height, 0.5)) return std::nullopt;
    return Recognised{Fn::hard_swish, outer.scale * height};
  }

  // The tensor as a polynomial in x up to the third degree.
  std::optional<Polynomial> polynomial(TensorId tensor, TensorId x, int depth) const {
    if (tensor == x) return Polynomial{0, 1, 0, 0};
    const Node* node = producer_of(graph_, uses_, tensor);
    if (!node || depth == 0) return std::nullopt;
    if (const Unary* unary = float_op<Unary>(graph_, node)) {
      const auto inner = polynomial(node->inputs[0], x, depth - 1);
      if (!inner) return std::nullopt;
      if (unary->fn == Fn::affine) {
        Polynomial result = *inner;
        for (double& c : result) c *= unary->alpha;
        result[0] += unary->beta;
        return result;
      }
      if (unary->fn != Fn::pow || (unary->alpha != 2 && unary->alpha != 3)) return std::nullopt;
      const auto square = product(*inner, *inner);
      return unary->alpha == 2 || !square ? square : product(*square, *inner);
    }
    const Binary* binary = float_op<Binary>(graph_, node);
    if (!binary || !binary->clamp.none()) return std::nullopt;
    const auto a = polynomial(node->inputs[0], x, depth - 1);
    const auto b = polynomial(node->inputs[1], x, depth - 1);
    if (!a || !b) return std::nullopt;
    if (binary->fn == Binary::Fn::mul) return product(*a, *b);
    if (binary->fn != Binary::Fn::add) return std::nullopt;
    Polynomial sum;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = (*a)[i] + (*b)[i];
    return sum;
  }

  static std::optional<Polynomial> product(const Polynomial& a, const Polynomial& b) {
    Polynomial result{};
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t j = 0; j < b.size(); ++j) {
        const double term = a[i] * b[j];
        if (term == 0) continue;
        if (i + j >= result.size()) return std::nullopt;
        result[i + j] += term;
      }
    }
    return result;
  }

  const Graph& graph_;
  const Uses& uses_;
};

void replace(Graph& graph, NodeId id, TensorId x, Fn fn, double factor) {
  const Origin origin = graph.nodes[id.index()].origin;
  Unary unary{fn, 0, 0};
  if (!near(factor, 1)) {
    x = append_node(graph, unary, {x}, origin);
    unary = {Fn::affine, static_cast<float>(factor), 0};
  }
  graph.nodes[id.index()].op = unary;
  graph.nodes[id.index()].inputs = {x};
}

bool recognise_product(Graph& graph, const Uses& uses, NodeId id) {
  const Node node = graph.nodes[id.index()];
  if (!is_binary(graph, &node, Binary::Fn::mul)) return false;
  const Matcher matcher(graph, uses);
  for (std::size_t slot = 0; slot < 2; ++slot) {
    // m*x times g(x): x is the operand itself, or what it is a multiple of.
    const TensorId operand = node.inputs[slot];
    const TensorId inner = matcher.affine(operand).inner;
    for (const TensorId x : {operand, inner}) {
      const auto multiple = matcher.multiple_of(operand, x);
      if (!multiple || graph.type(x).shape != graph.type(node.output()).shape) continue;
      const auto gate = matcher.gate(node.inputs[1 - slot], x);
      if (!gate) continue;
      replace(graph, id, x, gate->fn, gate->factor * *multiple);
      return true;
    }
  }
  return false;
}

// The producer of `tensor` could take an affine and a clamp itself.
bool is_linear(const Graph& graph, const Uses& uses, TensorId tensor) {
  return uses.single_use(tensor) &&
         (made_by<Conv2d>(graph, uses, tensor) || made_by<ConvTranspose2d>(graph, uses, tensor) ||
          made_by<FullyConnected>(graph, uses, tensor));
}

bool recognise_hard_sigmoid(Graph& graph, const Uses& uses, NodeId id) {
  Node& node = graph.nodes[id.index()];
  const Unary* clamp = float_op<Unary>(graph, &node);
  double scale = 1;
  TensorId at = node.inputs.front();
  if (!clamp) return false;
  if (clamp->fn == Fn::affine && clamp->beta == 0 && uses.single_use(at)) {  // clamp(..., 0, h) / h
    scale = clamp->alpha;
    clamp = made_by<Unary>(graph, uses, at);
    if (clamp) at = producer_of(graph, uses, at)->inputs[0];
  }
  if (!clamp || clamp->fn != Fn::clamp || clamp->alpha != 0 || !near(scale * clamp->beta, 1))
    return false;
  const Unary* affine = made_by<Unary>(graph, uses, at);
  if (!affine || affine->fn != Fn::affine || !uses.single_use(at)) return false;
  const TensorId x = producer_of(graph, uses, at)->inputs[0];
  if (is_linear(graph, uses, x)) return false;
  node.op = Unary{Fn::hard_sigmoid, static_cast<float>(scale * affine->alpha),
                  static_cast<float>(scale * affine->beta)};
  node.inputs = {x};
  return true;
}

}  // namespace

Result<Graph> recognise_activations(Graph graph) {
  rewrite_nodes(graph, recognise_product);
  rewrite_nodes(graph, recognise_hard_sigmoid);
  return settle(std::move(graph));
}

}  // namespace linnet
