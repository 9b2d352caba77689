// Shape checks and broadcasting; see shapes.h.
#include "compiler/ops/shapes.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace linnet {

// E120: shapes or attributes of an operator do not fit each other.
Diagnostic shape_fault(std::string message, std::string hint) {
  return {"E120", {}, {}, std::move(message), std::move(hint)};
}

Result<Shape> checked_shape(Shape shape) {
  constexpr std::int64_t kLimit = std::numeric_limits<std::int32_t>::max();
  std::int64_t count = 1;
  for (const std::int64_t dimension : shape) {
    // E121: a tensor that no 32-bit index reaches, or a negative dimension.
    if (dimension < 0 || dimension > kLimit) {
      return Diagnostic{"E121", {}, {}, fmt::format("dimension {} is out of range", dimension), {}};
    }
    if (dimension > 0 && count > kLimit / dimension) {
      return Diagnostic{"E121",
                        {},
                        {},
                        fmt::format("the output {} has more than 2^31 elements", to_string(shape)),
                        {}};
    }
    count *= std::max<std::int64_t>(dimension, 1);
  }
  return shape;
}

Result<Nothing> require_rank(const Shape& shape, std::size_t rank, const char* name) {
  if (shape.size() != rank) {
    return shape_fault(
        fmt::format("{} has shape {}, expected {} dimensions", name, to_string(shape), rank));
  }
  if (std::any_of(shape.begin(), shape.end(), [](std::int64_t d) { return d < 1; })) {
    return shape_fault(fmt::format("{} has shape {}, which is empty", name, to_string(shape)));
  }
  return ok();
}

Result<Nothing> require_inputs(const Shapes& inputs, std::size_t least, std::size_t most) {
  if (inputs.size() >= least && inputs.size() <= most) return ok();
  const std::string expected =
      least == most ? std::to_string(least) : fmt::format("{} to {}", least, most);
  return shape_fault(fmt::format("{} inputs, expected {}", inputs.size(), expected));
}

Result<Nothing> require_axis(std::int32_t axis, const Shape& shape) {
  if (axis >= 0 && static_cast<std::size_t>(axis) < shape.size()) return ok();
  return shape_fault(fmt::format("axis {} is out of range for shape {}", axis, to_string(shape)));
}

Result<Shape> broadcast_shapes(const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()));
  for (std::size_t i = 0; i < shape.size(); ++i) {  // from the last dimension
    const std::int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t db = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (da != db && da != 1 && db != 1) {
      return shape_fault(
          fmt::format("shapes {} and {} cannot be broadcast", to_string(a), to_string(b)));
    }
    shape[shape.size() - 1 - i] = da == 1 ? db : da;
  }
  return checked_shape(std::move(shape));
}

std::vector<std::int64_t> row_major_strides(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

std::vector<std::int64_t> broadcast_strides(const Shape& from, const Shape& to) {
  const std::vector<std::int64_t> own = row_major_strides(from);
  std::vector<std::int64_t> strides(to.size(), 0);
  const std::size_t missing = to.size() - from.size();
  for (std::size_t i = 0; i < from.size(); ++i) {
    strides[missing + i] = from[i] == 1 ? 0 : own[i];
  }
  return strides;
}

std::int64_t count_between(const Shape& shape, std::size_t first, std::size_t last) {
  std::int64_t count = 1;
  for (std::size_t i = first; i < last; ++i) count *= shape[i];
  return count;
}

}  // namespace linnet
