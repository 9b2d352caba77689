#!/usr/bin/env python3
"""Exports the six float networks: NAME/NAME.onnx, model.json, outputs.npy and test_data_set_0.

    python3 models/export.py [NAME...]
"""

import io
import logging
import sys
import warnings

import onnx
import torch

import networks
import onnx_files
import pictures
import training


def export_torchscript(model, sample, opset, dynamic_batch, keep_batch_norms=False, output_names=("logits",)):
    """PyTorch's TorchScript exporter. `keep_batch_norms` leaves every node as traced: nothing folded or fused."""
    mode = torch.onnx.TrainingMode.PRESERVE if keep_batch_norms else torch.onnx.TrainingMode.EVAL
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (sample,),
            buffer,
            dynamo=False,
            opset_version=opset,
            training=mode,
            do_constant_folding=not keep_batch_norms,
            input_names=["input"],
            output_names=list(output_names),
            dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}} if dynamic_batch else None,
        )
    return onnx.load_from_string(buffer.getvalue())


def export_dynamo(model, sample, dynamic_batch, output_names=("logits",)):
    """PyTorch's newer exporter at its default opset, without the traces of where in our files each node came from."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    dynamic_shapes = ({0: torch.export.Dim("batch")},) if dynamic_batch else None
    if dynamic_batch:
        sample = torch.cat([sample, sample])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model,
            (sample,),
            dynamo=True,
            verbose=False,
            input_names=["input"],
            output_names=list(output_names),
            dynamic_shapes=dynamic_shapes,
        )
    exported = program.model_proto
    for node in exported.graph.node:
        kept = [entry for entry in node.metadata_props if "stack_trace" not in entry.key]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    return exported


def export(name, model):
    network = networks.NETWORKS[name]
    sample = torch.from_numpy(pictures.load_pictures("test", networks.feed_of(network))[0])
    if network.exporter == "dynamo":
        return export_dynamo(model, sample, network.dynamic_batch)
    return export_torchscript(model, sample, network.opset, network.dynamic_batch)


def write_model(name):
    network = networks.NETWORKS[name]
    folder = onnx_files.MODELS / name
    folder.mkdir(exist_ok=True)

    model = training.train(name)
    exported = export(name, model)
    onnx.checker.check_model(exported)
    onnx.save(exported, folder / f"{name}.onnx")

    feed = networks.feed_of(network)
    onnx_files.write_json(folder / "model.json", feed)
    samples = pictures.load_pictures("test", feed)
    outputs = onnx_files.run(exported, samples)
    onnx_files.write_outputs(folder / "outputs.npy", outputs)
    onnx_files.write_test_data(folder, [("input", samples[0])], [("logits", outputs[:1])])
    print(f"{name}: {training.parameter_count(model)} parameters, classes {outputs.argmax(1).tolist()}")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or networks.NETWORKS:
        write_model(chosen)
