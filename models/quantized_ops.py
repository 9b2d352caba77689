#!/usr/bin/env python3
"""Writes quantized_ops/: single quantized operators with inputs and ONNX Runtime's outputs, in ONNX's test layout.

    python3 models/quantized_ops.py

Every case is made in QDQ form and, where ONNX Runtime has one, in QOperator form. Stored outputs are those of a run
without graph optimisations. The script fails if an optimised run or the other form is more than one step away:
such a case would test ONNX Runtime's shortcuts (16-bit saturation on x86 without VNNI) and not the arithmetic.
"""

import shutil

import numpy as np
import onnx

import onnx_files
from quantized_builder import Case, Plain, Quantized, build_qdq, build_qoperator

FOLDER = onnx_files.MODELS / "quantized_ops"
ZERO = {"int8": -5, "uint8": 121}


def generator(name):
    return np.random.default_rng(sum(name.encode()))


def activation(name, shape, kind="int8", scale=0.05, zero=None):
    limits = np.iinfo(kind)
    values = generator(name).normal(0, 50, shape) + (limits.max + limits.min) / 2
    values = np.clip(np.round(values), limits.min, limits.max).astype(kind)
    return Quantized(values, scale, ZERO[kind] if zero is None else zero)


def weight(name, shape, kind="int8", zero=0, channels=None, largest=64):
    """`largest` bounds the weights, since ONNX Runtime saturates sums of two large uint8 by int8 products."""
    values = np.clip(np.round(generator(name + "w").normal(0, 28, shape)), -largest, largest)
    scale = 0.01 if channels is None else 0.004 + 0.012 * generator(name + "s").random(channels)
    zeros = zero if channels is None else np.full(channels, zero)
    return Quantized((values + zero).astype(kind), scale, zeros, constant=True)


def bias(name, input_scale, weights):
    scale = np.asarray(weights.scale, np.float32) * np.float32(input_scale)
    count = weights.values.shape[0] if np.ndim(scale) == 0 else len(scale)
    values = np.round(generator(name + "b").normal(0, 0.5, count) / scale).astype(np.int32)
    return Quantized(values, scale, np.zeros(np.shape(scale), np.int32), constant=True)


def conv(
    name, kind="int8", channels=(8, 6), size=3, weight_kind=None, zero=0, per_channel=False, group=1, **attributes
):
    incoming, outgoing = channels
    picture = activation(name, (1, incoming, 9, 10), kind)
    shape = (outgoing, incoming // group, size, size)
    weights = weight(name, shape, weight_kind or kind, zero, outgoing if per_channel else None)
    attributes = {"kernel_shape": [size, size], "pads": [size // 2] * 4, "group": group, **attributes}
    return Case(name, "Conv", [picture, weights, bias(name, picture.scale, weights)], attributes, "QLinearConv")


def conv_with_minus_128(name, per_channel):
    """Weights of -128 with +127 beside them: what code that assumes [-127, 127] gets wrong."""
    case = conv(name, per_channel=per_channel)
    flat = case.inputs[1].values.reshape(-1)
    flat[::7] = -128
    flat[1::7] = 127
    return case


def conv_cases():
    return [
        conv("conv_s8_per_tensor"),
        conv("conv_s8_per_channel", per_channel=True),
        conv("conv_u8s8_per_tensor", "uint8", weight_kind="int8"),
        conv("conv_u8s8_per_channel", "uint8", weight_kind="int8", per_channel=True),
        conv("conv_u8u8_zero_128", "uint8", zero=128),
        conv("conv_u8u8_zero_97", "uint8", zero=97),
        conv("conv_s8_weight_zero_11", zero=11),
        conv_with_minus_128("conv_s8_weights_minus_128", per_channel=False),
        conv_with_minus_128("conv_s8_weights_minus_128_per_channel", per_channel=True),
        conv("conv_1x1_s8_per_channel", size=1, per_channel=True),
        conv("conv_depthwise_s8_per_channel", channels=(8, 8), group=8, per_channel=True),
        conv("conv_depthwise_u8u8_zero_97", "uint8", channels=(8, 8), group=8, zero=97),
        conv("conv_depthwise_stride_2", channels=(8, 8), group=8, per_channel=True, strides=[2, 2]),
        conv("conv_depthwise_5x5", channels=(8, 8), size=5, group=8, per_channel=True),
        conv("conv_depthwise_multiplier_2", channels=(4, 8), group=4, per_channel=True),
        conv("conv_grouped", channels=(8, 6), group=2, per_channel=True),
        conv("conv_stride_2_asymmetric_pads", strides=[2, 2], pads=[0, 0, 1, 1], per_channel=True),
        conv("conv_dilated", dilations=[2, 2], pads=[2, 2, 2, 2], per_channel=True),
        conv("conv_odd_channels", channels=(3, 5), per_channel=True),
    ]


def conv_transpose():
    name = "conv_transpose"
    picture = activation(name, (1, 4, 5, 6))
    weights = weight(name, (4, 3, 3, 3))
    offsets = bias(name, picture.scale, weights)
    offsets.values = offsets.values[:3]
    return Case(name, "ConvTranspose", [picture, weights, offsets], {"strides": [2, 2], "pads": [1, 1, 1, 1]})


def gemm(name, kind="int8", weight_kind=None, zero=0, per_channel=False):
    rows = activation(name, (2, 20), kind)
    weights = weight(name, (7, 20), weight_kind or kind, zero, 7 if per_channel else None)
    inputs = [rows, weights, bias(name, rows.scale, weights)]
    return Case(name, "Gemm", inputs, {"transB": 1}, "QGemm", {"alpha": 1.0, "transA": 0})


def matmul(name, kind, constant, zero=0):
    left = activation(name, (3, 12), kind)
    right = weight(name, (12, 5), kind, zero) if constant else activation(name + "r", (12, 5), kind, 0.03)
    return Case(name, "MatMul", [left, right], fused="QLinearMatMul")


def matrix_cases():
    return [
        gemm("gemm_s8_per_tensor"),
        gemm("gemm_s8_per_channel", per_channel=True),
        gemm("gemm_u8s8_per_channel", "uint8", "int8", per_channel=True),
        gemm("gemm_u8u8_zero_97", "uint8", zero=97),
        matmul("matmul_s8_constant", "int8", True),
        matmul("matmul_u8_constant_zero_97", "uint8", True, 97),
        matmul("matmul_s8_two_inputs", "int8", False),
        matmul("matmul_u8_two_inputs", "uint8", False),
    ]


def binary(operator, fused, kind, right_shape=(1, 4, 5, 6), note=""):
    name = f"{operator.lower()}_{'s8' if kind == 'int8' else 'u8'}{note}"
    left = activation(name, (1, 4, 5, 6), kind, 0.04)
    right = activation(name + "r", right_shape, kind, 0.07, ZERO[kind] + 9)
    if operator == "Div":
        limits = np.iinfo(kind)
        right.values = np.clip(np.abs(right.values.astype(int)) % 60 + right.zero + 40, 0, limits.max).astype(kind)
    return Case(name, operator, [left, right], fused=fused)


def concat(kind, axis):
    name = f"concat_{'s8' if kind == 'int8' else 'u8'}_axis_{axis}"
    parts = [
        activation(name + str(index), (1, 3, 4, 5), kind, scale, ZERO[kind] + shift)
        for index, (scale, shift) in enumerate([(0.05, 0), (0.02, 7), (0.08, -30)])
    ]
    return Case(name, "Concat", parts, {"axis": axis}, "QLinearConcat")


def joining_cases():
    cases = [concat("int8", 1), concat("uint8", 1), concat("int8", 3)]
    for kind in ("int8", "uint8"):
        cases += [binary("Add", "QLinearAdd", kind), binary("Mul", "QLinearMul", kind)]
    return cases + [
        binary("Add", "QLinearAdd", "int8", (1, 4, 1, 1), "_channel"),
        binary("Mul", "QLinearMul", "int8", (1, 4, 1, 1), "_channel"),
        binary("Mul", "QLinearMul", "uint8", (1,), "_scalar"),
        binary("Sub", None, "int8"),
        binary("Div", None, "int8"),
        binary("Min", None, "int8"),
        binary("Max", None, "int8"),
        where("int8"),
    ]


def where(kind):
    shape = (1, 4, 5, 6)
    condition = Plain(generator("where").random(shape) < 0.5)
    left, right = activation("where", shape, kind, 0.04), activation("where_r", shape, kind, 0.07, 13)
    return Case("where_s8", "Where", [condition, left, right], fused="QLinearWhere", output=(0.06, 3))


def unary(name, operator, kind="int8", fused=None, output=None, shape=(1, 4, 6, 7), plain=(), outputs=1, **attributes):
    suffix = "s8" if kind == "int8" else "u8"
    full_name = f"{name}_{suffix}"
    inputs = [activation(full_name, shape, kind), *(Plain(values) for values in plain)]
    return Case(full_name, operator, inputs, attributes, fused, output=output, outputs=outputs)


def activation_cases():
    unit = {"int8": (1 / 256, -128), "uint8": (1 / 256, 0)}
    cases = []
    for kind in ("int8", "uint8"):
        cases += [
            unary("sigmoid", "Sigmoid", kind, "QLinearSigmoid", unit[kind]),
            unary("leaky_relu", "LeakyRelu", kind, "QLinearLeakyRelu", alpha=0.1),
            softmax("softmax", kind, unit[kind], -1),
        ]
    low, high = np.float32(0), np.float32(6)
    return cases + [
        softmax("softmax_axis_1", "int8", unit["int8"], 1),
        unary("hard_swish", "HardSwish"),
        unary("hard_sigmoid", "HardSigmoid", output=unit["int8"], alpha=1 / 6, beta=0.5),
        unary("relu", "Relu"),
        unary("relu6", "Clip", plain=[low, high]),
        unary("tanh", "Tanh", output=(1 / 128, 0)),
        unary("elu", "Elu"),
        unary("erf", "Erf", output=(1 / 128, 0)),
        unary("exp", "Exp"),
        unary("abs", "Abs"),
        unary("neg", "Neg"),
    ]


def softmax(name, kind, output, axis):
    case = unary(name, "Softmax", kind, "QLinearSoftmax", output, (2, 3, 10), axis=axis)
    case.fused_attributes = {"opset": 13}
    return case


def pooling_cases():
    cases = []
    pool = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    for kind in ("int8", "uint8"):
        same = (0.05, ZERO[kind])
        cases += [
            unary("max_pool", "MaxPool", kind, "direct", same, **pool),
            unary("average_pool", "AveragePool", kind, "QLinearAveragePool", **pool),
            unary("global_average_pool", "GlobalAveragePool", kind, "QLinearGlobalAveragePool"),
        ]
    include = unary("average_pool_count_pads", "AveragePool", "int8", "QLinearAveragePool", count_include_pad=1, **pool)
    ceil = unary("average_pool_ceil", "AveragePool", "int8", None, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    rescaled = unary("max_pool_other_scale", "MaxPool", "int8", None, (0.07, 12), **pool)
    mean = unary("reduce_mean", "ReduceMean", axes=[2, 3], keepdims=1)
    return cases + [include, ceil, rescaled, mean]


def resize(name, fused, output, coordinates, **attributes):
    attributes["coordinate_transformation_mode"] = coordinates
    nothing = np.zeros(0, np.float32)
    scales = np.array([1, 1, 2, 2], np.float32)
    return unary(name, "Resize", "int8", fused, output, plain=[nothing, scales], **attributes)


def moving_cases():
    same = (0.05, ZERO["int8"])
    integers = np.array
    return [
        resize("resize_nearest", "direct", same, "asymmetric", mode="nearest", nearest_mode="floor"),
        resize("resize_linear", None, same, "half_pixel", mode="linear"),
        resize("resize_linear_other_scale", None, (0.06, 2), "align_corners", mode="linear"),
        unary("reshape", "Reshape", fused="direct", output=same, plain=[integers([1, 4, 42])]),
        unary("transpose", "Transpose", fused="direct", output=same, perm=[0, 2, 3, 1]),
        unary("flatten", "Flatten", fused="direct", output=same, axis=1),
        unary("squeeze", "Squeeze", fused="direct", output=same, plain=[integers([0])]),
        unary("unsqueeze", "Unsqueeze", fused="direct", output=same, plain=[integers([1])]),
        unary("slice", "Slice", output=same, plain=[integers([1, 2]), integers([4, 6]), integers([2, 3])]),
        unary("split", "Split", fused="direct", output=same, plain=[integers([1, 3])], outputs=2, axis=1),
        unary("gather", "Gather", fused="direct", output=same, plain=[integers([2, 0, 3])], axis=1),
        pad("pad_zero", None, Plain(np.float32(0))),
        pad("pad_value", "direct", Quantized(np.int8(33), 0.05, ZERO["int8"], constant=True)),
    ]


def pad(name, fused, value):
    """`value` as ONNX Runtime's quantizer hands it on: left in float, or quantized like the input."""
    amounts = Plain(np.array([0, 0, 1, 2, 0, 0, 0, 1]))
    picture = activation(name, (1, 4, 6, 7))
    return Case(name, "Pad", [picture, amounts, value], {"mode": "constant"}, fused, output=(0.05, ZERO["int8"]))


def normalization_cases():
    name = "layer_normalization"
    gain = Quantized(generator(name).integers(40, 127, 24).astype(np.int8), 0.01, 0, constant=True)
    shift = bias(name, 0.05, gain)
    layer = Case(name, "LayerNormalization", [activation(name, (2, 5, 24)), gain, shift], {"axis": -1})
    name = "instance_normalization"
    gain = Quantized(generator(name).integers(40, 127, 4).astype(np.int8), 0.01, 0, constant=True)
    instance = Case(name, "InstanceNormalization", [activation(name, (1, 4, 6, 7)), gain, bias(name, 0.05, gain)])
    name = "batch_normalization"
    mean, variance = Plain(np.linspace(-1, 1, 4, dtype=np.float32)), Plain(np.linspace(0.5, 2, 4, dtype=np.float32))
    batch_inputs = [activation(name, (1, 4, 6, 7)), gain, bias(name, 0.05, gain), mean, variance]
    return [layer, instance, Case(name, "BatchNormalization", batch_inputs)]


def channels_last(case):
    """The same pool with its input in NHWC: only the com.microsoft operators have this."""
    last = case.inputs[0]
    last = Quantized(np.ascontiguousarray(last.values.transpose(0, 2, 3, 1)), last.scale, last.zero)
    attributes = {"channels_last": 1}
    name = f"{case.name}_channels_last"
    return Case(name, case.operator, [last], case.attributes, case.fused, attributes, case.output)


def write_case(case):
    """Both forms of the case; returns their stored outputs."""
    stored = {}
    for form, build in (("qdq", build_qdq), ("qoperator", build_qoperator)):
        if form == "qdq" and case.fused_attributes.get("channels_last") or form == "qoperator" and not case.fused:
            continue
        graph, model = build(case)
        plain = onnx_files.session(model, optimise=False)
        names = [output.name for output in plain.get_outputs()]
        stored[form] = plain.run(None, graph.feeds)
        optimised = onnx_files.session(model, optimise=True).run(None, graph.feeds)
        check(f"{case.name}_{form} optimised", stored[form], optimised)
        folder = FOLDER / f"{case.name}_{form}"
        folder.mkdir(parents=True)
        onnx.save(model, folder / "model.onnx")
        onnx_files.write_test_data(folder, list(graph.feeds.items()), list(zip(names, stored[form])))
    if len(stored) == 2:
        check(f"{case.name} qdq against qoperator", stored["qdq"], stored["qoperator"])
    return stored


def check(what, first, second):
    for a, b in zip(first, second):
        steps = np.abs(a.astype(int) - b.astype(int))
        if steps.max() > 1:
            raise SystemExit(f"{what}: {steps.max()} steps apart, {np.count_nonzero(steps > 1)} of {steps.size}")
        if a.size > 4 and a.min() == a.max():
            raise SystemExit(f"{what}: the output is constant")


def all_cases():
    pools = pooling_cases()
    last = [channels_last(case) for case in pools if case.fused and case.fused.startswith("QLinear")]
    cases = conv_cases() + [conv_transpose()] + matrix_cases() + joining_cases() + activation_cases()
    return cases + pools + last + moving_cases() + normalization_cases()


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    total = sum(len(write_case(case)) for case in all_cases())
    print(f"{total} models")


if __name__ == "__main__":
    main()
