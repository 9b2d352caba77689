// See needs.h.
#include "compiler/check/needs.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "compiler/ops/resize.h"

namespace linnet {
namespace {

std::int64_t product(const Shape& shape, std::size_t begin, std::size_t end) {
  std::int64_t result = 1;
  for (std::size_t d = begin; d < end; ++d) result *= shape[d];
  return result;
}

void add_range(ByteRanges& ranges, std::int64_t begin, std::int64_t end) {
  if (!ranges.empty() && ranges.back().begin <= begin && begin <= ranges.back().end) {
    ranges.back().end = std::max(ranges.back().end, end);
  } else {
    ranges.push_back({begin, end});
  }
}

ByteRanges sorted(ByteRanges ranges) {
  const auto earlier = [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; };
  if (std::is_sorted(ranges.begin(), ranges.end(), earlier)) return ranges;
  std::sort(ranges.begin(), ranges.end(), earlier);
  ByteRanges result;
  for (const ByteRange& range : ranges) add_range(result, range.begin, range.end);
  return result;
}

// Everything that the rules below look at.
struct Question {
  const Graph& graph;
  const Node& node;
  std::size_t input;
  ByteRange made;

  const TensorType& x() const { return graph.type(node.inputs[input]); }
  const TensorType& y() const { return graph.type(node.output()); }
  std::int64_t x_size() const { return size_bytes(x().dtype); }
  // Elements of the output, and of its groups of `count`.
  ByteRange elements(std::int64_t count = 1) const {
    const std::int64_t bytes = count * size_bytes(y().dtype);
    return {made.begin / bytes, (made.end + bytes - 1) / bytes};
  }
};

ByteRanges all(const Question& q) { return {{0, q.x().bytes()}}; }

// Groups of `from` input elements make groups of `to` output elements, one by one.
ByteRanges groups(const Question& q, std::int64_t from, std::int64_t to) {
  const ByteRange made = q.elements(to);
  return {{made.begin * from * q.x_size(), made.end * from * q.x_size()}};
}

// ---- rows of images -------------------------------------------------------------------------------------------------

// `rows_of(r, add)` calls add(input row of the image) for each that output row r of the image takes from.
template <class RowsOf>
ByteRanges image_rows(const Question& q, const RowsOf& rows_of) {
  const Shape& in = q.x().shape;
  const std::int64_t in_h = in[1];
  const std::int64_t out_h = q.y().shape[1];
  const std::int64_t in_bytes = natural_row_bytes(q.x());
  const std::int64_t out_bytes = natural_row_bytes(q.y());
  ByteRanges ranges;
  for (std::int64_t row = q.made.begin / out_bytes; row * out_bytes < q.made.end; ++row) {
    const std::int64_t image = row / out_h;
    rows_of(row % out_h, [&](std::int64_t r) {
      if (r < 0 || r >= in_h) return;  // padding
      const std::int64_t at = (image * in_h + r) * in_bytes;
      add_range(ranges, at, at + in_bytes);
    });
  }
  return sorted(std::move(ranges));
}

ByteRanges under_window(const Question& q, const Window& window) {
  return image_rows(q, [&](std::int64_t r, const auto& add) {
    for (std::int32_t k = 0; k < window.kernel[0]; ++k)
      add(r * window.stride[0] - window.pads.top + std::int64_t{k} * window.dilation[0]);
  });
}

ByteRanges needed(const Conv2d& op, const Question& q) {
  return q.input == 0 ? under_window(q, op.window) : all(q);
}

ByteRanges needed(const Pool2d& op, const Question& q) { return under_window(q, op.window); }

ByteRanges needed(const ConvTranspose2d& op, const Question& q) {
  if (q.input != 0) return all(q);
  const Window& window = op.window;
  return image_rows(q, [&](std::int64_t r, const auto& add) {
    for (std::int32_t k = window.kernel[0]; k-- > 0;) {  // so that input rows come in order
      const std::int64_t reach =
          r + window.pads.top - std::int64_t{k} * window.dilation[0];  // = input row * stride
      if (reach >= 0 && reach % window.stride[0] == 0) add(reach / window.stride[0]);
    }
  });
}

ByteRanges needed(const Resize& op, const Question& q) {
  const std::int64_t in_h = q.x().shape[1];
  return image_rows(q, [&](std::int64_t r, const auto& add) {
    const float at = resize_coordinate(op, 0, in_h, r);
    if (resize_outside(op, at, in_h)) return;
    if (op.mode == Resize::Mode::nearest) return add(resize_nearest(op, at, in_h));
    const float inside = std::clamp(at, 0.0F, static_cast<float>(in_h - 1));
    const auto above = static_cast<std::int64_t>(std::floor(inside));
    add(above);
    add(std::min(above + 1, in_h - 1));
  });
}

// ---- elements one by one --------------------------------------------------------------------------------------------

constexpr std::int64_t kNowhere = -1;

// For each dimension of the output, what its index adds to the element of the input; kNowhere: nothing is read.
using IndexMaps = std::vector<std::vector<std::int64_t>>;

ByteRanges mapped(const Question& q, const IndexMaps& maps) {
  const std::int64_t size = q.x_size();
  const ByteRange made = q.elements();
  ByteRanges ranges;
  if (maps.empty()) return {{0, size}};
  std::vector<std::size_t> index(maps.size());
  std::int64_t rest = made.begin;
  for (std::size_t d = maps.size(); d-- > 0;) {
    index[d] = static_cast<std::size_t>(rest) % maps[d].size();
    rest /= static_cast<std::int64_t>(maps[d].size());
  }
  const std::vector<std::int64_t>& last = maps.back();
  for (std::int64_t e = made.begin; e < made.end;) {
    std::int64_t base = 0;
    for (std::size_t d = 0; d + 1 < maps.size() && base != kNowhere; ++d)
      base = maps[d][index[d]] == kNowhere ? kNowhere : base + maps[d][index[d]];
    for (std::size_t& i = index.back(); i < last.size() && e < made.end; ++i, ++e) {
      if (base == kNowhere || last[i] == kNowhere) continue;
      add_range(ranges, (base + last[i]) * size, (base + last[i] + 1) * size);
    }
    for (std::size_t d = maps.size(); d-- > 0 && index[d] == maps[d].size();) {
      index[d] = 0;
      if (d > 0) ++index[d - 1];
    }
  }
  return sorted(std::move(ranges));
}

std::vector<std::int64_t> strides(const Shape& shape) {
  std::vector<std::int64_t> result(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) result[d - 1] = result[d] * shape[d];
  return result;
}

// Index i of an output dimension takes index first + i * step of the input's, times its stride.
std::vector<std::int64_t> line(std::int64_t count, std::int64_t first, std::int64_t step,
                               std::int64_t stride) {
  std::vector<std::int64_t> map;
  for (std::int64_t i = 0; i < count; ++i) map.push_back((first + i * step) * stride);
  return map;
}

ByteRanges broadcast(const Question& q) {
  const Shape& in = q.x().shape;
  const Shape& out = q.y().shape;
  if (in == out) return groups(q, 1, 1);
  const std::vector<std::int64_t> steps = strides(in);
  IndexMaps maps;
  for (std::size_t d = 0; d < out.size(); ++d) {
    const std::size_t ahead = out.size() - in.size();  // dimensions that the input does not have
    const bool repeats = d < ahead || in[d - ahead] == 1;
    maps.push_back(line(out[d], 0, repeats ? 0 : 1, repeats ? 0 : steps[d - ahead]));
  }
  return mapped(q, maps);
}

ByteRanges needed(const Unary&, const Question& q) { return groups(q, 1, 1); }
ByteRanges needed(const Quantize&, const Question& q) { return groups(q, 1, 1); }
ByteRanges needed(const Dequantize&, const Question& q) { return groups(q, 1, 1); }
ByteRanges needed(const Requantize&, const Question& q) {
  return q.input == 0 ? groups(q, 1, 1) : all(q);
}
ByteRanges needed(const Cast&, const Question& q) { return groups(q, 1, 1); }
ByteRanges needed(const Reshape&, const Question& q) { return groups(q, 1, 1); }
ByteRanges needed(const Binary&, const Question& q) { return broadcast(q); }
ByteRanges needed(const Expand&, const Question& q) { return broadcast(q); }

ByteRanges needed(const Slice& op, const Question& q) {
  const std::vector<std::int64_t> steps = strides(q.x().shape);
  IndexMaps maps;
  for (std::size_t d = 0; d < op.size.size(); ++d)
    maps.push_back(line(op.size[d], op.start[d], op.step[d], steps[d]));
  return mapped(q, maps);
}

ByteRanges needed(const Transpose& op, const Question& q) {
  const Shape& in = q.x().shape;
  const std::vector<std::int64_t> steps = strides(in);
  IndexMaps maps;
  for (const std::int32_t axis : op.permutation) {
    const auto d = static_cast<std::size_t>(axis);
    maps.push_back(line(in[d], 0, 1, steps[d]));
  }
  return mapped(q, maps);
}

ByteRanges needed(const Gather& op, const Question& q) {
  if (q.input != 0) return all(q);
  const Shape& in = q.x().shape;
  const auto axis = static_cast<std::size_t>(op.axis);
  const std::int64_t inner = product(in, axis + 1, in.size());
  std::vector<std::int64_t> taken;
  for (const std::int64_t i : q.graph.tensors[q.node.inputs[1]].constant.to_ints())
    taken.push_back(i * inner);
  return mapped(q,
                {line(product(in, 0, axis), 0, 1, in[axis] * inner), taken, line(inner, 0, 1, 1)});
}

// The input's index along a dimension of `length` for index `i` before it, outside when negative or beyond.
std::int64_t padding_takes(Pad::Mode mode, std::int64_t i, std::int64_t length) {
  if (mode == Pad::Mode::edge) return std::clamp<std::int64_t>(i, 0, length - 1);
  if (mode == Pad::Mode::constant || length == 1) return i >= 0 && i < length ? i : kNowhere;
  while (i < 0 || i >= length) i = i < 0 ? -i : 2 * (length - 1) - i;
  return i;
}

ByteRanges needed(const Pad& op, const Question& q) {
  const Shape& in = q.x().shape;
  const std::vector<std::int64_t> steps = strides(in);
  IndexMaps maps;
  for (std::size_t d = 0; d < in.size(); ++d) {
    maps.emplace_back();
    for (std::int64_t i = 0; i < q.y().shape[d]; ++i) {
      const std::int64_t taken = padding_takes(op.mode, i - op.before[d], in[d]);
      maps.back().push_back(taken == kNowhere ? kNowhere : taken * steps[d]);
    }
  }
  return mapped(q, maps);
}

ByteRanges needed(const Concat& op, const Question& q) {
  const auto axis = static_cast<std::size_t>(op.axis);
  std::int64_t before = 0,
               total = 0;  // elements of a chunk that come from inputs before this one, and of all
  for (std::size_t i = 0; i < q.node.inputs.size(); ++i) {
    const Shape& shape = q.graph.type(q.node.inputs[i]).shape;
    const std::int64_t chunk = product(shape, axis, shape.size());
    if (i < q.input) before += chunk;
    total += chunk;
  }
  const std::int64_t own = product(q.x().shape, axis, q.x().shape.size());
  const ByteRange made = q.elements();
  ByteRanges ranges;
  for (std::int64_t chunk = made.begin / total; chunk * total < made.end; ++chunk) {
    const std::int64_t start = chunk * total + before;
    const std::int64_t begin = std::max(made.begin, start);
    const std::int64_t end = std::min(made.end, start + own);
    const std::int64_t shift = chunk * own - start;
    if (begin < end) add_range(ranges, (begin + shift) * q.x_size(), (end + shift) * q.x_size());
  }
  return ranges;
}

// ---- vectors and matrices -------------------------------------------------------------------------------------------

ByteRanges needed(const FullyConnected&, const Question& q) {
  return q.input == 0 ? groups(q, q.x().shape.back(), q.y().shape.back()) : all(q);
}

// Which matrix of an operand goes into matrix `matrix` of the output.
std::int64_t broadcast_matrix(const Shape& in, const Shape& out, std::int64_t matrix) {
  std::int64_t result = 0, stride = 1;
  for (std::size_t i = 2; i < out.size(); ++i) {  // from the innermost leading dimension outwards
    const std::int64_t length = out[out.size() - 1 - i];
    const std::int64_t own = i < in.size() ? in[in.size() - 1 - i] : 1;
    if (own != 1) result += matrix % length * stride;
    stride *= own;
    matrix /= length;
  }
  return result;
}

ByteRanges needed(const MatMul&, const Question& q) {
  const Shape& in = q.x().shape;
  const Shape& out = q.y().shape;
  const std::int64_t height = out[out.size() - 2];
  const std::int64_t in_bytes = in.back() * q.x_size();  // of a row of a matrix
  const ByteRange rows = q.elements(out.back());
  ByteRanges ranges;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const std::int64_t matrix = broadcast_matrix(in, out, row / height);
    const std::int64_t first = matrix * in[in.size() - 2] + (q.input == 0 ? row % height : 0);
    const std::int64_t count = q.input == 0 ? 1 : in[in.size() - 2];
    add_range(ranges, first * in_bytes, (first + count) * in_bytes);
  }
  return sorted(std::move(ranges));
}

ByteRanges along(const Question& q, std::int32_t axis) {
  if (q.input != 0) return all(q);
  const Shape& shape = q.y().shape;
  const std::int64_t count =
      shape.empty() ? 1 : product(shape, static_cast<std::size_t>(axis), shape.size());
  return groups(q, count, count);
}
ByteRanges needed(const Softmax& op, const Question& q) { return along(q, op.axis); }
ByteRanges needed(const LayerNorm& op, const Question& q) { return along(q, op.axis); }

ByteRanges needed(const Reduce&, const Question& q) { return all(q); }
ByteRanges needed(const BatchNorm&, const Question& q) { return all(q); }

}  // namespace

std::int64_t natural_row_bytes(const TensorType& type) {
  const Shape& shape = type.shape;
  if (shape.empty()) return size_bytes(type.dtype);
  return (shape.size() == 4 ? shape[2] : 1) * shape.back() * size_bytes(type.dtype);
}

ByteRanges bytes_needed(const Graph& graph, const Node& node, std::size_t input, ByteRange made) {
  const Question question{graph, node, input, made};
  return std::visit([&](const auto& op) { return needed(op, question); }, node.op);
}

bool may_replace(const Graph& graph, const Node& node, std::size_t input) {
  const bool elementwise = std::visit(
      [](const auto& op) {
        using T = std::remove_cvref_t<decltype(op)>;
        return std::is_same_v<T, Unary> || std::is_same_v<T, Requantize> ||
               std::is_same_v<T, Binary> || std::is_same_v<T, Softmax> ||
               std::is_same_v<T, LayerNorm>;
      },
      node.op);
  const TensorType& x = graph.type(node.inputs[input]);
  const TensorType& y = graph.type(node.output());
  return elementwise && x.bytes() == y.bytes() && x.elements() == y.elements();
}

}  // namespace linnet
