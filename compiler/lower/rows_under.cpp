// Rows under a window; see program.h.
#include <algorithm>
#include <cassert>

#include "compiler/lower/program.h"

namespace linnet {

RowRange rows_under(const RowWindow& window, std::int64_t first_row, std::int64_t row_count,
                    std::int64_t input_rows) {
  assert(first_row >= 0 && row_count >= 1);
  if (window.whole) return {0, static_cast<std::int32_t>(input_rows)};
  if (!window.each.empty()) {
    const auto first = static_cast<std::size_t>(first_row);
    const auto last = static_cast<std::size_t>(first_row + row_count - 1);
    assert(last < window.each.size());
    return {window.each[first].first, window.each[last].end};  // neither end goes back in between
  }
  const std::int64_t begin = first_row * window.stride - window.pad_top;
  const std::int64_t end =
      (first_row + row_count - 1) * window.stride - window.pad_top + window.extent;
  return {static_cast<std::int32_t>(std::clamp<std::int64_t>(begin, 0, input_rows)),
          static_cast<std::int32_t>(std::clamp<std::int64_t>(end, 0, input_rows))};
}

}  // namespace linnet
