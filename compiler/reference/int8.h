// The int8 operators of the oracle, family by family; int8.cpp dispatches. Each works on whole tensors and follows
// docs/quantization.md by the section named beside it.
#pragma once

#include <cassert>
#include <vector>

#include "compiler/ir/op.h"
#include "compiler/ir/tensor_type.h"
#include "compiler/ops/shapes.h"

namespace linnet::reference {

// Section 3 (int8_conv.cpp).
TensorValue int8(const Conv2d& op, const Values& inputs, const TensorType& output);
TensorValue int8(const ConvTranspose2d& op, const Values& inputs, const TensorType& output);
TensorValue int8(const FullyConnected& op, const Values& inputs, const TensorType& output);
TensorValue int8(const MatMul& op, const Values& inputs, const TensorType& output);

// Section 4 (int8_elementwise.cpp).
TensorValue int8(const Unary& op, const Values& inputs, const TensorType& output);
TensorValue int8(const Binary& op, const Values& inputs, const TensorType& output);
TensorValue int8(const Requantize& op, const Values& inputs, const TensorType& output);

// Section 5 (int8_pool.cpp).
TensorValue int8(const Pool2d& op, const Values& inputs, const TensorType& output);
TensorValue int8(const Reduce& op, const Values& inputs, const TensorType& output);

// Section 6 (int8_shape.cpp).
TensorValue int8(const Pad& op, const Values& inputs, const TensorType& output);
TensorValue int8(const Resize& op, const Values& inputs, const TensorType& output);

// Section 7 (int8_normalize.cpp).
TensorValue int8(const Softmax& op, const Values& inputs, const TensorType& output);
TensorValue int8(const LayerNorm& op, const Values& inputs, const TensorType& output);

// Section 8 (int8.cpp), and its Quantize of one element.
TensorValue int8(const Quantize& op, const Values& inputs, const TensorType& output);
std::int8_t quantize_float(float x, const Quantization& output);

inline const Quantization& parameters(const TensorType& type) {
  assert(type.quantization && "an int8 tensor has a scale");
  return *type.quantization;
}
inline const Quantization& parameters(const TensorValue& value) { return parameters(value.type); }

}  // namespace linnet::reference
