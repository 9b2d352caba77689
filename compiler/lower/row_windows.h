// How lowering makes row windows where one stride does not do; RowWindow itself is in program.h.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/lower/program.h"

namespace linnet {

// A window of these rows under each row of the call; those with first >= end need none. All rows when the ranges go back
// somewhere (reflection, a repeated image), since rows could then not be dropped in order.
RowWindow window_of(std::vector<RowRange> each);

// A kernel that slides over each of `images` images of in_h rows and makes out_h rows of it.
struct SlidingRows {
  std::int64_t images = 1, in_h = 1, out_h = 1;
  std::int32_t stride = 1, pad_top = 0, extent = 1;
};
RowWindow sliding_window(const SlidingRows& rows);
// The same for a transposed convolution, whose stride is that of its output.
RowWindow transposed_window(const SlidingRows& rows);

}  // namespace linnet
