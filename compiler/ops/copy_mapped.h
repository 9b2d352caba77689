// One engine for every operator that only moves elements: slice, transpose, expand, gather, pad, nearest resize.
//
// Along each output dimension a map says where the element comes from, as an offset in elements into the input, or
// that it lies outside and is filled. The offsets of all dimensions add up:
//
//   transpose:  maps[d][i] = i * stride_in[permutation[d]]
//   pad:        maps[d][i] = kOutside before and after, (i - before) * stride_in[d] between
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/ir/tensor_type.h"

namespace linnet {

constexpr std::int64_t kOutside = INT64_MIN;
using IndexMap = std::vector<std::int64_t>;

// Any element type; `fill` has the bytes of one element (may be empty where no map says kOutside).
TensorValue copy_mapped(const TensorValue& input, const std::vector<IndexMap>& maps,
                        std::span<const std::byte> fill, const TensorType& output);

}  // namespace linnet
