// Parameters of layers that move elements without computing on them, and of resizes: plain structs
// that live in flash.
#pragma once

#include <cstdint>

#include "linnet/rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

inline constexpr std::int32_t kMaxRank = 8;

// Output row r is made of input row first_row + r * row_step: its element (i0, i1, ...) is that row's
// element offset + sum of i_k * stride_k. Transpose, slice, expand; where they do not go by rows,
// the whole tensor is one row. `geometry` (int32): rank times {size, stride}, outermost first.
struct CopyNd {
  std::int32_t rank = 0;
  std::int32_t offset = 0;  // elements
  std::int32_t first_row = 0, row_step = 0;
  const void* geometry = nullptr;

  static constexpr const char* type_name = "CopyNd";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("rank", self.rank);
    visit("offset", self.offset);
    visit("first_row", self.first_row);
    visit("row_step", self.row_step);
    visit("geometry", self.geometry);
  }
};

// Output row = for each of `outer` groups, `chunk_bytes[i]` bytes of every input i in turn.
struct ConcatLayer {
  std::int32_t outer = 0;
  std::int32_t inputs = 0;
  const void* chunk_bytes = nullptr;  // int32 [inputs]

  static constexpr const char* type_name = "ConcatLayer";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("outer", self.outer);
    visit("inputs", self.inputs);
    visit("chunk_bytes", self.chunk_bytes);
  }
};

// In each row, [outer, axis, inner_bytes] -> [outer, count, inner_bytes] through `indices`.
struct GatherLayer {
  std::int32_t outer = 0, axis = 0, count = 0, inner_bytes = 0;
  const void* indices = nullptr;  // int32 [count]

  static constexpr const char* type_name = "GatherLayer";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("outer", self.outer);
    visit("axis", self.axis);
    visit("count", self.count);
    visit("inner_bytes", self.inner_bytes);
    visit("indices", self.indices);
  }
};

// Rows are padded from in_rows to out_rows, with `rows_before` before the first; within a row,
// `geometry` (int32) has rank times {input size, output size, elements before}, outermost first.
// Where padding does not go by rows, the whole tensor is one row.
struct PadNd {
  std::int32_t in_rows = 1, out_rows = 1, rows_before = 0;
  std::int32_t rank = 0;
  std::int32_t mode = 0;        // 0 constant, 1 reflect, 2 edge
  std::int32_t value_bits = 0;  // the constant's bits: an int8, or a float's
  const void* geometry = nullptr;

  static constexpr const char* type_name = "PadNd";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("in_rows", self.in_rows);
    visit("out_rows", self.out_rows);
    visit("rows_before", self.rows_before);
    visit("rank", self.rank);
    visit("mode", self.mode);
    visit("value_bits", self.value_bits);
    visit("geometry", self.geometry);
  }
};

// Nearest: `row_index` [out_h] and `column_index` [out_w] hold source rows and columns, -1 outside
// (then `outside_bits`). Linear: `rows` [out_h] and `columns` [out_w] hold {int32 i0, int32 i1,
// weight of i1: int32 0..1024 in int8, float bits in float}; i0 = -1 outside.
struct ResizeLayer {
  std::int32_t in_h = 0, in_w = 0, channels = 0, out_h = 0, out_w = 0;
  std::int32_t element_bytes = 1;
  // From one pixel to the next: channels * element_bytes, or more in a slice of a wider tensor's channels (nearest only).
  std::int32_t in_pixel_bytes = 0, out_pixel_bytes = 0;
  std::int32_t outside_bits = 0;
  const void* rows = nullptr;
  const void* columns = nullptr;

  static constexpr const char* type_name = "ResizeLayer";
  template <class Self, class Visit>
  static constexpr void fields(Self& self, Visit&& visit) {
    visit("in_h", self.in_h);
    visit("in_w", self.in_w);
    visit("channels", self.channels);
    visit("out_h", self.out_h);
    visit("out_w", self.out_w);
    visit("element_bytes", self.element_bytes);
    visit("in_pixel_bytes", self.in_pixel_bytes);
    visit("out_pixel_bytes", self.out_pixel_bytes);
    visit("outside_bits", self.outside_bits);
    visit("rows", self.rows);
    visit("columns", self.columns);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
