// Which operators docs/quantization.md defines in int8, and which of those keep the scale of their input.
#pragma once

#include <vector>

#include "compiler/ir/op.h"
#include "compiler/ir/tensor_type.h"

namespace linnet {

// What has to be known of an input before anything is quantized. An absent optional input has an empty shape.
struct OperandFacts {
  Shape shape;
  bool constant = false;
};

// The operator can run on int8 codes; otherwise it stays in float between Dequantize and Quantize. Minimum and maximum
// need `keeps_parameters` to be honoured.
bool has_int8_form(const Op& op, const std::vector<OperandFacts>& inputs);

// In int8, all activations in and the one out share scale and zero point: what copies codes or compares them.
bool keeps_parameters(const Op& op);

}  // namespace linnet
