// Row windows; see row_windows.h and program.h.
#include "compiler/lower/row_windows.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace linnet {
namespace {

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

std::int32_t clamped(std::int64_t row, std::int64_t rows) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(row, 0, rows));
}

// The ranges of one image's rows (`range(out_row)`, unclamped), image after image.
template <class Range>
RowWindow each_row(const SlidingRows& rows, const Range& range) {
  std::vector<RowRange> each;
  each.reserve(static_cast<std::size_t>(rows.images * rows.out_h));
  for (std::int64_t image = 0; image < rows.images; ++image) {
    const auto start = static_cast<std::int32_t>(image * rows.in_h);
    for (std::int64_t r = 0; r < rows.out_h; ++r) {
      const auto [first, end] = range(r);
      each.push_back({start + clamped(first, rows.in_h), start + clamped(end, rows.in_h)});
    }
  }
  return window_of(std::move(each));
}

}  // namespace

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
  return {clamped(begin, input_rows), clamped(end, input_rows)};
}

RowWindow window_of(std::vector<RowRange> each) {
  RowRange before;
  for (RowRange& rows : each) {
    // Rows that need nothing ask for what the row before them had, which keeps both ends in order.
    if (rows.first >= rows.end) rows = before;
    if (rows.first < before.first || rows.end < before.end) return {};
    before = rows;
  }
  RowWindow window;
  window.whole = false;
  window.each = std::move(each);
  return window;
}

RowWindow sliding_window(const SlidingRows& rows) {
  if (rows.images == 1) return {false, rows.stride, rows.pad_top, rows.extent};
  return each_row(rows, [&](std::int64_t r) {
    const std::int64_t first = r * rows.stride - rows.pad_top;
    return std::pair(first, first + rows.extent);
  });
}

RowWindow transposed_window(const SlidingRows& rows) {
  // Input row i lands on output rows i * stride - pad_top + [0, extent).
  return each_row(rows, [&](std::int64_t r) {
    const std::int64_t first = floor_div(r + rows.pad_top - rows.extent, rows.stride) + 1;
    return std::pair(first, floor_div(r + rows.pad_top, rows.stride) + 1);
  });
}

}  // namespace linnet
