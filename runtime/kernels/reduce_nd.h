// Walks a reduction over any axes: for every kept index, all reduced elements in row-major order.
// reduce_s8_nd and reduce_f32_nd use it.
#pragma once

#include "linnet/layers_pool.h"
#include "linnet/layers_shape.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

namespace detail {

struct ReduceDimension {
  std::int32_t size, stride;
};

// Steps `index` to the next element of `dimensions` in row-major order and moves `offset` along;
// false after the last.
inline bool next_index(const ReduceDimension* dimensions, std::int32_t rank, std::int32_t* index,
                       std::int32_t& offset) noexcept {
  for (std::int32_t d = rank - 1; d >= 0; --d) {
    offset += dimensions[d].stride;
    if (++index[d] < dimensions[d].size) return true;
    offset -= dimensions[d].stride * dimensions[d].size;
    index[d] = 0;
  }
  return false;
}

// visit(offsets of the reduced elements) is given as begin(), element(input offset), end(output
// index).
template <class Begin, class Element, class End>
void reduce_nd(const ReduceNd& layer, Begin begin, Element element, End end) noexcept {
  const auto* const kept = static_cast<const ReduceDimension*>(layer.geometry);
  const ReduceDimension* const reduced = kept + layer.kept_rank;
  std::int32_t kept_index[kMaxRank] = {};
  std::int32_t base = 0, out = 0;
  do {
    std::int32_t reduced_index[kMaxRank] = {};
    std::int32_t offset = base;
    begin();
    do {
      element(offset);
    } while (next_index(reduced, layer.reduced_rank, reduced_index, offset));
    end(out++);
  } while (next_index(kept, layer.kept_rank, kept_index, base));
}

}  // namespace detail

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
