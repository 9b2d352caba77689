// Element moves by index maps; see copy_mapped.h.
#include "compiler/ops/copy_mapped.h"

#include <cassert>
#include <cstring>

#include "compiler/ops/shapes.h"

namespace linnet {
namespace {

bool is_contiguous(const IndexMap& map) {
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (map[i] == kOutside || map[i] != map[0] + static_cast<std::int64_t>(i)) return false;
  }
  return true;
}

template <class Element>
class MappedCopy {
 public:
  MappedCopy(const std::byte* from, std::byte* to, const std::vector<IndexMap>& maps,
             std::span<const std::byte> fill)
      : from_(from), to_(to), maps_(maps), inner_contiguous_(is_contiguous(maps.back())) {
    if (!fill.empty()) std::memcpy(&fill_, fill.data(), sizeof(Element));
  }

  void run(std::size_t dimension, std::int64_t offset) {
    if (dimension + 1 == maps_.size()) return run_innermost(offset);
    for (const std::int64_t step : maps_[dimension]) {
      const bool outside = offset == kOutside || step == kOutside;
      run(dimension + 1, outside ? kOutside : offset + step);
    }
  }

 private:
  void run_innermost(std::int64_t offset) {
    const IndexMap& map = maps_.back();
    if (inner_contiguous_ && offset != kOutside) {
      std::memcpy(to_, from_ + (offset + map[0]) * element_bytes(), map.size() * sizeof(Element));
      to_ += map.size() * sizeof(Element);
      return;
    }
    for (const std::int64_t step : map) {
      Element value = fill_;
      if (offset != kOutside && step != kOutside) {
        std::memcpy(&value, from_ + (offset + step) * element_bytes(), sizeof(Element));
      }
      std::memcpy(to_, &value, sizeof(Element));
      to_ += sizeof(Element);
    }
  }
  static constexpr std::int64_t element_bytes() { return sizeof(Element); }

  const std::byte* from_;
  std::byte* to_;
  const std::vector<IndexMap>& maps_;
  bool inner_contiguous_;
  Element fill_{};
};

}  // namespace

TensorValue copy_mapped(const TensorValue& input, const std::vector<IndexMap>& maps,
                        std::span<const std::byte> fill, const TensorType& output) {
  assert(input.type.dtype == output.dtype && maps.size() == output.shape.size());
  OutputBuffer buffer(output);
  if (output.elements() == 0) return buffer.finish();
  const std::vector<IndexMap> scalar{IndexMap{0}};
  const std::vector<IndexMap>& all = maps.empty() ? scalar : maps;
  const std::byte* from = input.bytes().data();
  switch (size_bytes(output.dtype)) {
    case 1: MappedCopy<std::uint8_t>(from, buffer.bytes(), all, fill).run(0, 0); break;
    case 2: MappedCopy<std::uint16_t>(from, buffer.bytes(), all, fill).run(0, 0); break;
    case 4: MappedCopy<std::uint32_t>(from, buffer.bytes(), all, fill).run(0, 0); break;
    default: MappedCopy<std::uint64_t>(from, buffer.bytes(), all, fill).run(0, 0); break;
  }
  return buffer.finish();
}

}  // namespace linnet
