// Lowering of elementwise operators: tables for int8 functions of one tensor, two-operand kernels under broadcasting,
// quantization at the edges of float islands.
#include <algorithm>
#include <optional>
#include <span>

#include "compiler/lower/lower_ops.h"
#include "compiler/lower/row_windows.h"
#include "compiler/lower/select_kernel.h"
#include "compiler/ops/lower_shared.h"
#include "compiler/quant/fixed_point.h"
#include "linnet/kernels/lists/other.h"

namespace linnet {
namespace {

void lower_table(const Table256& table, const Node& node, LowerContext& context) {
  KernelCall call = context.begin_call(node);
  TableS8 layer;
  layer.run_elements = layer.in_run_step = layer.out_run_step = int32(call.output.row_bytes);
  [[maybe_unused]] const bool found = select_kernel<TableS8Kernels>(layer, call, [](auto) {});
  assert(found);
  const RowShape rows = row_shape(call.output_type.shape);
  call.slices = {{"in_run_step"},
                 "out_run_step",
                 {{"runs", rows.width},
                  {"run_elements", rows.channels},
                  {"in_run_step", rows.channels},
                  {"out_run_step", rows.channels}}};
  bind(call, "table",
       context.add_table(node.origin.name + "_table", std::span<const std::int8_t>(table)));
  add_row_input(call, context.operand(node.inputs[0]));
  call.may_overwrite = 0;
  context.add_call(std::move(call));
}

// The shape with leading ones up to `rank`.
Shape padded(const Shape& shape, std::size_t rank) {
  Shape result(rank - shape.size(), 1);
  result.insert(result.end(), shape.begin(), shape.end());
  return result;
}

// How an operand of shape `from` is read for an output of shape `to` whose rows are row_shape(to). None when the shapes
// broadcast in a way that rows cannot express (more than four dimensions that alternate).
std::optional<Broadcast> broadcast_of(const Shape& from, const Shape& to) {
  const Shape shape = padded(from, to.size());
  const RowShape rows = row_shape(to);
  Broadcast result;
  if (to.empty()) return result;
  result.channel_step = shape.back() == 1 && to.back() != 1 ? 0 : 1;
  if (to.size() == 4) {
    result.pixel_step = shape[2] == 1 && to[2] != 1 ? 0 : int32(shape[3]);
    const bool each_image = shape[0] != 1, each_line = shape[1] != 1;
    if (each_image || to[0] == 1) {
      result.row_divisor = each_line || to[1] == 1 ? 1 : int32(to[1]);
      result.row_modulus = int32(shape[0] * shape[1]);
    } else {
      result.row_divisor = 1;
      result.row_modulus = each_line ? int32(to[1]) : 1;
    }
    return result;
  }
  // One pixel a row: a run of dimensions of the operand's own size, ones before it (modulus) or after it (divisor).
  result.pixel_step = int32(shape.back());
  std::int64_t own = 1, after = 1;
  int changes = 0;
  bool was_own = false;
  for (std::size_t d = to.size() - 1; d-- > 0;) {  // from the innermost row dimension outwards
    if (to[d] == 1) continue;
    const bool is_own = shape[d] != 1;
    if (is_own != was_own) ++changes;
    was_own = is_own;
    if (is_own) {
      own *= shape[d];
    } else if (changes == 0) {
      after *= to[d];
    }
  }
  // Innermost to outermost: nothing, [own], [after, own], [own, before], [after, own, before].
  if (changes > 2) return std::nullopt;
  result.row_divisor = int32(own == 1 ? rows.rows : after);
  result.row_modulus = int32(own);
  return result;
}

// The shapes of a two-operand layer, all of the output's rank.
struct BinaryShapes {
  Shape a, b, to;
};

// Merges neighbouring dimensions along which each operand either has its own elements or repeats: 2x5x4x3x8 and
// 2x1x1x3x8 become 2x20x24 and 2x1x24. Up to four dimensions then go as those of an image.
BinaryShapes merged(const BinaryShapes& shapes) {
  BinaryShapes result;
  for (std::size_t d = 0; d < shapes.to.size(); ++d) {
    if (shapes.to[d] == 1) continue;
    const bool same_kind = !result.to.empty() && (result.a.back() == 1) == (shapes.a[d] == 1) &&
                           (result.b.back() == 1) == (shapes.b[d] == 1);
    if (same_kind) {
      result.a.back() *= shapes.a[d];
      result.b.back() *= shapes.b[d];
      result.to.back() *= shapes.to[d];
    } else {
      result.a.push_back(shapes.a[d]);
      result.b.push_back(shapes.b[d]);
      result.to.push_back(shapes.to[d]);
    }
  }
  const std::size_t rank = std::max<std::size_t>(result.to.size(), 4);
  return {padded(result.a, rank), padded(result.b, rank), padded(result.to, rank)};
}

// The shapes as they are when rows can express their broadcasting, else merged, else nothing.
std::optional<BinaryShapes> binary_shapes(const Shape& a, const Shape& b, const Shape& to) {
  const BinaryShapes own{padded(a, to.size()), padded(b, to.size()), to};
  for (const BinaryShapes& shapes : {own, merged(own)}) {
    if (broadcast_of(shapes.a, shapes.to) && broadcast_of(shapes.b, shapes.to)) return shapes;
  }
  return std::nullopt;
}

struct BinaryOperand {
  RowsOperand rows;
  Broadcast broadcast;
};

BinaryOperand binary_operand(TensorId id, const Shape& shape, const Shape& to,
                             LowerContext& context) {
  RowsOperand rows = context.whole(id);
  rows.rows = row_shape(shape).rows;
  rows.row_bytes /= rows.rows;
  return {rows, *broadcast_of(shape, to)};
}

template <class Layer>
void set_broadcasts(Layer& layer, const Broadcast& a, const Broadcast& b) {
  layer.a_row_divisor = a.row_divisor;
  layer.a_row_modulus = a.row_modulus;
  layer.a_pixel_step = a.pixel_step;
  layer.a_channel_step = a.channel_step;
  layer.b_row_divisor = b.row_divisor;
  layer.b_row_modulus = b.row_modulus;
  layer.b_pixel_step = b.pixel_step;
  layer.b_channel_step = b.channel_step;
}

BinaryS8 int8_layer(const Binary& op, const TensorType& a, const TensorType& b,
                    const TensorType& y) {
  BinaryS8 layer;
  layer.a_zero = zero_of(a);
  layer.b_zero = zero_of(b);
  layer.out_zero = zero_of(y);
  const CodeBounds bounds = clamp_bounds(op.clamp, scale_of(y), zero_of(y));
  layer.lo = bounds.lo;
  layer.hi = bounds.hi;
  if (op.fn == Binary::Fn::add || op.fn == Binary::Fn::sub) {
    const AddMultipliers m =
        add_multipliers(scale_of(a), scale_of(b), scale_of(y), op.fn == Binary::Fn::sub);
    layer.multiplier_a = m.a;
    layer.multiplier_b = m.b;
    layer.shift = m.shift;
  } else if (op.fn == Binary::Fn::mul) {
    const Multipliers m = mul_multipliers(scale_of(a), scale_of(b), scale_of(y));
    layer.multiplier_a = m.multiplier.front();
    layer.shift = m.shift;
    layer.function = 1;
  } else {
    layer.function = op.fn == Binary::Fn::min ? 2 : 3;
  }
  return layer;
}

Result<Nothing> lower_prelu_s8(const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  const TensorType& y = context.type(node.output());
  const TensorValue& value = context.constant(node.inputs[1]);
  std::vector<float> slopes = value.to_floats();
  if (is_int8(value.type)) {
    for (float& slope : slopes)
      slope = scale_of(value.type) * (slope - static_cast<float>(zero_of(value.type)));
  }
  const Multipliers multipliers = prelu_multipliers(scale_of(x), slopes, scale_of(y));
  const auto broadcast = broadcast_of(value.type.shape, y.shape);
  if (!broadcast) {
    return lowering_error("E151", node,
                          "slope of shape " + to_string(value.type.shape) +
                              " broadcasts in a pattern that no kernel has",
                          "use one slope for each channel");
  }
  KernelCall call = context.begin_call(node);
  const RowShape rows = row_shape(y.shape);
  PreluS8 layer;
  layer.width = int32(rows.width);
  layer.channels = int32(rows.channels);
  layer.s_row_divisor = broadcast->row_divisor;
  layer.s_row_modulus = broadcast->row_modulus;
  layer.s_pixel_step = broadcast->pixel_step;
  layer.s_channel_step = broadcast->channel_step;
  layer.s_row_elements = int32(value.type.elements() / broadcast->row_modulus);
  layer.in_zero = zero_of(x);
  layer.out_zero = zero_of(y);
  layer.multiplier = multipliers.multiplier.front();
  layer.shift = multipliers.shift;
  [[maybe_unused]] const bool found = select_kernel<PreluS8Kernels>(layer, call, [](auto) {});
  assert(found);
  bind(call, "slopes",
       context.add_table(node.origin.name + "_slopes",
                         std::span(multipliers.multiplier).subspan(1)));
  add_row_input(call, context.operand(node.inputs[0]));
  call.may_overwrite = 0;
  context.add_call(std::move(call));
  return ok();
}

void add_binary_inputs(KernelCall& call, const BinaryOperand& a, const BinaryOperand& b) {
  for (const BinaryOperand* operand : {&a, &b}) {
    if (operand->rows.rows == call.run_rows) {
      add_row_input(call, operand->rows);
      continue;
    }
    if (operand->rows.rows == 1) {  // a gate of one row
      call.inputs.push_back(operand->rows);
      call.windows.push_back({false, 0, 0, 1});
      continue;
    }
    std::vector<RowRange> each;
    for (std::int64_t r = 0; r < call.run_rows; ++r) {
      const std::int32_t row =
          int32(r) / operand->broadcast.row_divisor % operand->broadcast.row_modulus;
      each.push_back({row, row + 1});
    }
    call.inputs.push_back(operand->rows);
    call.windows.push_back(window_of(std::move(each)));
  }
}

// In place over an operand that lies in RAM in rows as the output does.
int overwritable(const Node& node, LowerContext& context) {
  const RowsOperand y = context.operand(node.output());
  for (int i = 0; i < 2; ++i) {
    const RowsOperand x = context.operand(node.inputs[static_cast<std::size_t>(i)]);
    if (std::holds_alternative<BufferId>(x.source) && x.rows == y.rows &&
        x.row_bytes == y.row_bytes)
      return i;
  }
  return -1;
}

}  // namespace

Result<Nothing> lower(const Unary& op, const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  const TensorType& y = context.type(node.output());
  if (is_int8(y)) {
    lower_table(unary_table(op, x, y), node, context);
    return ok();
  }
  KernelCall call = context.begin_call(node);
  UnaryF32 layer;
  layer.row_elements = int32(row_shape(y.shape).row_elements());
  layer.function = static_cast<std::int32_t>(op.fn);
  layer.alpha = op.alpha;
  layer.beta = op.beta;
  [[maybe_unused]] const bool found = select_kernel<UnaryF32Kernels>(layer, call, [](auto) {});
  assert(found);
  add_row_input(call, context.operand(node.inputs[0]));
  call.may_overwrite = 0;
  context.add_call(std::move(call));
  return ok();
}

Result<Nothing> lower(const Requantize&, const Node& node, LowerContext& context) {
  if (node.inputs.size() == 2) {
    Table256 table{};
    const std::span<const std::int8_t> given = context.constant(node.inputs[1]).as<std::int8_t>();
    std::copy(given.begin(), given.end(), table.begin());
    lower_table(table, node, context);
    return ok();
  }
  lower_table(requantize_table(context.type(node.inputs[0]), context.type(node.output())), node,
              context);
  return ok();
}

Result<Nothing> lower(const Binary& op, const Node& node, LowerContext& context) {
  const TensorType& y = context.type(node.output());
  if (is_int8(y) && op.fn == Binary::Fn::prelu) return lower_prelu_s8(node, context);
  const auto shapes = binary_shapes(context.type(node.inputs[0]).shape,
                                    context.type(node.inputs[1]).shape, y.shape);
  if (!shapes) {
    return lowering_error("E151", node,
                          "shapes " + to_string(context.type(node.inputs[0]).shape) + " and " +
                              to_string(context.type(node.inputs[1]).shape) +
                              " broadcast in a pattern that no kernel has",
                          "expand the smaller input explicitly (Expand) before this node");
  }
  const BinaryOperand a = binary_operand(node.inputs[0], shapes->a, shapes->to, context);
  const BinaryOperand b = binary_operand(node.inputs[1], shapes->b, shapes->to, context);

  KernelCall call = context.begin_call(node);
  const RowShape rows = row_shape(shapes->to);
  call.output.row_bytes = rows.row_elements() * size_bytes(y.dtype);
  call.output.rows = rows.rows;
  call.run_rows = rows.rows;
  bool found = false;
  const auto fill = [&](auto& layer) {
    layer.width = int32(rows.width);
    layer.channels = int32(rows.channels);
    set_broadcasts(layer, a.broadcast, b.broadcast);
  };
  if (is_int8(y)) {
    BinaryS8 layer = int8_layer(op, context.type(node.inputs[0]), context.type(node.inputs[1]), y);
    fill(layer);
    layer.out_pixel_step = layer.channels;
    found = select_kernel<BinaryS8Kernels>(layer, call, [](auto) {});
    const auto field = [&](const Broadcast& broadcast, const PitchMember<BinaryS8>& pitch) {
      return broadcast.dense(layer.channels) ? pitch_field<BinaryS8Kernels>(layer, pitch, call)
                                             : "";
    };
    if (shapes->to == y.shape) {
      call.slices.inputs = {field(a.broadcast, {&BinaryS8::a_pixel_step, "a_pixel_step"}),
                            field(b.broadcast, {&BinaryS8::b_pixel_step, "b_pixel_step"})};
      call.slices.output =
          pitch_field<BinaryS8Kernels>(layer, {&BinaryS8::out_pixel_step, "out_pixel_step"}, call);
    }
  } else {
    BinaryF32 layer;
    fill(layer);
    layer.function = static_cast<std::int32_t>(op.fn);
    layer.clamped = op.clamp.none() ? 0 : 1;
    layer.lo = op.clamp.lo;
    layer.hi = op.clamp.hi;
    found = select_kernel<BinaryF32Kernels>(layer, call, [](auto) {});
  }
  assert(found);
  (void)found;
  add_binary_inputs(call, a, b);
  call.may_overwrite = overwritable(node, context);
  context.add_call(std::move(call));
  return ok();
}

namespace {

template <class Kernels>
void lower_quantization(const Quantization& quantization, const Node& node, LowerContext& context) {
  KernelCall call = context.begin_call(node);
  const RowShape rows = row_shape(call.output_type.shape);
  QuantizeLayer layer;
  layer.width = int32(rows.width);
  layer.channels = int32(rows.channels);
  layer.per_channel = quantization.per_tensor() ? 0 : 1;
  [[maybe_unused]] const bool found = select_kernel<Kernels>(layer, call, [](auto) {});
  assert(found);
  bind(call, "scales",
       context.add_table(node.origin.name + "_scales", std::span<const float>(quantization.scale)));
  bind(call, "zeros",
       context.add_table(node.origin.name + "_zeros",
                         std::span<const std::int32_t>(quantization.zero_point)));
  add_row_input(call, context.operand(node.inputs[0]));
  context.add_call(std::move(call));
}

// Quantization along another axis than the last has no kernel.
bool axis_is_last(const Quantization& quantization, const TensorType& type) {
  return quantization.per_tensor() || quantization.axis + 1 == static_cast<int>(type.shape.size());
}

}  // namespace

Result<Nothing> lower(const Quantize&, const Node& node, LowerContext& context) {
  const TensorType& y = context.type(node.output());
  if (!axis_is_last(*y.quantization, y)) {
    return lowering_error(
        "E152", node,
        "an activation is quantized along axis " + std::to_string(y.quantization->axis),
        "quantize activations per tensor");
  }
  lower_quantization<QuantizeKernels>(*y.quantization, node, context);
  return ok();
}

Result<Nothing> lower(const Dequantize&, const Node& node, LowerContext& context) {
  const TensorType& x = context.type(node.inputs[0]);
  if (!axis_is_last(*x.quantization, x)) {
    return lowering_error(
        "E152", node,
        "an activation is quantized along axis " + std::to_string(x.quantization->axis),
        "quantize activations per tensor");
  }
  lower_quantization<DequantizeKernels>(*x.quantization, node, context);
  return ok();
}

Result<Nothing> lower(const BatchNorm&, const Node& node, LowerContext&) {
  return lowering_error("E901", node, "a batch normalization reached lowering",
                        "this is a defect of linnet; please report it");
}

}  // namespace linnet
