// Softmax and layer normalization in int8: docs/quantization.md section 7.
#include <algorithm>
#include <array>
#include <cmath>

#include "compiler/reference/exact_math.h"
#include "compiler/reference/fixed_point.h"
#include "compiler/reference/int8.h"

namespace linnet::reference {

TensorValue int8(const Softmax& op, const Values& inputs, const TensorType& output) {
  const TensorValue& x = *inputs[0];
  const Quantization& qy = parameters(output);
  const std::int64_t count = output.shape[static_cast<std::size_t>(op.axis)];
  assert(count <= 65536);
  std::array<std::int64_t, 256> e{};
  for (std::size_t d = 0; d < e.size(); ++d) {
    const double power = -double{parameters(x).scale[0]} * static_cast<double>(d);
    e[d] = static_cast<std::int64_t>(round_even(65536.0 * std::exp(power)));
  }
  const auto k =
      static_cast<std::int64_t>(std::min(round_even(256.0 / double{qy.scale[0]}), 16777216.0));
  OutputBuffer buffer(output);
  const auto axis = static_cast<std::size_t>(op.axis);
  const std::int64_t inner = count_between(output.shape, axis + 1, output.shape.size());
  const std::int64_t rows = output.elements() / count;
  for (std::int64_t r = 0; r < rows; ++r) {
    // Element i of row r, when the row runs along the middle of [outer, count, inner].
    const std::int64_t start = r / inner * count * inner + r % inner;
    const std::int8_t* row = x.as<std::int8_t>().data() + start;
    std::int8_t* y = buffer.data<std::int8_t>() + start;
    int largest = row[0];
    for (std::int64_t i = 1; i < count; ++i) largest = std::max<int>(largest, row[i * inner]);
    const auto exponential = [&](std::int64_t i) {
      return e[static_cast<std::size_t>(largest - row[i * inner])];
    };
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += exponential(i);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t quotient = (exponential(i) * k / 256 + sum / 2) / sum;  // none negative
      y[i * inner] = Codes{}.clamp(qy.zero_point[0] + quotient);
    }
  }
  return buffer.finish();
}

TensorValue int8(const LayerNorm& op, const Values& inputs, const TensorType& output) {
  const TensorValue& x = *inputs[0];
  const TensorValue* gamma = input_or_null(inputs, 1);
  const TensorValue* beta = input_or_null(inputs, 2);
  const Quantization& qx = parameters(x);
  const std::int64_t n =
      count_between(output.shape, static_cast<std::size_t>(op.axis), output.shape.size());
  const double scale = qx.scale[0];
  const auto count = static_cast<double>(n);
  const auto a = static_cast<float>(scale * scale / (count * count));
  const auto b = static_cast<float>(scale / count);
  OutputBuffer buffer(output);
  auto* y = buffer.data<std::int8_t>();
  const std::int8_t* row = x.as<std::int8_t>().data();
  for (std::int64_t r = 0; r < output.elements() / n; ++r, row += n) {
    std::int64_t s1 = 0;
    std::int64_t s2 = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t centred = std::int64_t{row[i]} - qx.zero_point[0];
      s1 += centred;
      s2 += centred * centred;
    }
    const std::int64_t variance = n * s2 - s1 * s1;
    const float v = static_cast<float>(variance) * a + op.epsilon;
    const float k = 1.0F / exact::sqrt(v);
    const float g = k * b;
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t centred = std::int64_t{row[i]} - qx.zero_point[0];
      float t = static_cast<float>(n * centred - s1) * g;
      if (gamma != nullptr) t = t * gamma->as<float>()[to_index(i)];
      if (beta != nullptr) t = t + beta->as<float>()[to_index(i)];
      *y++ = quantize_float(t, parameters(output));
    }
  }
  return buffer.finish();
}

}  // namespace linnet::reference
