// Import of constants, of shapes as constants, and of the operators that exist only in the shape arithmetic of
// exporters: those work on constants alone and leave nothing in the graph.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <utility>

#include "compiler/ops/import_families.h"
#include "compiler/ops/operator_table.h"

namespace linnet {
namespace {

TensorValue integers_of(const std::vector<std::int64_t>& elements, Shape shape) {
  return TensorValue::of<std::int64_t>({DType::i64, std::move(shape), {}}, elements);
}

void set_constant(ImportNode& node, TensorValue value) {
  node.set_output(0, node.emit_constant(std::move(value)));
}

// All inputs of an operator that has no IR form.
std::vector<const TensorValue*> constants_only(const ImportNode& node) {
  std::vector<const TensorValue*> values;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    const TensorValue* value = node.has_input(i) ? node.constant(node.input(i)) : nullptr;
    if (node.has_input(i) && !value) {
      import_fault(
          "E105",
          fmt::format("input {} is computed when the model runs; {} is supported on constants only",
                      i, node.onnx.op_type),
          "run the model through onnxsim, or move this operator out of it");
    }
    values.push_back(value);
  }
  return values;
}

// Constants broadcast to one shape.
struct Operands {
  Shape shape;
  std::vector<TensorValue> values;
};

Operands broadcast_operands(ImportNode& node) {
  Operands operands;
  for (const TensorValue* value : constants_only(node)) {
    if (!value) import_fault("E107", "an input is missing");
    operands.values.push_back(*value);
    operands.shape = broadcast(operands.shape, value->type.shape);
  }
  for (TensorValue& value : operands.values) {
    value = *fold_movement(Expand{operands.shape}, {&value});
  }
  return operands;
}

bool is_float(const TensorValue& value) { return value.type.dtype == DType::f32; }

bool compare(std::string_view op, auto a, auto b) {
  if (op == "Equal") return a == b;
  if (op == "Less") return a < b;
  if (op == "LessOrEqual") return a <= b;
  if (op == "Greater") return a > b;
  if (op == "GreaterOrEqual") return a >= b;
  if (op == "And") return a != 0 && b != 0;
  if (op == "Or") return a != 0 || b != 0;
  return (a != 0) != (b != 0);  // Xor
}

// `value` broadcast to the shape that it and `other` make together.
TensorValue broadcast_like(const TensorValue& value, const TensorValue& other) {
  return *fold_movement(Expand{broadcast(value.type.shape, other.type.shape)}, {&value});
}

// The value of a Constant node. Infinities pass: exporters write masks this way.
void set_given_constant(ImportNode& node, TensorValue value) {
  if (is_float(value)) {
    const std::span<const float> elements = value.as<float>();
    if (std::any_of(elements.begin(), elements.end(), [](float x) { return std::isnan(x); })) {
      import_fault("E010", fmt::format("tensor '{}' holds NaN", node.onnx.outputs.at(0)),
                   "train or export the model again");
    }
  }
  set_constant(node, std::move(value));
}

}  // namespace

void import_constant(ImportNode& node) {
  const OnnxNode& onnx = node.onnx;
  if (onnx.has("value")) return set_given_constant(node, *onnx.tensor("value"));
  if (onnx.has("value_float")) {
    return set_given_constant(
        node, TensorValue::of<float>({DType::f32, {}, {}}, {onnx.real("value_float", 0)}));
  }
  if (onnx.has("value_int"))
    return set_constant(node, integers_of({onnx.integer("value_int", 0)}, {}));
  if (onnx.has("value_floats")) {
    const std::vector<float> values = onnx.reals("value_floats");
    const Shape shape{static_cast<std::int64_t>(values.size())};
    return set_given_constant(node, TensorValue::of<float>({DType::f32, shape, {}}, values));
  }
  if (onnx.has("value_ints")) {
    std::vector<std::int64_t> values = onnx.integers("value_ints");
    const auto count = static_cast<std::int64_t>(values.size());
    return set_constant(node, integers_of(values, {count}));
  }
  const std::string attribute = onnx.attributes.empty() ? "value" : onnx.attributes[0].name;
  import_fault("E103", fmt::format("attribute {} is not supported", attribute),
               "use a tensor of numbers");
}

void import_constant_of_shape(ImportNode& node) {
  const std::vector<std::int64_t> shape = node.integers_input(0, "input");
  const TensorValue* given = node.onnx.tensor("value");
  TensorValue value = given ? *given : TensorValue::of<float>({DType::f32, {}, {}}, {0.0f});
  if (value.type.elements() != 1) import_fault("E107", "attribute value has more than one element");
  checked_elements(shape);
  value = reshape_constant(value, {});
  set_constant(node, *fold_movement(Expand{shape}, {&value}));
}

// Opset 15 takes a part of the shape.
void import_shape_of(ImportNode& node) {
  const Shape& shape = node.shape(node.input(0));
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto bound = [&](const char* name, std::int64_t fallback) {
    const std::int64_t given = node.onnx.integer(name, fallback);
    return std::clamp<std::int64_t>(given < 0 ? given + rank : given, 0, rank);
  };
  const std::int64_t start = bound("start", 0);
  const std::int64_t end = std::max(start, bound("end", rank));
  set_constant(node, integers_of({shape.begin() + start, shape.begin() + end}, {end - start}));
}

void import_size(ImportNode& node) {
  set_constant(node, integers_of({checked_elements(node.shape(node.input(0)))}, {}));
}

void import_range(ImportNode& node) {
  const std::vector<const TensorValue*> inputs = constants_only(node);
  if (inputs.size() != 3) import_fault("E107", "start, limit and delta are needed");
  std::vector<double> bound;
  for (const TensorValue* input : inputs) {
    if (!input || input->type.elements() != 1) import_fault("E107", "an input is not a scalar");
    bound.push_back(is_float(*input) ? static_cast<double>(input->to_floats()[0])
                                     : static_cast<double>(input->to_ints()[0]));
  }
  const double count = bound[2] == 0.0 ? -1.0 : std::ceil((bound[1] - bound[0]) / bound[2]);
  constexpr double kMost = 1 << 24;
  if (!(count <= kMost) || bound[2] == 0.0)
    import_fault("E104", "the range is too long, or its delta is 0");
  std::vector<float> reals;
  std::vector<std::int64_t> integers;
  for (double i = 0; i < count; ++i) {
    reals.push_back(static_cast<float>(bound[0] + i * bound[2]));
    if (!is_float(*inputs[0]))
      integers.push_back(static_cast<std::int64_t>(bound[0] + i * bound[2]));
  }
  const Shape shape{static_cast<std::int64_t>(reals.size())};
  if (is_float(*inputs[0]))
    return set_constant(node, TensorValue::of<float>({DType::f32, shape, {}}, reals));
  set_constant(node, cast_to_integers(integers_of(integers, shape), inputs[0]->type.dtype));
}

namespace {

// With a constant condition c, exactly, also where the other side is infinite:
//   a constant y: max(min(x, c ? inf : y), c ? -inf : y), and the same with x and y exchanged;
//   else c*x + (1-c)*y.
void where_known(ImportNode& node, const TensorValue& condition) {
  TensorId x = node.input(1);
  TensorId y = node.input(2);
  std::vector<std::int64_t> chosen = condition.to_ints();  // 1 where x is taken
  if (node.constant(x)) {
    std::swap(x, y);
    for (std::int64_t& choice : chosen) choice = choice == 0 ? 1 : 0;
  }
  const auto select = [&](const TensorValue& otherwise, float taken) {
    const TensorValue shape_of = broadcast_like(otherwise, condition);
    const TensorValue choice = broadcast_like(integers_of(chosen, condition.type.shape), otherwise);
    std::vector<float> values = shape_of.to_floats();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (choice.as<std::int64_t>()[i] != 0) values[i] = taken;
    }
    return node.emit_constant(
        TensorValue::of<float>({DType::f32, shape_of.type.shape, {}}, values));
  };
  if (const TensorValue* given = node.constant(y)) {
    const TensorValue fixed = *given;  // emitting moves the graph's tensors
    const TensorId below = node.emit(Binary{Binary::Fn::min, {}}, {x, select(fixed, kInfinity)});
    return node.set_output(
        0, node.emit(Binary{Binary::Fn::max, {}}, {below, select(fixed, -kInfinity)}));
  }
  std::vector<float> weight(chosen.begin(), chosen.end());
  std::vector<float> rest;
  for (const float w : weight) rest.push_back(1.0f - w);
  const TensorType type{DType::f32, condition.type.shape, {}};
  const TensorId first = node.emit_constant(TensorValue::of<float>(type, weight));
  const TensorId second = node.emit_constant(TensorValue::of<float>(type, rest));
  const Binary product{Binary::Fn::mul, {}};
  node.set_output(0, node.emit(Binary{Binary::Fn::add, {}},
                               {node.emit(product, {x, first}), node.emit(product, {y, second})}));
}

}  // namespace

void import_where(ImportNode& node) {
  const TensorValue* known = node.constant(node.input(0));
  if (known && !(node.constant(node.input(1)) && node.constant(node.input(2)))) {
    return where_known(node, TensorValue(*known));  // a copy: emitting moves the graph's tensors
  }
  const Operands operands = broadcast_operands(node);
  if (operands.values.size() != 3) import_fault("E107", "condition, x and y are needed");
  const TensorValue& x = operands.values[1];
  const TensorValue& y = operands.values[2];
  if (x.type.dtype != y.type.dtype) import_fault("E107", "x and y have different element types");
  const std::vector<std::int64_t> condition = operands.values[0].to_ints();
  const auto element = static_cast<std::size_t>(size_bytes(x.type.dtype));
  std::vector<std::byte> bytes(x.bytes().begin(), x.bytes().end());
  for (std::size_t i = 0; i < condition.size(); ++i) {
    if (condition[i] == 0)
      std::memcpy(bytes.data() + i * element, y.bytes().data() + i * element, element);
  }
  set_constant(node, TensorValue({x.type.dtype, operands.shape, {}}, std::move(bytes)));
}

// Equal, Less ... And, Or, Xor, and Mod.
void import_compare(ImportNode& node) {
  const Operands operands = broadcast_operands(node);
  if (operands.values.size() != 2) import_fault("E107", "two inputs are needed");
  const TensorValue& a = operands.values[0];
  const TensorValue& b = operands.values[1];
  const std::string& op = node.onnx.op_type;
  const auto count = static_cast<std::size_t>(a.type.elements());
  std::vector<std::int64_t> result(count);
  if (op == "Mod") {
    if (is_float(a) || is_float(b))
      import_fault("E106", "Mod is supported on integers only",
                   "replace it, or cut the model before it");
    const std::vector<std::int64_t> left = a.to_ints();
    const std::vector<std::int64_t> right = b.to_ints();
    const bool truncates = node.onnx.integer("fmod", 0) != 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (right[i] == 0)
        import_fault("E103", "an integer constant is divided by zero", "export the model again");
      result[i] = right[i] == -1 ? 0 : left[i] % right[i];
      if (!truncates && result[i] != 0 && (result[i] < 0) != (right[i] < 0)) result[i] += right[i];
    }
    return set_constant(node, cast_to_integers(integers_of(result, operands.shape), a.type.dtype));
  }
  for (std::size_t i = 0; i < count; ++i) {
    // Integers are compared as integers: sizes and "infinite" slice ends do not fit a float.
    result[i] = is_float(a) ? compare(op, a.as<float>()[i], b.to_floats()[i])
                            : compare(op, a.to_ints()[i], b.to_ints()[i]);
  }
  set_constant(node, cast_to_integers(integers_of(result, operands.shape), DType::boolean));
}

// Floor, Ceil, Round, Sign, Not
void import_round(ImportNode& node) {
  const TensorValue& x = *constants_only(node).at(0);
  const std::string& op = node.onnx.op_type;
  if (!is_float(x)) {
    std::vector<std::int64_t> elements = x.to_ints();
    for (std::int64_t& element : elements) {
      if (op == "Not") element = element == 0 ? 1 : 0;
      if (op == "Sign") element = element < 0 ? -1 : element > 0 ? 1 : 0;
    }
    return set_constant(node, cast_to_integers(integers_of(elements, x.type.shape), x.type.dtype));
  }
  std::vector<float> elements = x.to_floats();
  for (float& element : elements) {
    if (op == "Floor") element = std::floor(element);
    if (op == "Ceil") element = std::ceil(element);
    if (op == "Round") element = std::nearbyint(element);
    if (op == "Sign") element = element < 0 ? -1.0f : element > 0 ? 1.0f : element;
  }
  set_constant(node, TensorValue::of<float>({DType::f32, x.type.shape, {}}, elements));
}

// Indices of what is not zero, one row for each axis.
void import_nonzero(ImportNode& node) {
  const TensorValue& x = *constants_only(node).at(0);
  const Shape& shape = x.type.shape;
  const std::vector<float> elements = x.to_floats();
  std::vector<std::vector<std::int64_t>> rows(shape.size());
  std::int64_t found = 0;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (elements[i] == 0.0f) continue;
    ++found;
    auto rest = static_cast<std::int64_t>(i);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      rows[axis].push_back(rest % shape[axis]);
      rest /= shape[axis];
    }
  }
  std::vector<std::int64_t> all;
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  set_constant(node, integers_of(all, {static_cast<std::int64_t>(shape.size()), found}));
}

void import_scatter_nd(ImportNode& node) {
  const std::vector<const TensorValue*> inputs = constants_only(node);
  if (inputs.size() != 3 || !inputs[0] || !inputs[1] || !inputs[2]) {
    import_fault("E107", "data, indices and updates are needed");
  }
  const std::string reduction = node.onnx.text("reduction", "none");
  if (reduction != "none")
    import_fault("E103", fmt::format("reduction {} is not supported", reduction), "use none");
  const TensorValue& data = *inputs[0];
  const Shape& shape = data.type.shape;
  const Shape& index_shape = inputs[1]->type.shape;
  if (index_shape.empty() || index_shape.back() > static_cast<std::int64_t>(shape.size()) ||
      inputs[2]->type.dtype != data.type.dtype) {
    import_fault("E104", "indices or updates do not fit the data");
  }
  const auto depth = static_cast<std::size_t>(index_shape.back());
  const std::int64_t inner = checked_elements({shape.begin() + index_shape.back(), shape.end()});
  const auto slice = static_cast<std::size_t>(inner * size_bytes(data.type.dtype));
  const std::vector<std::int64_t> indices = inputs[1]->to_ints();
  const std::size_t count = depth == 0 ? 1 : indices.size() / depth;
  if (inputs[2]->bytes().size() != count * slice)
    import_fault("E104", "updates do not fit the indices");
  std::vector<std::byte> bytes(data.bytes().begin(), data.bytes().end());
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t at = 0;
    for (std::size_t axis = 0; axis < depth; ++axis) {
      std::int64_t index = indices[i * depth + axis];
      if (index < 0) index += shape[axis];
      if (index < 0 || index >= shape[axis]) import_fault("E104", "an index is outside the data");
      at = at * shape[axis] + index;
    }
    std::memcpy(bytes.data() + static_cast<std::size_t>(at) * slice,
                inputs[2]->bytes().data() + i * slice, slice);
  }
  set_constant(node, TensorValue(data.type, std::move(bytes)));
}

void import_cumsum(ImportNode& node) {
  const std::vector<const TensorValue*> inputs = constants_only(node);
  if (inputs.size() != 2 || !inputs[0] || !inputs[1] || inputs[1]->type.elements() != 1) {
    import_fault("E107", "x and axis are needed");
  }
  const TensorValue& x = *inputs[0];
  if (is_float(x))
    import_fault("E106", "CumSum is supported on integers only",
                 "replace it, or cut the model before it");
  const Shape& shape = x.type.shape;
  const auto axis = static_cast<std::size_t>(
      node.normal_axis(inputs[1]->to_ints()[0], static_cast<int>(shape.size())));
  const bool exclusive = node.onnx.integer("exclusive", 0) != 0;
  const bool reverse = node.onnx.integer("reverse", 0) != 0;
  const std::int64_t inner =
      checked_elements({shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end()});
  const std::int64_t length = shape[axis];
  std::vector<std::int64_t> elements = x.to_ints();
  const auto count = static_cast<std::int64_t>(elements.size());
  for (std::int64_t first = 0; first < count; ++first) {
    if (first / inner % length != 0) continue;  // the start of each line along the axis
    std::uint64_t sum = 0;
    for (std::int64_t i = 0; i < length; ++i) {
      std::int64_t& element =
          elements[static_cast<std::size_t>(first + (reverse ? length - 1 - i : i) * inner)];
      const std::uint64_t before = sum;
      sum += static_cast<std::uint64_t>(element);
      element = static_cast<std::int64_t>(exclusive ? before : sum);
    }
  }
  set_constant(node, cast_to_integers(integers_of(elements, shape), x.type.dtype));
}

// The number of elements in a shape.
void import_reduce_prod(ImportNode& node) {
  const std::vector<const TensorValue*> inputs = constants_only(node);
  if (inputs.empty() || !inputs[0] || is_float(*inputs[0]) || inputs[0]->type.shape.size() > 1) {
    import_fault("E103", "ReduceProd is supported on constant lists of integers only",
                 "replace it, or cut the model before it");
  }
  std::uint64_t product = 1;
  for (const std::int64_t element : inputs[0]->to_ints())
    product *= static_cast<std::uint64_t>(element);
  const bool keeps = node.onnx.integer("keepdims", 1) != 0 && !inputs[0]->type.shape.empty();
  TensorValue value = integers_of({static_cast<std::int64_t>(product)}, keeps ? Shape{1} : Shape{});
  set_constant(node, cast_to_integers(value, inputs[0]->type.dtype));
}

namespace {

constexpr Leaves kFolds = Leaves::constants;
constexpr std::string_view kShapeArithmetic = "Constants only: shape arithmetic of exporters.";
constexpr std::string_view kIntegersOnly = "Constants only, of integers.";
constexpr std::string_view kOfAnyTensor =
    "Of any tensor: shapes are known when the model is compiled.";

constexpr OperatorEntry kConstantOperators[] = {
    {"And", import_compare, 1, kFolds, {}, kShapeArithmetic},
    {"Ceil", import_round, 1, kFolds, {}, kShapeArithmetic},
    {"Constant", import_constant, 1, kFolds, {}, "Numbers only: no strings, no sparse tensors."},
    {"ConstantOfShape", import_constant_of_shape, 9, kFolds, {}, kShapeArithmetic},
    {"CumSum", import_cumsum, 11, kFolds, {}, kIntegersOnly},
    {"Equal", import_compare, 1, kFolds, {}, kShapeArithmetic},
    {"Floor", import_round, 1, kFolds, {}, kShapeArithmetic},
    {"Greater", import_compare, 1, kFolds, {}, kShapeArithmetic},
    {"GreaterOrEqual", import_compare, 12, kFolds, {}, kShapeArithmetic},
    {"Less", import_compare, 1, kFolds, {}, kShapeArithmetic},
    {"LessOrEqual", import_compare, 12, kFolds, {}, kShapeArithmetic},
    {"Mod", import_compare, 10, kFolds, {}, kIntegersOnly},
    {"NonZero", import_nonzero, 9, kFolds, {}, kShapeArithmetic},
    {"Not", import_round, 1, kFolds, {}, kShapeArithmetic},
    {"Or", import_compare, 1, kFolds, {}, kShapeArithmetic},
    {"Range", import_range, 11, kFolds, {}, "Constants only, up to 2^24 elements."},
    {"ReduceProd", import_reduce_prod, 1, kFolds, {}, "Constants only: a list of integers."},
    {"Round", import_round, 11, kFolds, {}, kShapeArithmetic},
    {"ScatterND", import_scatter_nd, 11, kFolds, {}, "Constants only, without reduction."},
    {"Shape", import_shape_of, 1, kFolds, {}, kOfAnyTensor},
    {"Sign", import_round, 9, kFolds, {}, kShapeArithmetic},
    {"Size", import_size, 1, kFolds, {}, kOfAnyTensor},
    {"Where",
     import_where,
     9,
     Leaves::kernels,
     {Form::minmax, Form::arithmetic},
     "Constant condition."},
    {"Xor", import_compare, 1, kFolds, {}, kShapeArithmetic},
};

}  // namespace

std::span<const OperatorEntry> constant_operators() { return kConstantOperators; }

}  // namespace linnet
