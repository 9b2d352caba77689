"""Builds one quantized operator in both forms that ONNX Runtime's quantizer writes.

A case names the float operator and its quantized inputs; from it come
  qdq:        DequantizeLinear on each input -> operator -> QuantizeLinear
  qoperator:  the fused operator (QLinearConv, com.microsoft.QLinearAdd, ...), or the operator itself on 8-bit tensors
Graph inputs and outputs are 8-bit integers, so that "within one step" is a difference of integers.
"""

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import onnx_files

OPSET = 17
IR_VERSION = 8
MICROSOFT = "com.microsoft"


@dataclass
class Quantized:
    """A quantized tensor. `scale` and `zero` are numbers, or arrays of one entry a channel along `axis`."""

    values: np.ndarray
    scale: object
    zero: object
    constant: bool = False
    axis: int = 0


@dataclass
class Plain:
    """An input that is not quantized: a shape, pads, a condition."""

    values: np.ndarray


@dataclass
class Case:
    """`fused` is the QOperator's name, or "direct" if the operator itself takes 8-bit tensors, or None."""

    name: str
    operator: str
    inputs: list
    attributes: dict = field(default_factory=dict)
    fused: str | None = None
    fused_attributes: dict = field(default_factory=dict)
    output: tuple | None = None
    outputs: int = 1


class Graph:
    def __init__(self):
        self.nodes, self.initializers, self.inputs, self.feeds = [], [], [], {}

    def constant(self, name, array):
        self.initializers.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def place(self, name, array, constant):
        if constant:
            return self.constant(name, array)
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        self.inputs.append(helper.make_tensor_value_info(name, kind, array.shape))
        self.feeds[name] = array
        return name

    def parameters(self, name, tensor):
        scale = self.constant(f"{name}_scale", np.asarray(tensor.scale, np.float32))
        zero = self.constant(f"{name}_zero", np.asarray(tensor.zero, tensor.values.dtype))
        return [scale, zero]

    def node(self, operator, inputs, outputs, domain=None, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, outputs, domain=domain, **attributes))

    def model(self, outputs, kind):
        infos = [helper.make_tensor_value_info(name, kind, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "quantized_operator", self.inputs, infos, self.initializers)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="linnet")


def output_names(case):
    return ["output"] if case.outputs == 1 else [f"output_{index}" for index in range(case.outputs)]


def dequantized_operator(case, graph):
    """Adds the float operator between dequantized inputs; gives the names of its float outputs."""
    names = []
    for index, tensor in enumerate(case.inputs):
        name = f"input_{index}"
        if isinstance(tensor, Plain):
            names.append(graph.constant(name, tensor.values))
            continue
        graph.place(name, tensor.values, tensor.constant)
        axis = {"axis": tensor.axis} if np.ndim(tensor.scale) else {}
        graph.node("DequantizeLinear", [name, *graph.parameters(name, tensor)], [f"{name}_float"], **axis)
        names.append(f"{name}_float")
    results = [f"{name}_float" for name in output_names(case)]
    graph.node(case.operator, names, results, **case.attributes)
    return results


def choose_output(case):
    """The output's scale and zero point: as the case says, or from its range, cut by 3 % to see saturation."""
    kind = next(tensor.values.dtype for tensor in case.inputs if isinstance(tensor, Quantized))
    if case.output is None:
        graph = Graph()
        results = dequantized_operator(case, graph)
        outputs = onnx_files.session(graph.model(results, TensorProto.FLOAT), optimise=False).run(None, graph.feeds)
        low = min(0.0, *(float(output.min()) for output in outputs))
        high = max(0.0, *(float(output.max()) for output in outputs))
        scale = np.float32((high - low) / 255 * 0.97)
        zero = round(np.iinfo(kind).min - low * 0.97 / float(scale))
        case.output = (scale, int(np.clip(zero, np.iinfo(kind).min, np.iinfo(kind).max)))
    return Quantized(np.zeros(0, kind), *case.output)


def build_qdq(case):
    graph = Graph()
    target = choose_output(case)
    results = dequantized_operator(case, graph)
    parameters = graph.parameters("output", target)
    for name, result in zip(output_names(case), results):
        graph.node("QuantizeLinear", [result, *parameters], [name])
    return graph, graph.model(output_names(case), helper.np_dtype_to_tensor_dtype(target.values.dtype))


def build_qoperator(case):
    graph = Graph()
    target = choose_output(case)
    operands = []
    for index, tensor in enumerate(case.inputs):
        name = f"input_{index}"
        if isinstance(tensor, Plain):
            operands.append([graph.constant(name, tensor.values)])
            continue
        graph.place(name, tensor.values, tensor.constant)
        is_bias = tensor.values.dtype == np.int32
        takes_parameters = case.fused != "direct" and not is_bias
        operands.append([name, *graph.parameters(name, tensor)] if takes_parameters else [name])
    kind = helper.np_dtype_to_tensor_dtype(target.values.dtype)
    if case.fused == "direct":
        graph.node(case.operator, sum(operands, []), output_names(case), **case.attributes)
        return graph, graph.model(output_names(case), kind)
    result = graph.parameters("output", target)
    if case.fused == "QLinearConcat":
        arguments = result + sum(operands, [])
    elif case.fused == "QLinearConv":
        arguments = operands[0] + operands[1] + result + sum(operands[2:], [])
    else:
        arguments = sum(operands, []) + result
    domain = None if case.fused in ("QLinearConv", "QLinearMatMul") else MICROSOFT
    attributes = {**case.attributes, **case.fused_attributes}
    graph.node(case.fused, arguments, output_names(case), domain=domain, **attributes)
    return graph, graph.model(output_names(case), kind)
