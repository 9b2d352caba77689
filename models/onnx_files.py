"""Small helpers around ONNX files: running them, and writing what is stored beside them."""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

MODELS = pathlib.Path(__file__).parent


def session(model, optimise=True):
    """An ONNX Runtime session of a path or a ModelProto, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if optimise else levels.ORT_DISABLE_ALL
    source = model.SerializeToString() if isinstance(model, onnx.ModelProto) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def run(model, samples, optimise=True):
    """The first output for each sample, one after the other, concatenated along the batch."""
    runner = session(model, optimise)
    name = runner.get_inputs()[0].name
    return np.concatenate([runner.run(None, {name: sample})[0] for sample in samples])


def write_tensor(path, array, name):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(numpy_helper.from_array(np.asarray(array, order="C"), name).SerializeToString())


def write_test_data(folder, inputs, outputs, index=0):
    """ONNX's own test layout: test_data_set_INDEX/input_I.pb and output_I.pb, from (name, array) pairs."""
    for kind, pairs in (("input", inputs), ("output", outputs)):
        for number, (name, array) in enumerate(pairs):
            write_tensor(folder / f"test_data_set_{index}" / f"{kind}_{number}.pb", array, name)


def write_test_sets(folder, model, samples):
    """test_data_set_I for each sample of a model of one input and any number of outputs."""
    runner = session(model)
    input_name = runner.get_inputs()[0].name
    output_names = [output.name for output in runner.get_outputs()]
    for index, sample in enumerate(samples):
        outputs = runner.run(None, {input_name: sample})
        write_test_data(folder, [(input_name, sample)], list(zip(output_names, outputs)), index)


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def read_json(path):
    return json.loads(path.read_text())


def write_outputs(path, outputs):
    np.save(path, np.ascontiguousarray(outputs, dtype=np.float32))
