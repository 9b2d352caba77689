#!/usr/bin/env python3
"""Writes the same networks as other tools would hand them over: NAME/variants/VARIANT/model.onnx.

    python3 models/variants.py

Float variants of phinet_96 come from other exporters, opsets and simplifiers and must agree with phinet_96's
outputs. Quantized variants keep ONNX Runtime's float outputs for the 16 test pictures from a run with all graph
optimisations and from one with none, and in quantized.json how far these two are apart in steps of the output.
"""

import numpy as np
import onnx
import onnxsim
import onnxslim
import torch

import export
import onnx_files
import pictures
import quantizer
import reference
import training

SAME_OUTPUTS = 1e-4

QUANTIZED = {
    "phinet_96": {
        "qdq_s8s8_per_channel": dict(form="qdq"),
        "qdq_u8s8_per_tensor": dict(form="qdq", activations="uint8", per_channel=False),
        "qoperator_s8s8_per_channel": dict(form="qoperator"),
        "qoperator_u8u8_per_tensor": dict(form="qoperator", activations="uint8", weights="uint8", per_channel=False),
    },
    "xinet_96": {
        "qdq_s8s8_per_channel": dict(form="qdq"),
        "qoperator_u8u8_per_tensor": dict(form="qoperator", activations="uint8", weights="uint8", per_channel=False),
    },
}


def variant_folder(name, variant):
    folder = onnx_files.MODELS / name / "variants" / variant
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def float_variants(model, sample, exported):
    simplified, agrees = onnxsim.simplify(exported)
    assert agrees
    return {
        "torchscript_11": export.export_torchscript(model, sample, 11, dynamic_batch=False),
        "torchscript_13_dynamic": export.export_torchscript(model, sample, 13, dynamic_batch=True),
        "torchscript_17_unfolded": export.export_torchscript(model, sample, 17, False, keep_batch_norms=True),
        "dynamo": export.export_dynamo(model, sample, dynamic_batch=False),
        "dynamo_dynamic": export.export_dynamo(model, sample, dynamic_batch=True),
        "onnxslim": onnxslim.slim(exported),
        "onnxsim": simplified,
    }


def write_float_variants(name):
    folder = onnx_files.MODELS / name
    feed = onnx_files.read_json(folder / "model.json")
    test = pictures.load_pictures("test", feed)
    expected = np.load(folder / "outputs.npy")
    exported = onnx.load(folder / f"{name}.onnx")
    model = training.train(name)
    for variant, variant_model in float_variants(model, torch.from_numpy(test[0]), exported).items():
        difference = np.abs(onnx_files.run(variant_model, test) - expected).max()
        print(f"{name} {variant}: largest difference {difference:.1e}", flush=True)
        assert difference < SAME_OUTPUTS, "not the same network"
        onnx.save(variant_model, variant_folder(name, variant) / "model.onnx")
    write_external_data(exported, variant_folder(name, "external_data"))


def write_external_data(model, folder):
    """The weights beside the graph, in weights.bin. onnx appends to that file, so an older one goes first."""
    (folder / "weights.bin").unlink(missing_ok=True)
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="weights.bin", size_threshold=256)


def output_step(model):
    """The scale of the DequantizeLinear that makes the network's output."""
    graph = model.graph
    last = next(node for node in graph.node if graph.output[0].name in node.output)
    assert last.op_type == "DequantizeLinear"
    scale = next(tensor for tensor in graph.initializer if tensor.name == last.input[1])
    return float(onnx.numpy_helper.to_array(scale))


def write_quantized_variants(name):
    folder = onnx_files.MODELS / name
    feed = onnx_files.read_json(folder / "model.json")
    calibration = pictures.load_pictures("calibration", feed)
    test = pictures.load_pictures("test", feed)
    expected = np.load(folder / "outputs.npy")
    float_model = onnx.load(folder / f"{name}.onnx")
    for variant, options in QUANTIZED[name].items():
        model = quantizer.quantize(float_model, calibration, method="minmax", **options)
        optimised = onnx_files.run(model, test, optimise=True)
        unoptimised = onnx_files.run(model, test, optimise=False)
        step = output_step(model)
        facts = {
            "output_step": step,
            "rms_optimised_to_unoptimised_steps": float(np.sqrt(np.mean((optimised - unoptimised) ** 2))) / step,
            "optimised_against_float": reference.judge(expected, optimised),
            "unoptimised_against_float": reference.judge(expected, unoptimised),
        }
        target = variant_folder(name, variant)
        onnx.save(model, target / "model.onnx")
        onnx_files.write_outputs(target / "outputs_optimised.npy", optimised)
        onnx_files.write_outputs(target / "outputs_unoptimised.npy", unoptimised)
        onnx_files.write_json(target / "quantized.json", facts)
        print(f"{name} {variant}: {facts['rms_optimised_to_unoptimised_steps']:.2f} steps apart", flush=True)


if __name__ == "__main__":
    write_float_variants("phinet_96")
    for network in QUANTIZED:
        write_quantized_variants(network)
