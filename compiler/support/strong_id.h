// Strong ids: an index that knows what it indexes.
//
//   using TensorId = Id<struct TensorTag>;
//   IdVector<TensorId, Tensor> tensors;
//   TensorId x = tensors.push(Tensor{...});
//   tensors[x].name;                       // tensors[node] does not compile
#pragma once

#include <cassert>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace linnet {

// Index into the one vector that `Tag` stands for. The default value is "none".
template <class Tag>
struct Id {
  static constexpr std::uint32_t kNone = 0xffffffffu;
  std::uint32_t value = kNone;

  constexpr Id() = default;
  constexpr explicit Id(std::size_t index) : value(static_cast<std::uint32_t>(index)) {}
  constexpr bool valid() const { return value != kNone; }
  constexpr std::size_t index() const { return value; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

// A vector that only accepts its own kind of id.
template <class IdType, class Value>
class IdVector {
 public:
  IdVector() = default;
  explicit IdVector(std::size_t count, const Value& fill = Value{}) : items_(count, fill) {}

  IdType push(Value value) {
    items_.push_back(std::move(value));
    return IdType{items_.size() - 1};
  }
  decltype(auto) operator[](IdType id) {
    assert(id.index() < items_.size());
    return items_[id.index()];
  }
  decltype(auto) operator[](IdType id) const {
    assert(id.index() < items_.size());
    return items_[id.index()];
  }
  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  void resize(std::size_t count) { items_.resize(count); }
  bool contains(IdType id) const { return id.valid() && id.index() < items_.size(); }

  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }

 private:
  std::vector<Value> items_;
};

}  // namespace linnet

template <class Tag>
struct std::hash<linnet::Id<Tag>> {
  std::size_t operator()(linnet::Id<Tag> id) const noexcept { return id.value; }
};
