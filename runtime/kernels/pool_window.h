// Which taps of a pooling window lie inside the input; shared by the pool kernels.
#pragma once

#include "linnet/layers_pool.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

namespace detail {

// Taps [first, last) of a window along one axis that fall inside [0, size); `origin` is the
// coordinate of tap 0.
struct TapRange {
  std::int32_t first, last;
  constexpr std::int32_t count() const { return last > first ? last - first : 0; }
};

constexpr TapRange taps_inside(std::int32_t origin, std::int32_t low, std::int32_t high,
                               std::int32_t kernel, std::int32_t dilation) noexcept {
  std::int32_t first = origin >= low ? 0 : low - origin;
  std::int32_t last = high <= origin ? 0 : high - origin;  // taps t with t * dilation < that
  if (dilation != 1) {                                     // spares a division an output
    first = (first + dilation - 1) / dilation;
    last = (last + dilation - 1) / dilation;
  }
  return {first < kernel ? first : kernel, last < kernel ? last : kernel};
}

// The window of one output pixel: taps inside the input, and the divisor of an average.
struct PoolWindow {
  std::int32_t y0, x0;  // coordinate of tap (0, 0)
  TapRange rows, columns;
  std::int32_t divisor;
};

constexpr PoolWindow pool_window(const Pool2dLayer& l, std::int32_t out_y,
                                 std::int32_t out_x) noexcept {
  const std::int32_t y0 = out_y * l.stride_h - l.pad_top, x0 = out_x * l.stride_w - l.pad_left;
  const TapRange rows = taps_inside(y0, 0, l.in_h, l.kernel_h, l.dilation_h);
  const TapRange columns = taps_inside(x0, 0, l.in_w, l.kernel_w, l.dilation_w);
  const TapRange all_rows =
      taps_inside(y0, -l.include_top, l.in_h + l.include_bottom, l.kernel_h, l.dilation_h);
  const TapRange all_columns =
      taps_inside(x0, -l.include_left, l.in_w + l.include_right, l.kernel_w, l.dilation_w);
  return {y0, x0, rows, columns, all_rows.count() * all_columns.count()};
}

}  // namespace detail

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
