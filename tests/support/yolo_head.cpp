// See yolo_head.h.
#include "tests/support/yolo_head.h"

#include <cmath>
#include <random>

#include "compiler/passes/rewrite.h"

namespace linnet::testing {
namespace {

class Builder {
 public:
  Builder(const YoloOptions& options, std::uint32_t seed) : o_(options), random_(seed) {}

  Graph build() {
    graph_.name = "yolo";
    input_ = graph_.add_tensor("image", {DType::f32, {1, o_.height, o_.width, 3}, {}});
    graph_.inputs.push_back(
        {input_, "image", {1, 3, o_.height, o_.width}, DType::f32, {0, 2, 3, 1}, {}});
    add_levels();
    add_anchors();
    TensorId decoded = concat({boxes(), node(Unary{Unary::Fn::sigmoid}, {classes_})}, 2);
    if (o_.kind == DetectionHead::Kind::masks) decoded = concat({decoded, extra_}, 2);
    if (o_.kind == DetectionHead::Kind::keypoints) decoded = concat({decoded, keypoints()}, 2);
    if (!o_.channels_last) decoded = node(Transpose{{0, 2, 1}}, {decoded});
    graph_.outputs.push_back(
        {decoded, "detections", graph_.type(decoded).shape, DType::f32, {}, {}});
    if (o_.kind == DetectionHead::Kind::masks) {
      const TensorId proto = conv(input_, o_.masks, 4, 1);
      const Shape shape = graph_.type(proto).shape;
      graph_.outputs.push_back(
          {proto, "proto", {1, shape[3], shape[1], shape[2]}, DType::f32, {0, 2, 3, 1}, {}});
    }
    return settle(std::move(graph_));
  }

 private:
  TensorId node(Op op, std::vector<TensorId> inputs) {
    const std::string name = "n" + std::to_string(graph_.nodes.size());
    return append_node(graph_, std::move(op), std::move(inputs), {name, "Test"});
  }
  TensorId concat(std::vector<TensorId> inputs, std::int32_t axis) {
    return node(Concat{axis}, std::move(inputs));
  }
  TensorId reshape(TensorId x, Shape shape) { return node(Reshape{std::move(shape)}, {x}); }
  TensorId floats(Shape shape, const std::vector<float>& values) {
    return add_floats(graph_, "c", std::move(shape), values);
  }
  // [1,N,...] -> its elements [first, first+count) along the last dimension.
  TensorId part(TensorId x, std::int64_t first, std::int64_t count) {
    Shape size = graph_.type(x).shape;
    Slice slice{
        std::vector<std::int64_t>(size.size(), 0), std::vector<std::int64_t>(size.size(), 1), {}};
    slice.start.back() = first;
    size.back() = count;
    slice.size = size;
    return node(slice, {x});
  }

  // kernel = stride
  TensorId conv(TensorId x, std::int64_t channels, std::int32_t stride, float scale) {
    const std::int64_t from = graph_.type(x).shape[3];
    std::vector<float> weights(static_cast<std::size_t>(channels * stride * stride * from));
    const auto fan_in = static_cast<float>(stride * stride * from);
    std::normal_distribution<float> normal(0, scale / std::sqrt(fan_in));
    for (float& weight : weights) weight = normal(random_);
    std::vector<float> bias(static_cast<std::size_t>(channels));
    for (float& b : bias) b = normal(random_);
    Conv2d op;
    op.window.kernel = op.window.stride = {stride, stride};
    return node(op,
                {x, floats({channels, stride, stride, from}, weights), floats({channels}, bias)});
  }

  void add_levels() {
    std::vector<TensorId> boxes;
    std::vector<TensorId> classes;
    std::vector<TensorId> extras;
    for (const std::int64_t stride : o_.strides) {
      const TensorId features =
          node(Unary{Unary::Fn::silu}, {conv(input_, 8, static_cast<std::int32_t>(stride), 2)});
      const std::int64_t cells = o_.height / stride * (o_.width / stride);
      const auto flat = [&](TensorId map) {
        return reshape(map, {1, cells, graph_.type(map).shape[3]});
      };
      const TensorId box = conv(features, 4 * o_.bins, 1, 2);
      const TensorId scores = conv(features, o_.classes, 1, 2);
      if (o_.joined_maps) {
        const TensorId both = flat(concat({box, scores}, 3));
        boxes.push_back(part(both, 0, 4 * o_.bins));
        classes.push_back(part(both, 4 * o_.bins, o_.classes));
      } else {
        boxes.push_back(flat(box));
        classes.push_back(flat(scores));
      }
      if (o_.kind == DetectionHead::Kind::masks)
        extras.push_back(flat(conv(features, o_.masks, 1, 2)));
      if (o_.kind == DetectionHead::Kind::keypoints)
        extras.push_back(flat(conv(features, o_.keypoints * o_.keypoint_values, 1, 2)));
      cells_ += cells;
    }
    box_ = concat(boxes, 1);
    classes_ = concat(classes, 1);
    if (!extras.empty()) extra_ = concat(extras, 1);
  }

  void add_anchors() {
    for (const std::int64_t stride : o_.strides) {
      for (std::int64_t y = 0; y < o_.height / stride; ++y) {
        for (std::int64_t x = 0; x < o_.width / stride; ++x) {
          const bool spoilt = strides_.size() == 5;
          anchors_.push_back(static_cast<float>(x) + 0.5F + (spoilt ? o_.moved_anchor : 0));
          anchors_.push_back(static_cast<float>(y) + 0.5F);
          strides_.push_back(static_cast<float>(stride) + (spoilt ? o_.other_stride : 0));
        }
      }
    }
  }

  TensorId boxes() {
    TensorId distance = reshape(box_, {1, cells_, 4, o_.bins});
    if (o_.bins > 1) {
      std::vector<float> counting;
      for (std::int64_t i = 0; i < o_.bins; ++i) counting.push_back(static_cast<float>(i));
      if (o_.skewed_bins) counting.back() += 1;
      const TensorId bins = node(Softmax{3}, {distance});
      distance = node(Conv2d{}, {bins, floats({1, 1, 1, o_.bins}, counting)});
    }
    distance = reshape(distance, {1, cells_, 4});
    const TensorId anchors = floats({1, cells_, 2}, anchors_);
    const TensorId first = node(Binary{Binary::Fn::sub, {}}, {anchors, part(distance, 0, 2)});
    const TensorId last = node(Binary{Binary::Fn::add, {}}, {anchors, part(distance, 2, 2)});
    TensorId both;
    if (o_.corners) {
      both = concat({first, last}, 2);
    } else {
      const TensorId sum = node(Binary{Binary::Fn::add, {}}, {first, last});
      both = concat({node(Unary{Unary::Fn::affine, 0.5F, 0}, {sum}),
                     node(Binary{Binary::Fn::sub, {}}, {last, first})},
                    2);
    }
    return node(Binary{Binary::Fn::mul, {}}, {both, floats({1, cells_, 1}, strides_)});
  }

  TensorId keypoints() {
    const TensorId points = reshape(extra_, {1, cells_, o_.keypoints, o_.keypoint_values});
    std::vector<float> corners;
    for (const float anchor : anchors_) corners.push_back(anchor - 0.5F);
    TensorId at = node(Binary{Binary::Fn::add, {}},
                       {node(Unary{Unary::Fn::affine, 2, 0}, {part(points, 0, 2)}),
                        floats({1, cells_, 1, 2}, corners)});
    at = node(Binary{Binary::Fn::mul, {}}, {at, floats({1, cells_, 1, 1}, strides_)});
    if (o_.keypoint_values == 3)
      at = concat({at, node(Unary{Unary::Fn::sigmoid}, {part(points, 2, 1)})}, 3);
    return reshape(at, {1, cells_, o_.keypoints * o_.keypoint_values});
  }

  const YoloOptions& o_;
  std::mt19937 random_;
  Graph graph_;
  TensorId input_, box_, classes_, extra_;
  std::int64_t cells_ = 0;
  std::vector<float> anchors_, strides_;
};

}  // namespace

Graph yolo_graph(const YoloOptions& options, std::uint32_t seed) {
  return Builder(options, seed).build();
}

}  // namespace linnet::testing
