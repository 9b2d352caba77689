// Weights of 4 bits: int8 weights that are, in each group of 32 of an output channel, an integer times numbers in [-7, 7].
//
//   channel's scale s (float32)   real weight = s * w8 = s * (g * q)      g in [1, 18], one a group; q in [-7, 7]
//
// So |w8| <= 126 is an int8 weight as any other: arithmetic, oracle and bounds are those of docs/quantization.md; only storage
// (runtime/kernels/conv2d_s8_w4.h, which says what a group is) and rounding differ. Quantization::int4 marks such constants.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "compiler/ir/tensor_type.h"
#include "compiler/quant/input_moments.h"
#include "compiler/quant/weights.h"

namespace linnet {

constexpr int kInt4MostCode = 7;
constexpr int kInt4MostScale = 18;  // 7 * 18 = 126

// The group of each weight of a channel, of weights [O, KH, KW, C] or [O, K].
std::vector<std::size_t> int4_groups(const Shape& weights);

// Whether constant int8 weights can be stored so: no zero points, each group an integer times [-7, 7].
bool fits_int4(const TensorValue& weights);

// Flash that 4 bits save a layer with these weights; may be negative for a few channels.
std::int64_t int4_saved_bytes(const Shape& weights);

// As quantize_weights(), rounded to 4 bits. The scales of channel and groups are those with the least squared error, where an
// input's errors count by its variance. Codes are then rounded one after the other, and what one loses is made good by those
// behind it as far as their inputs go together (the error feedback of GPTQ, arXiv 2210.17323, within blocks of the inputs'
// covariance). What is lost of an output's mean goes into the bias, so with known moments there always is one.
QuantizedWeights quantize_weights_int4(const TensorValue& weights, const TensorValue* bias,
                                       const Quantization& input, const Quantization& output,
                                       const InputMoments& moments);

}  // namespace linnet
