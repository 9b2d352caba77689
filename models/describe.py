#!/usr/bin/env python3
"""Prints exporter, opset, size, weights, MACs and operators of the ONNX files under models/ (but quantized_ops/).

    python3 models/describe.py [FILE.onnx...]
"""

import collections
import math
import pathlib
import sys

import onnx
import onnxslim

import onnx_files
import quantizer


def constants(graph):
    """Every initializer and Constant node, by name."""
    found = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            found[node.output[0]] = node.attribute[0].t
    return found


def weight_count(graph):
    """Elements of the weights and biases that convolutions, matrix products and normalizations read."""
    known = constants(graph)
    count = 0
    for node in graph.node:
        if node.op_type in ("Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization"):
            count += sum(math.prod(known[name].dims) for name in node.input[1:] if name in known)
    return count


def shapes(model):
    """Static shapes by name, of a simplified model whose batch is 1."""
    inferred = onnx.shape_inference.infer_shapes(model).graph
    values = list(inferred.input) + list(inferred.value_info) + list(inferred.output)
    found = {tensor.name: list(tensor.dims) for tensor in inferred.initializer}
    for value in values:
        found[value.name] = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
    return found


def mac_count(model):
    """Multiply-accumulates of convolutions and matrix products of a float model with batch 1."""
    model = onnxslim.slim(quantizer.fix_batch(model))
    known = shapes(model)
    total = 0
    for node in model.graph.node:
        if node.op_type == "Conv":
            total += math.prod(known[node.output[0]]) * math.prod(known[node.input[1]][1:])
        elif node.op_type == "ConvTranspose":
            total += math.prod(known[node.input[0]]) * math.prod(known[node.input[1]][1:])
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
    if "Conv" in operators and "DequantizeLinear" not in operators:
        print(f"  {weight_count(graph)} weights and biases, {mac_count(model)} MACs")
    print("  " + ", ".join(f"{count} {name}" for name, count in sorted(operators.items())))


if __name__ == "__main__":
    chosen = [pathlib.Path(name) for name in sys.argv[1:]]
    stored = [path for path in sorted(onnx_files.MODELS.rglob("*.onnx")) if "quantized_ops" not in path.parts]
    for file in chosen or stored:
        describe(file)
