// Dispatch from the Op variant to the operator families; see ops.h.
#include "compiler/ops/ops.h"

#include <concepts>
#include <type_traits>

#include "compiler/ops/batch_norm.h"
#include "compiler/ops/conv.h"
#include "compiler/ops/elementwise.h"
#include "compiler/ops/matmul.h"
#include "compiler/ops/pool.h"
#include "compiler/ops/quantize_ops.h"
#include "compiler/ops/reduce.h"
#include "compiler/ops/resize.h"
#include "compiler/ops/shape.h"

namespace linnet {
namespace {

template <class Kind>
concept Multiplies = std::same_as<Kind, Conv2d> || std::same_as<Kind, ConvTranspose2d> ||
    std::same_as<Kind, FullyConnected> || std::same_as<Kind, MatMul>;

}  // namespace

Result<Shape> infer_shape(const Op& op, const std::vector<Shape>& inputs) {
  for (const Shape& input : inputs) {
    if (auto fits = checked_shape(input); !fits) return fits;
  }
  return std::visit([&](const auto& kind) { return infer_shape(kind, inputs); }, op);
}

std::int64_t macs(const Op& op, const std::vector<Shape>& inputs, const Shape& output) {
  return std::visit(
      [&](const auto& kind) -> std::int64_t {
        if constexpr (Multiplies<std::remove_cvref_t<decltype(kind)>>) {
          return macs(kind, inputs, output);
        } else {
          return 0;
        }
      },
      op);
}

TensorValue evaluate(const Op& op, const std::vector<const TensorValue*>& inputs,
                     const TensorType& output) {
  return std::visit([&](const auto& kind) { return evaluate(kind, inputs, output); }, op);
}

}  // namespace linnet
