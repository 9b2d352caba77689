// Pooling and reduction in int8: docs/quantization.md section 5.
#include <algorithm>
#include <map>

#include "compiler/ops/pool.h"
#include "compiler/ops/reduce.h"
#include "compiler/reference/fixed_point.h"
#include "compiler/reference/int8.h"

namespace linnet::reference {
namespace {

// M[n] = double(sx) / (double(sy) * n) for each divisor that occurs, all with one shift.
class DivisorRequant {
 public:
  DivisorRequant(const Quantization& x, const Quantization& y, std::vector<std::int64_t> divisors) {
    std::sort(divisors.begin(), divisors.end());
    std::vector<double> multipliers;
    for (const std::int64_t n : divisors) {
      if (n < 1 || entry_.contains(n)) continue;
      entry_[n] = static_cast<std::int64_t>(multipliers.size());
      multipliers.push_back(double{x.scale[0]} / (double{y.scale[0]} * static_cast<double>(n)));
    }
    requant_.emplace_back(multipliers, y.zero_point[0], Codes{});
    zero_point_ = y.zero_point[0];
  }
  std::int8_t operator()(std::int64_t sum, std::int64_t divisor) const {
    if (divisor < 1) return Codes{}.clamp(zero_point_);  // an empty window
    return requant_.front()(sum, entry_.at(divisor));
  }

 private:
  std::map<std::int64_t, std::int64_t> entry_;
  std::vector<Requant> requant_;
  std::int64_t zero_point_ = 0;
};

TensorValue averaged(const Pool2d& op, const TensorValue& x, const TensorType& output) {
  const Shape& in = x.type.shape;
  std::vector<PoolTaps> windows;
  std::vector<std::int64_t> divisors;
  for (std::int64_t oy = 0; oy < output.shape[1]; ++oy) {
    for (std::int64_t ox = 0; ox < output.shape[2]; ++ox) {
      windows.push_back(pool_taps(op, in, oy, ox));
      divisors.push_back(windows.back().divisor);
    }
  }
  const DivisorRequant requant(parameters(x), parameters(output), divisors);
  const std::int64_t zero_point = parameters(x).zero_point[0];
  OutputBuffer buffer(output);
  auto* y = buffer.data<std::int8_t>();
  for (std::int64_t n = 0; n < in[0]; ++n) {
    const std::int8_t* image = x.as<std::int8_t>().data() + n * in[1] * in[2] * in[3];
    for (const PoolTaps& taps : windows) {
      for (std::int64_t c = 0; c < in[3]; ++c) {
        std::int64_t sum = 0;
        for (const std::int64_t row : taps.rows) {
          for (const std::int64_t column : taps.columns) {
            sum += std::int64_t{image[(row * in[2] + column) * in[3] + c]} - zero_point;
          }
        }
        *y++ = requant(sum, taps.divisor);
      }
    }
  }
  return buffer.finish();
}

}  // namespace

TensorValue int8(const Pool2d& op, const Values& inputs, const TensorType& output) {
  if (op.kind == Pool2d::Kind::average) return averaged(op, *inputs[0], output);
  return evaluate(op, inputs, output);  // on the codes
}

TensorValue int8(const Reduce& op, const Values& inputs, const TensorType& output) {
  assert(op.kind != Reduce::Kind::l2 && "the L2 norm has no int8 form");
  const TensorValue& x = *inputs[0];
  const bool sums = op.kind == Reduce::Kind::mean || op.kind == Reduce::Kind::sum;
  const std::int64_t zero_point = sums ? parameters(x).zero_point[0] : 0;
  const auto codes = x.as<std::int8_t>();
  std::vector<std::int64_t> folded(static_cast<std::size_t>(output.elements()), 0);
  for_each_reduced(op, x.type.shape, [&](std::int64_t i, std::int64_t o, bool first) {
    const std::int64_t value = std::int64_t{codes[to_index(i)]} - zero_point;
    std::int64_t& sum = folded[to_index(o)];
    if (first) {
      sum = value;
    } else if (sums) {
      sum += value;
    } else {
      sum = op.kind == Reduce::Kind::max ? std::max(sum, value) : std::min(sum, value);
    }
  });
  const std::int64_t divisor = op.kind == Reduce::Kind::mean ? reduced_count(op, x.type.shape) : 1;
  OutputBuffer buffer(output);
  auto* y = buffer.data<std::int8_t>();
  const DivisorRequant requant(parameters(x), parameters(output), {divisor});
  std::transform(folded.begin(), folded.end(), y, [&](std::int64_t value) {
    return sums ? requant(value, divisor) : static_cast<std::int8_t>(value);
  });
  return buffer.finish();
}

}  // namespace linnet::reference
