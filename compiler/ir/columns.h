// An affine map by column that runs before a graph: part of an input port, not of the graph.
//
// A network for spectrograms often begins with a batch norm over its mel bins. The bins are the columns of the picture
// that the first convolution reads, so the convolution's weights, one set for all columns, cannot take the map up; the
// conversion of the input can, since it scales and shifts every element anyway:
//
//   x [1,1,640,64] in dB ─► * scale[m] + offset[m] ─► what the graph's input tensor holds
//                           (quantized: the codes, the quantization's own scale and zero point folded in)
//
// fold_input_columns makes it; whatever feeds inputs applies it (to_device), and generated code states it as
// kInputColumnScale and kInputColumnOffset.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/ir/tensor_type.h"

namespace linnet {

struct ColumnMap {
  std::int32_t axis = 0;  // of the model's own shape
  std::vector<float> scale, offset;
  bool operator==(const ColumnMap&) const = default;
};

// The map from the model's values to codes of `q` before rounding: one more scale and shift, computed in double, then
// rounded to float32.
ColumnMap code_map(const ColumnMap& columns, const Quantization& q);

// The map to what the device's input tensor holds: `columns` itself for float32, code_map for int8.
ColumnMap device_columns(const ColumnMap& columns, const TensorType& device);

// What a map makes of the element `x` of column `m`: a product and a sum, each rounded to float32.
float mapped(const ColumnMap& columns, std::size_t m, float x);

}  // namespace linnet
