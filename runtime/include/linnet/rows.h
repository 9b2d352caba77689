// Rows: how kernels see tensors in memory.
//
// A tensor is stored as a ring of rows. Row r lives at base + (r % capacity) * pitch; when the ring holds all rows of
// the tensor (capacity == rows) it is an ordinary array. Within a row, pixels lie side by side, channels innermost:
//
//     row r:  | x0: c0 c1 .. | x1: c0 c1 .. | ...      pitch_bytes from one row to the next
//
// Tensors of other ranks are rows as well: [M,C] has M rows of one pixel, [N,T,C] N*T rows of one pixel, [N,H,W,C]
// N*H rows of W pixels; see docs/runtime.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "linnet/version.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct RowsIn {
  const std::byte* base;
  std::int32_t pitch_bytes;
  std::int32_t capacity_rows;

  template <class T>
  const T* row(std::int32_t index) const noexcept {
    return static_cast<const T*>(
        static_cast<const void*>(base + (index % capacity_rows) * pitch_bytes));
  }
};

struct RowsOut {
  std::byte* base;
  std::int32_t pitch_bytes;
  std::int32_t capacity_rows;

  template <class T>
  T* row(std::int32_t index) const noexcept {
    return static_cast<T*>(static_cast<void*>(base + (index % capacity_rows) * pitch_bytes));
  }
};

// What one kernel call works on. `in` has as many entries as the kernel has activation operands; constants (weights,
// tables) are pointers in the layer. `scratch` is 8-byte aligned and holds K::scratch_bytes(layer) bytes.
struct Io {
  const RowsIn* in;
  RowsOut out;
  std::byte* scratch;
};

// A kernel is a struct:
//
//   struct conv2d_s8_1x1 {
//     using Layer = Conv2dS8;                                    // parameters of one layer, in flash
//     static constexpr const char* name = "conv2d_s8_1x1";
//     static constexpr bool supports(const Layer&) noexcept;
//     static constexpr std::int32_t scratch_bytes(const Layer&) noexcept;
//     static constexpr std::int32_t packed_bytes(const Layer&) noexcept;                  // where it packs weights
//     static void pack(const Layer&, const std::int8_t* weights, std::byte* packed);      // compiler side
//     static void run(const Layer&, const Io&, std::int32_t first_row, std::int32_t row_count) noexcept;
//   };
//
// run() makes output rows [first_row, first_row + row_count) from the input rows under their windows. Row numbers count
// through the batch: output row r of an [N,OH,OW,C] tensor is row r % OH of image r / OH.
//
// A kernel works through its rows in order, in blocks of `static constexpr std::int32_t block_rows(const Layer&)` rows counted
// from first_row, one row where it says nothing. Once it has written into a block it reads nothing any more that lies only
// under blocks before that one: the output may grow into the rows that the input frees.
//
// A kernel that makes one row out of all rows of an image (a global pool) has `static constexpr bool consumes = true`. Its
// run() is given rows of its input, each once and in order, and adds them to what it keeps in its scratch and its output
// row; the image's last row completes that row. Both are its own from the first call of the image to the last.
//
// Rows of the layer's output that the kernel works on at once.
template <class Kernel, class = void>
struct BlockRows {
  static constexpr std::int32_t of(const typename Kernel::Layer&) noexcept { return 1; }
};
template <class Kernel>
struct BlockRows<Kernel, std::void_t<decltype(&Kernel::block_rows)>> {
  static constexpr std::int32_t of(const typename Kernel::Layer& layer) noexcept {
    return Kernel::block_rows(layer);
  }
};
template <class Kernel>
constexpr std::int32_t block_rows(const typename Kernel::Layer& layer) noexcept {
  return BlockRows<Kernel>::of(layer);
}

// The list is the registry: the first kernel that supports a layer is taken, by the compiler, the tests and the bench.
template <class... Kernels>
struct KernelList {
  // Calls visit(Kernel{}) for the first kernel that supports the layer; false when none does.
  template <class Layer, class Visitor>
  static constexpr bool select(const Layer& layer, Visitor&& visit) {
    return ((Kernels::supports(layer) ? (visit(Kernels{}), true) : false) || ...);
  }
  // Calls visit(Kernel{}) for every kernel of the list.
  template <class Visitor>
  static constexpr void for_each(Visitor&& visit) {
    (visit(Kernels{}), ...);
  }
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
