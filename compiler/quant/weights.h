// Weights, biases and constant operands as int8 and int32.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "compiler/ir/tensor_type.h"

namespace linnet {

struct QuantizedWeights {
  TensorValue weights;  // i8, symmetric in [-127, 127], one scale for each index of axis 0
  std::optional<TensorValue> bias;  // i32, scale sx * sw[o], zero point 0
};

// Float weights [O, ...] and bias [O] (may be null). Channels that are all zero, or so small beside the others or their
// bias that the integers would lose them, get a coarser scale than max|w| / 127; so do channels whose sums would not
// fit int32.
QuantizedWeights quantize_weights(const TensorValue& weights, const TensorValue* bias,
                                  const Quantization& input, const Quantization& output);

// The scale of each channel that quantize_weights() begins with: max|w| / 127, or as coarse as the above asks for.
std::vector<float> int8_channel_scales(const TensorValue& weights, const TensorValue* bias,
                                       const Quantization& input, const Quantization& output);

// The bias for weights that have their scales already (imported graphs): `bias` are real values.
TensorValue quantize_bias_for(std::span<const float> bias, const Quantization& input,
                              const Quantization& weights);

// Codes of float elements, per tensor or per index of the quantization's axis.
TensorValue quantize_constant_to(const TensorValue& value, const Quantization& quantization);

// Real values of i8, u8 or i32 codes.
std::vector<float> dequantize_constant(const TensorValue& codes);

}  // namespace linnet
