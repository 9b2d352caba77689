// Parameters of pools and reductions: plain structs that live in flash.
#pragma once

#include <cstdint>

#include "linnet/rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

// Max and average pool, int8 and float. An average divides by the taps inside [-include_top, in_h +
// include_bottom) and the like for columns (all zero: taps inside the input only).
struct Pool2dLayer {
  std::int32_t in_h = 0, in_w = 0, channels = 0, out_h = 0, out_w = 0;
  // Elements from one pixel to the next: channels, or more in a slice of a wider tensor's channels (int8 kernels only).
  std::int32_t in_pixel_step = 0, out_pixel_step = 0;
  std::int32_t kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1,
               dilation_w = 1;
  std::int32_t pad_top = 0, pad_left = 0;
  std::int32_t include_top = 0, include_left = 0, include_bottom = 0, include_right = 0;
  std::int32_t in_zero = 0, out_zero = 0, shift = 0;  // average, int8
  std::int32_t lo = -128, hi = 127;
  const void* multipliers =
      nullptr;  // average, int8: int32 [kernel_h * kernel_w + 1], index = divisor

  static constexpr const char* type_name = "Pool2dLayer";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("in_h", self.in_h);
    visit("in_w", self.in_w);
    visit("channels", self.channels);
    visit("out_h", self.out_h);
    visit("out_w", self.out_w);
    visit("in_pixel_step", self.in_pixel_step);
    visit("out_pixel_step", self.out_pixel_step);
    visit("kernel_h", self.kernel_h);
    visit("kernel_w", self.kernel_w);
    visit("stride_h", self.stride_h);
    visit("stride_w", self.stride_w);
    visit("dilation_h", self.dilation_h);
    visit("dilation_w", self.dilation_w);
    visit("pad_top", self.pad_top);
    visit("pad_left", self.pad_left);
    visit("include_top", self.include_top);
    visit("include_left", self.include_left);
    visit("include_bottom", self.include_bottom);
    visit("include_right", self.include_right);
    visit("in_zero", self.in_zero);
    visit("out_zero", self.out_zero);
    visit("shift", self.shift);
    visit("lo", self.lo);
    visit("hi", self.hi);
    visit("multipliers", self.multipliers);
  }
};

enum class ReduceKind : std::int32_t { mean, sum, max, min, l2 };

// Reduction of [images, pixels, channels] over pixels: the global pool of channels-last images.
// Input rows hold `width` pixels, an image has `height` of them; output row n is image n.
struct ReduceSpatial {
  std::int32_t height = 0, width = 0, channels = 0;
  std::int32_t in_pixel_step = 0;  // elements: channels, or more in a slice of channels (int8 only)
  std::int32_t kind = 0;           // ReduceKind
  std::int32_t in_zero = 0, out_zero = 0, multiplier = 0, shift = 0;  // mean and sum, int8

  static constexpr const char* type_name = "ReduceSpatial";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("height", self.height);
    visit("width", self.width);
    visit("channels", self.channels);
    visit("in_pixel_step", self.in_pixel_step);
    visit("kind", self.kind);
    visit("in_zero", self.in_zero);
    visit("out_zero", self.out_zero);
    visit("multiplier", self.multiplier);
    visit("shift", self.shift);
  }
};

// Reduction over any axes; input and output are one row each. `geometry` (int32): kept_rank times
// {size, stride}, then reduced_rank times {size, stride}, outermost first, strides in elements of
// the input.
struct ReduceNd {
  std::int32_t kept_rank = 0, reduced_rank = 0;
  std::int32_t count = 0;                                             // elements reduced into one
  std::int32_t kind = 0;                                              // ReduceKind
  std::int32_t in_zero = 0, out_zero = 0, multiplier = 0, shift = 0;  // mean and sum, int8
  const void* geometry = nullptr;

  static constexpr const char* type_name = "ReduceNd";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("kept_rank", self.kept_rank);
    visit("reduced_rank", self.reduced_rank);
    visit("count", self.count);
    visit("kind", self.kind);
    visit("in_zero", self.in_zero);
    visit("out_zero", self.out_zero);
    visit("multiplier", self.multiplier);
    visit("shift", self.shift);
    visit("geometry", self.geometry);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
