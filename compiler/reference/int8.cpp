// One int8 operator as docs/quantization.md defines it: dispatch, Quantize and Dequantize, and what copies codes.
#include "compiler/reference/int8.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "compiler/ops/ops.h"
#include "compiler/reference/exact_math.h"
#include "compiler/reference/fixed_point.h"
#include "compiler/reference/interpreter.h"

namespace linnet::reference {
namespace {

// What only moves elements gives the same codes whatever they mean.
template <class Kind>
concept Copies = std::is_same_v<Kind, Concat> || std::is_same_v<Kind, Slice> ||
    std::is_same_v<Kind, Reshape> || std::is_same_v<Kind, Transpose> ||
    std::is_same_v<Kind, Expand> || std::is_same_v<Kind, Gather> || std::is_same_v<Kind, Cast>;

template <class Kind>
concept Computes = requires(const Kind& op, const Values& inputs, const TensorType& output) {
  int8(op, inputs, output);
};

}  // namespace

TensorValue int8(const Quantize&, const Values& inputs, const TensorType& output) {
  const TensorValue& x = *inputs[0];
  const Quantization& q = parameters(output);
  if (!q.per_tensor()) return evaluate(Op{Quantize{}}, inputs, output);
  OutputBuffer buffer(output);
  auto* y = buffer.data<std::int8_t>();
  for (const float element : x.as<float>()) *y++ = quantize_float(element, q);
  return buffer.finish();
}

std::int8_t quantize_float(float x, const Quantization& output) {
  float v = x / output.scale[0];
  if (std::isnan(v)) v = 0;
  v = std::min(std::max(v, -512.0F), 511.0F);
  return Codes{}.clamp(output.zero_point[0] + static_cast<std::int64_t>(exact::round_even(v)));
}

}  // namespace linnet::reference

namespace linnet {

TensorValue evaluate_int8(const Op& op, const std::vector<const TensorValue*>& inputs,
                          const TensorType& output) {
  return std::visit(
      [&](const auto& kind) -> TensorValue {
        using Kind = std::remove_cvref_t<decltype(kind)>;
        if constexpr (reference::Computes<Kind>) {
          return reference::int8(kind, inputs, output);
        } else if constexpr (reference::Copies<Kind> || std::is_same_v<Kind, Dequantize>) {
          return evaluate(op, inputs, output);
        } else {
          assert(false && "this operator has no int8 form");
          return {};
        }
      },
      op);
}

}  // namespace linnet
