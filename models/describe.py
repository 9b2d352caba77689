#!/usr/bin/env python3
"""Prints, for each ONNX file under models/: exporter, opset, size, parameters, MACs and the operators it uses.

    python3 models/describe.py [FILE.onnx...]
"""

import collections
import math
import pathlib
import sys

import onnx
from onnx import numpy_helper

import onnx_files


def constants(graph):
    """Every initializer and Constant node, by name."""
    found = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            found[node.output[0]] = node.attribute[0].t
    return found


def parameter_count(graph):
    """Elements of every constant that is not shape arithmetic or a quantization parameter."""
    helpers = set()
    for node in graph.node:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            helpers.update(node.input[1:])
    count = 0
    for name, tensor in constants(graph).items():
        if tensor.data_type != onnx.TensorProto.INT64 and name not in helpers:
            count += math.prod(tensor.dims)
    return count


def shapes(model):
    """Static shapes by name, with any dynamic batch set to 1."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for value in list(copy.graph.input) + list(copy.graph.output):
        for dimension in value.type.tensor_type.shape.dim:
            if not dimension.HasField("dim_value"):
                dimension.dim_value = 1
    del copy.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(copy).graph
    values = list(inferred.input) + list(inferred.value_info) + list(inferred.output)
    found = {tensor.name: list(tensor.dims) for tensor in inferred.initializer}
    for value in values:
        found[value.name] = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
    return found


def mac_count(model):
    """Multiply-accumulates of convolutions and matrix products; QOperator files are counted by their float twins."""
    known = shapes(model)
    total = 0
    for node in model.graph.node:
        if node.op_type == "Conv":
            total += math.prod(known[node.output[0]]) * math.prod(known[node.input[1]][1:])
        elif node.op_type in ("Gemm", "MatMul"):
            total += math.prod(known[node.output[0]]) * known[node.input[0]][-1]
    return total


def boundary(values):
    def text(value):
        tensor = value.type.tensor_type
        dims = [str(d.dim_value) if d.HasField("dim_value") else d.dim_param for d in tensor.shape.dim]
        return f"{value.name} {onnx.TensorProto.DataType.Name(tensor.elem_type)}[{','.join(dims)}]"

    return ", ".join(text(value) for value in values)


def describe(path):
    model = onnx.load(path)
    graph = model.graph
    opsets = ", ".join(f"{entry.domain or 'ai.onnx'} {entry.version}" for entry in model.opset_import)
    operators = collections.Counter(
        f"{node.domain}.{node.op_type}" if node.domain else node.op_type for node in graph.node
    )
    print(f"\n{path}: {path.stat().st_size} bytes")
    print(f"  {model.producer_name} {model.producer_version}, IR {model.ir_version}, opset {opsets}")
    print(f"  {boundary(graph.input)} -> {boundary(graph.output)}")
    if "Conv" in operators:
        print(f"  {parameter_count(graph)} constants' elements, {mac_count(model)} MACs")
    print("  " + ", ".join(f"{count} {name}" for name, count in sorted(operators.items())))


if __name__ == "__main__":
    chosen = [pathlib.Path(name) for name in sys.argv[1:]]
    for file in chosen or sorted(onnx_files.MODELS.rglob("*.onnx")):
        describe(file)
