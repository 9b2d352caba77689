// See columns.h.
#include "compiler/ir/columns.h"

namespace linnet {

ColumnMap code_map(const ColumnMap& columns, const Quantization& q) {
  const auto step = static_cast<double>(q.scale.front());
  const auto zero = static_cast<double>(q.zero_point.front());
  ColumnMap codes = columns;
  for (std::size_t m = 0; m < codes.scale.size(); ++m) {
    codes.scale[m] = static_cast<float>(static_cast<double>(columns.scale[m]) / step);
    codes.offset[m] = static_cast<float>(static_cast<double>(columns.offset[m]) / step + zero);
  }
  return codes;
}

ColumnMap device_columns(const ColumnMap& columns, const TensorType& device) {
  return device.quantization ? code_map(columns, *device.quantization) : columns;
}

float mapped(const ColumnMap& columns, std::size_t m, float x) {
  const float product = x * columns.scale[m];
  return product + columns.offset[m];
}

}  // namespace linnet
