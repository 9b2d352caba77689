// Folding on constants of any element type: operators that copy elements, and integer arithmetic
// (the shape arithmetic that exporters leave). Float arithmetic is folded by `evaluate` of ops.h;
// see import.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "compiler/ops/import.h"

namespace linnet {
namespace {

// Element distance of each dimension in a dense tensor.
std::vector<std::int64_t> dense_strides(const Shape& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// Elements of `value` at first + sum of index[i] * stride[i], for every index in `shape`.
TensorValue gather_strided(const TensorValue& value, Shape shape, std::int64_t first,
                           const std::vector<std::int64_t>& stride) {
  const auto element = static_cast<std::size_t>(size_bytes(value.type.dtype));
  check_constant_size(shape);
  const std::int64_t count = checked_elements(shape);
  std::vector<std::byte> bytes(static_cast<std::size_t>(count) * element);
  std::vector<std::int64_t> index(shape.size(), 0);
  std::int64_t at = first;
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(bytes.data() + static_cast<std::size_t>(i) * element,
                value.bytes().data() + static_cast<std::size_t>(at) * element, element);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      at += stride[axis];
      if (++index[axis] < shape[axis]) break;
      at -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return TensorValue({value.type.dtype, std::move(shape), value.type.quantization},
                     std::move(bytes));
}

// NumPy broadcasting of `from` to `to`: strides, 0 where an element is read again. E104 when they
// do not fit.
std::vector<std::int64_t> broadcast_strides(const Shape& from, const Shape& to) {
  std::vector<std::int64_t> strides(to.size(), 0);
  const std::vector<std::int64_t> dense = dense_strides(from);
  bool fits = from.size() <= to.size();
  for (std::size_t i = 0; fits && i < from.size(); ++i) {
    const std::size_t at = to.size() - from.size() + i;
    fits = from[i] == 1 || from[i] == to[at];
    strides[at] = from[i] == 1 ? 0 : dense[i];
  }
  if (!fits) {
    import_fault("E104", fmt::format("a shape {} cannot be broadcast to {}", to_string(from),
                                     to_string(to)));
  }
  return strides;
}

TensorValue fold_slice(const Slice& op, const TensorValue& x) {
  std::vector<std::int64_t> strides = dense_strides(x.type.shape);
  std::int64_t first = 0;
  for (std::size_t i = 0; i < strides.size(); ++i) {
    if (op.size[i] > 0) first += op.start[i] * strides[i];
    strides[i] *= op.step[i];
  }
  return gather_strided(x, op.size, first, strides);
}

// Copies `part` into `whole` so that index 0 of its axis lands at `at`; both have the same other
// dimensions.
TensorValue fold_concat(const Concat& op, const std::vector<const TensorValue*>& inputs) {
  const TensorType& first = inputs[0]->type;
  const auto axis = static_cast<std::size_t>(op.axis);
  Shape shape = first.shape;
  if (axis >= shape.size()) import_fault("E104", "scalars cannot be concatenated");
  shape[axis] = 0;
  for (const TensorValue* input : inputs) {
    Shape other = input->type.shape;
    if (other.size() != shape.size() || input->type.dtype != first.dtype) {
      import_fault("E104", "the inputs differ in rank or element type");
    }
    shape[axis] += other[axis];
    other[axis] = shape[axis];
    if (other != shape) {
      import_fault("E104", fmt::format("the inputs differ in other axes than {}", axis));
    }
  }
  const auto split = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::int64_t outer =
      std::accumulate(shape.begin(), split, std::int64_t{1}, std::multiplies<>{});
  std::vector<std::byte> bytes;
  bytes.reserve(static_cast<std::size_t>(checked_elements(shape) * size_bytes(first.dtype)));
  for (std::int64_t i = 0; i < outer; ++i) {
    for (const TensorValue* input : inputs) {
      const std::size_t length = input->bytes().size() / static_cast<std::size_t>(outer);
      const auto from = input->bytes().subspan(static_cast<std::size_t>(i) * length, length);
      bytes.insert(bytes.end(), from.begin(), from.end());
    }
  }
  return TensorValue({first.dtype, std::move(shape), first.quantization}, std::move(bytes));
}

TensorValue fold_gather(const Gather& op, const TensorValue& x, const TensorValue& indices) {
  const auto axis = static_cast<std::ptrdiff_t>(op.axis);
  const Shape& from = x.type.shape;
  Shape shape(from.begin(), from.begin() + axis);
  const std::int64_t outer =
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>{});
  shape.insert(shape.end(), indices.type.shape.begin(), indices.type.shape.end());
  shape.insert(shape.end(), from.begin() + axis + 1, from.end());
  checked_elements(shape);
  const std::int64_t inner =
      std::accumulate(from.begin() + axis + 1, from.end(), std::int64_t{size_bytes(x.type.dtype)},
                      std::multiplies<>{});
  std::vector<std::byte> bytes;
  for (std::int64_t i = 0; i < outer; ++i) {
    for (const std::int64_t index : indices.to_ints()) {
      const std::int64_t at = (i * from[static_cast<std::size_t>(axis)] + index) * inner;
      const auto slice =
          x.bytes().subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(inner));
      bytes.insert(bytes.end(), slice.begin(), slice.end());
    }
  }
  return TensorValue({x.type.dtype, std::move(shape), x.type.quantization}, std::move(bytes));
}

std::optional<std::int64_t> integer_binary(Binary::Fn fn, std::int64_t a, std::int64_t b) {
  // Wrap-around instead of overflow: user data must not be undefined behaviour.
  const auto ua = static_cast<std::uint64_t>(a);
  const auto ub = static_cast<std::uint64_t>(b);
  switch (fn) {
    case Binary::Fn::add: return static_cast<std::int64_t>(ua + ub);
    case Binary::Fn::sub: return static_cast<std::int64_t>(ua - ub);
    case Binary::Fn::mul: return static_cast<std::int64_t>(ua * ub);
    case Binary::Fn::div:
      if (b == 0)
        import_fault("E103", "an integer constant is divided by zero", "export the model again");
      return b == -1 ? static_cast<std::int64_t>(0 - ua) : a / b;
    case Binary::Fn::min: return std::min(a, b);
    case Binary::Fn::max: return std::max(a, b);
    default: return {};
  }
}

// Integers back in their own element type.
TensorValue integers(DType dtype, Shape shape, const std::vector<std::int64_t>& elements) {
  const auto make = [&]<class T>(T) {
    std::vector<std::byte> bytes(elements.size() * sizeof(T));
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const T element =
          std::is_same_v<T, bool> ? static_cast<T>(elements[i] != 0) : static_cast<T>(elements[i]);
      std::memcpy(bytes.data() + i * sizeof(T), &element, sizeof(T));
    }
    return TensorValue({dtype, std::move(shape), {}}, std::move(bytes));
  };
  switch (dtype) {
    case DType::i8: return make(std::int8_t{});
    case DType::u8: return make(std::uint8_t{});
    case DType::i16: return make(std::int16_t{});
    case DType::i32: return make(std::int32_t{});
    case DType::i64: return make(std::int64_t{});
    case DType::boolean: return make(false);
    case DType::f32: return make(float{});
  }
  return {};
}

std::optional<TensorValue> fold_binary(const Binary& op, const TensorValue& a,
                                       const TensorValue& b) {
  const Shape shape = broadcast(a.type.shape, b.type.shape);
  const std::int64_t count = checked_elements(shape);
  const TensorValue wide_a = gather_strided(a, shape, 0, broadcast_strides(a.type.shape, shape));
  const TensorValue wide_b = gather_strided(b, shape, 0, broadcast_strides(b.type.shape, shape));
  const std::vector<std::int64_t> left = wide_a.to_ints();
  const std::vector<std::int64_t> right = wide_b.to_ints();
  std::vector<std::int64_t> result(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto element = integer_binary(op.fn, left[i], right[i]);
    if (!element) return {};
    result[i] = *element;
  }
  return integers(a.type.dtype, shape, result);
}

std::optional<TensorValue> fold_unary(const Unary& op, const TensorValue& x) {
  std::vector<std::int64_t> elements = x.to_ints();
  for (std::int64_t& element : elements) {
    switch (op.fn) {
      case Unary::Fn::neg:
        element = static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(element));
        break;
      case Unary::Fn::abs:
        if (element < 0)
          element = static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(element));
        break;
      case Unary::Fn::clamp: {
        const auto real = static_cast<float>(element);
        if (real < op.alpha) element = static_cast<std::int64_t>(op.alpha);
        if (real > op.beta) element = static_cast<std::int64_t>(op.beta);
        break;
      }
      default: return {};
    }
  }
  return integers(x.type.dtype, x.type.shape, elements);
}

std::optional<TensorValue> fold_reduce(const Reduce& op, const TensorValue& x) {
  const Shape& from = x.type.shape;
  if (checked_elements(from) == 0 || op.kind == Reduce::Kind::l2) return {};
  Shape kept = from;
  for (const std::int32_t axis : op.axes) kept[static_cast<std::size_t>(axis)] = 1;
  const std::int64_t reduced = checked_elements(from) / checked_elements(kept);
  std::vector<std::int64_t> result(static_cast<std::size_t>(checked_elements(kept)));
  std::vector<bool> started(result.size(), false);
  // The place in the result of every element, by the same broadcasting that would spread the
  // result.
  std::vector<std::int64_t> numbers(result.size());
  std::iota(numbers.begin(), numbers.end(), 0);
  const TensorValue places =
      gather_strided(integers(DType::i64, kept, numbers), from, 0, broadcast_strides(kept, from));
  const std::vector<std::int64_t> elements = x.to_ints();
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto at = static_cast<std::size_t>(places.as<std::int64_t>()[i]);
    const Binary::Fn fn = op.kind == Reduce::Kind::max   ? Binary::Fn::max
                          : op.kind == Reduce::Kind::min ? Binary::Fn::min
                                                         : Binary::Fn::add;
    result[at] = started[at] ? *integer_binary(fn, result[at], elements[i]) : elements[i];
    started[at] = true;
  }
  if (op.kind == Reduce::Kind::mean) {
    for (std::int64_t& element : result) element /= reduced;
  }
  Shape shape;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const bool gone =
        std::find(op.axes.begin(), op.axes.end(), static_cast<std::int32_t>(i)) != op.axes.end();
    if (op.keep_dims || !gone) shape.push_back(kept[i]);
  }
  return integers(x.type.dtype, shape, result);
}

}  // namespace

Shape broadcast(const Shape& a, const Shape& b) {
  Shape shape(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::size_t back = shape.size() - i;
    const std::int64_t da = back <= a.size() ? a[a.size() - back] : 1;
    const std::int64_t db = back <= b.size() ? b[b.size() - back] : 1;
    shape[i] = da == 1 ? db : da;
  }
  return shape;
}

bool is_data_movement(const Op& op) {
  return std::holds_alternative<Reshape>(op) || std::holds_alternative<Transpose>(op) ||
         std::holds_alternative<Slice>(op) || std::holds_alternative<Concat>(op) ||
         std::holds_alternative<Gather>(op) || std::holds_alternative<Expand>(op) ||
         std::holds_alternative<Pad>(op) ||
         (std::holds_alternative<Pool2d>(op) && std::get<Pool2d>(op).kind == Pool2d::Kind::max) ||
         (std::holds_alternative<Reduce>(op) && (std::get<Reduce>(op).kind == Reduce::Kind::max ||
                                                 std::get<Reduce>(op).kind == Reduce::Kind::min)) ||
         std::holds_alternative<Resize>(op);
}

std::optional<TensorValue> fold_movement(const Op& op,
                                         const std::vector<const TensorValue*>& inputs) {
  const TensorValue& x = *inputs[0];
  if (x.type.quantization && !x.type.quantization->per_tensor() &&
      !std::holds_alternative<Transpose>(op)) {
    return {};
  }
  if (const auto* reshape = std::get_if<Reshape>(&op)) return reshape_constant(x, reshape->shape);
  if (const auto* transpose = std::get_if<Transpose>(&op)) {
    return transpose_constant(x, transpose->permutation);
  }
  if (const auto* slice = std::get_if<Slice>(&op)) return fold_slice(*slice, x);
  if (const auto* concat = std::get_if<Concat>(&op)) return fold_concat(*concat, inputs);
  if (const auto* gather = std::get_if<Gather>(&op)) return fold_gather(*gather, x, *inputs[1]);
  if (const auto* expand = std::get_if<Expand>(&op)) {
    return gather_strided(x, expand->shape, 0, broadcast_strides(x.type.shape, expand->shape));
  }
  return {};
}

std::optional<TensorValue> fold_integers(const Op& op,
                                         const std::vector<const TensorValue*>& inputs) {
  for (const TensorValue* input : inputs) {
    if (!input || input->type.dtype == DType::f32 || input->type.quantization) return {};
  }
  if (const auto* binary = std::get_if<Binary>(&op))
    return fold_binary(*binary, *inputs[0], *inputs[1]);
  if (const auto* unary = std::get_if<Unary>(&op)) return fold_unary(*unary, *inputs[0]);
  if (const auto* reduce = std::get_if<Reduce>(&op)) return fold_reduce(*reduce, *inputs[0]);
  return {};
}

TensorValue cast_to_integers(const TensorValue& value, DType dtype) {
  if (value.type.dtype != DType::f32) return integers(dtype, value.type.shape, value.to_ints());
  std::vector<std::int64_t> elements;
  for (const float real : value.as<float>()) {
    // Out of range is undefined in ONNX and must not be in C++.
    const bool fits = real > -9.2e18f && real < 9.2e18f;
    elements.push_back(dtype == DType::boolean ? (real != 0.0f ? 1 : 0)
                                               : (fits ? static_cast<std::int64_t>(real) : 0));
  }
  return integers(dtype, value.type.shape, elements);
}

TensorValue transpose_constant(const TensorValue& value, const std::vector<std::int32_t>& order) {
  const std::vector<std::int64_t> strides = dense_strides(value.type.shape);
  Shape shape;
  std::vector<std::int64_t> permuted;
  for (const std::int32_t from : order) {
    shape.push_back(value.type.shape[static_cast<std::size_t>(from)]);
    permuted.push_back(strides[static_cast<std::size_t>(from)]);
  }
  TensorValue result = gather_strided(value, std::move(shape), 0, permuted);
  if (value.type.quantization && !value.type.quantization->per_tensor()) {
    const auto at = std::find(order.begin(), order.end(), value.type.quantization->axis);
    result.type.quantization->axis = static_cast<int>(at - order.begin());
  }
  return result;
}

TensorValue reshape_constant(const TensorValue& value, Shape shape) {
  if (checked_elements(shape) != value.type.elements()) {
    import_fault("E104", fmt::format("a tensor of shape {} is reshaped to {}",
                                     to_string(value.type.shape), to_string(shape)));
  }
  TensorValue result = value;
  result.type.shape = std::move(shape);
  return result;
}

TensorValue signed_codes(const TensorValue& value) {
  std::vector<std::int8_t> codes;
  codes.reserve(value.bytes().size());
  for (const std::uint8_t code : value.as<std::uint8_t>()) {
    codes.push_back(static_cast<std::int8_t>(code - 128));
  }
  return TensorValue::of<std::int8_t>({DType::i8, value.type.shape, {}}, codes);
}

TensorValue quantize_constant(const TensorValue& value, const Quantization& quantization) {
  const Shape& shape = value.type.shape;
  std::int64_t inner = 1;
  std::int64_t length = 1;
  if (!quantization.per_tensor()) {
    const auto axis = static_cast<std::size_t>(quantization.axis);
    length = shape[axis];
    if (length != static_cast<std::int64_t>(quantization.scale.size())) {
      import_fault("E109",
                   fmt::format("{} scales for an axis of {}", quantization.scale.size(), length));
    }
    for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  }
  std::vector<std::int8_t> codes;
  const auto reals = value.as<float>();
  for (std::size_t i = 0; i < reals.size(); ++i) {
    const auto channel = static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % length);
    float v = reals[i] / quantization.scale[channel];
    v = std::isnan(v) ? 0.0f : std::min(std::max(v, -512.0f), 511.0f);
    const int code = quantization.zero_point[channel] + static_cast<int>(std::nearbyint(v));
    codes.push_back(static_cast<std::int8_t>(std::clamp(code, -128, 127)));
  }
  return TensorValue::of<std::int8_t>({DType::i8, shape, quantization}, codes);
}

}  // namespace linnet
