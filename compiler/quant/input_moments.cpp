// See input_moments.h.
#include "compiler/quant/input_moments.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

// The inputs of a window at one output position of a dense layer, as floats.
class Windows {
 public:
  Windows(const Graph& graph, const Node& node)
      : x_(graph.type(node.inputs[0]).shape), y_(graph.type(node.output()).shape) {
    const Shape& weights = graph.type(node.inputs[1]).shape;
    depth_ = static_cast<std::size_t>(element_count(weights) / weights[0]);
    if (const auto* conv = std::get_if<Conv2d>(&node.op)) window_ = conv->window;
    spatial_ = std::holds_alternative<Conv2d>(node.op);
  }

  std::size_t depth() const { return depth_; }
  std::int64_t positions() const { return element_count(y_) / y_.back(); }

  void read(std::span<const float> x, std::int64_t position, std::vector<float>& to) const {
    to.assign(depth_, 0.0f);
    if (!spatial_) {
      const auto first = x.begin() + position * static_cast<std::int64_t>(depth_);
      std::copy(first, first + static_cast<std::int64_t>(depth_), to.begin());
      return;
    }
    const std::int64_t image = position / (y_[1] * y_[2]), in_image = position % (y_[1] * y_[2]);
    const std::int64_t top = in_image / y_[2] * window_.stride[0] - window_.pads.top;
    const std::int64_t left = in_image % y_[2] * window_.stride[1] - window_.pads.left;
    std::size_t at = 0;
    for (std::int32_t ky = 0; ky < window_.kernel[0]; ++ky) {
      for (std::int32_t kx = 0; kx < window_.kernel[1]; ++kx) {
        const std::int64_t iy = top + ky * window_.dilation[0];
        const std::int64_t ix = left + kx * window_.dilation[1];
        const bool inside = iy >= 0 && iy < x_[1] && ix >= 0 && ix < x_[2];
        const std::int64_t from = ((image * x_[1] + iy) * x_[2] + ix) * x_[3];
        if (inside)
          std::copy_n(x.begin() + from, x_[3], to.begin() + static_cast<std::ptrdiff_t>(at));
        at += static_cast<std::size_t>(x_[3]);
      }
    }
  }

 private:
  Shape x_, y_;
  Window window_;
  std::size_t depth_ = 0;
  bool spatial_ = false;
};

// Raw sums; products of the lower triangle of each block.
class Sums {
 public:
  explicit Sums(std::size_t depth) : first_(depth, 0.0) {
    for (std::size_t b = 0; b < depth; b += kMomentBlock) {
      const std::size_t n = std::min(kMomentBlock, depth - b);
      products_.emplace_back(n * n, 0.0f);
    }
  }

  void add(const std::vector<float>& x) {
    ++count_;
    for (std::size_t k = 0; k < x.size(); ++k) first_[k] += static_cast<double>(x[k]);
    for (std::size_t b = 0; b < products_.size(); ++b) {
      const float* const in = x.data() + b * kMomentBlock;
      const std::size_t n = std::min(kMomentBlock, x.size() - b * kMomentBlock);
      for (std::size_t i = 0; i < n; ++i) {
        const float factor = in[i];
        if (factor == 0.0f) continue;
        float* const row = products_[b].data() + i * n;
        for (std::size_t j = 0; j <= i; ++j) row[j] += factor * in[j];
      }
    }
  }

  InputMoments finish() && {
    InputMoments moments;
    if (count_ == 0) return moments;
    moments.positions = count_;
    const auto count = static_cast<double>(count_);
    for (const double sum : first_) moments.mean.push_back(sum / count);
    for (std::size_t b = 0; b < products_.size(); ++b) {
      const std::size_t first = b * kMomentBlock;
      const std::size_t n = std::min(kMomentBlock, first_.size() - first);
      std::vector<float>& c = products_[b];
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
          const double covariance = static_cast<double>(c[i * n + j]) / count -
                                    moments.mean[first + i] * moments.mean[first + j];
          c[i * n + j] = c[j * n + i] = static_cast<float>(covariance);
        }
        c[i * n + i] = std::max(c[i * n + i], 0.0f);
        moments.variance.push_back(static_cast<double>(c[i * n + i]));
      }
    }
    moments.covariance = std::move(products_);
    return moments;
  }

 private:
  std::int64_t count_ = 0;
  std::vector<double> first_;
  std::vector<std::vector<float>> products_;
};

}  // namespace

std::vector<InputMoments> input_moments(const Graph& graph,
                                        const std::vector<std::vector<TensorValue>>& samples,
                                        const std::vector<bool>& wanted) {
  assert(wanted.size() == graph.nodes.size());
  std::vector<Sums> sums;
  std::vector<std::size_t> nodes;
  IdVector<TensorId, std::vector<std::size_t>> readers(graph.tensors.size());  // into `nodes`
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i]) continue;
    readers[graph.nodes[i].inputs[0]].push_back(nodes.size());
    nodes.push_back(i);
    sums.emplace_back(Windows(graph, graph.nodes[i]).depth());
  }
  std::vector<float> inputs;
  const std::size_t count = std::min(samples.size(), kMomentSamples);
  for (std::size_t s = 0; s < count; ++s) {
    const auto add = [&](TensorId id, const TensorValue& value) {
      for (const std::size_t reader : readers[id]) {
        const Windows windows(graph, graph.nodes[nodes[reader]]);
        const std::int64_t all = windows.positions();
        const std::int64_t step = std::max<std::int64_t>(1, all / kMomentPositions);
        for (std::int64_t p = static_cast<std::int64_t>(s) % step; p < all; p += step) {
          windows.read(value.as<float>(), p, inputs);
          const bool finite =
              std::all_of(inputs.begin(), inputs.end(), [](float x) { return std::isfinite(x); });
          if (finite) sums[reader].add(inputs);
        }
      }
    };
    for (std::size_t i = 0; i < samples[s].size(); ++i) add(graph.inputs[i].tensor, samples[s][i]);
    interpret(graph, samples[s],
              [&](const Node& node, const TensorValue& value) { add(node.output(), value); });
  }
  std::vector<InputMoments> moments(graph.nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) moments[nodes[i]] = std::move(sums[i]).finish();
  return moments;
}

}  // namespace linnet
