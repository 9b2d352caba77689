#!/usr/bin/env python3
"""What ONNX Runtime's own static quantization loses on each float model: NAME/reference.json.

    python3 models/reference.py [NAME...]

QDQ, int8 weights per channel, int8 activations, ranges by minmax and by percentile (99.999, its default) over the 16
calibration pictures; judged against the float outputs of the 16 test pictures. Each is run twice: with all graph
optimisations, where convolutions become integer kernels (which saturate 16-bit sums on x86 without VNNI), and with
none, where they are computed in float between the rounding steps. A figure is the better of the two runs.

phinet_640x64 has sounds of its own, and no classes; yolophinet_160 six outputs, which are judged as one vector.
"""

import sys

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

import networks
import onnx_files
import pictures
import quantizer


def sqnr_db(reference, quantized):
    reference, quantized = reference.astype(np.float64), quantized.astype(np.float64)
    return 10 * np.log10((reference**2).sum() / ((reference - quantized) ** 2).sum())


def cosine(reference, quantized):
    a, b = reference.astype(np.float64).ravel(), quantized.astype(np.float64).ravel()
    return a @ b / np.sqrt((a @ a) * (b @ b))


def judge(reference, quantized, classes):
    result = {"sqnr_db": round(sqnr_db(reference, quantized), 3), "cosine": round(cosine(reference, quantized), 6)}
    if classes:
        result["top1_agreement"] = float((reference.argmax(1) == quantized.argmax(1)).mean())
    return result


def run_all(model, samples, optimise=True):
    """All outputs for each sample, one after the other in one row."""
    runner = onnx_files.session(model, optimise)
    name = runner.get_inputs()[0].name
    rows = [runner.run(None, {name: sample}) for sample in samples]
    return np.stack([np.concatenate([output.ravel() for output in row]) for row in rows])


def load_samples(folder, feed):
    """Calibration and test samples."""
    if (folder / "calibration").exists():
        calibration = [np.load(path) for path in sorted((folder / "calibration").glob("*.npy"))]
        sets = sorted(folder.glob("test_data_set_*/input_0.pb"))
        return calibration, [numpy_helper.to_array(onnx.load_tensor(path)) for path in sets]
    return pictures.load_pictures("calibration", feed), pictures.load_pictures("test", feed)


def measure(model, calibration, test, method, classes):
    reference = run_all(model, test)
    quantized = quantizer.quantize(model, calibration, method=method)
    runs = {
        "optimised": judge(reference, run_all(quantized, test, optimise=True), classes),
        "unoptimised": judge(reference, run_all(quantized, test, optimise=False), classes),
    }
    better = max(runs.values(), key=lambda run: run["sqnr_db"])
    return {**better, "runs": runs}


def write_reference(name):
    folder = onnx_files.MODELS / name
    feed = onnx_files.read_json(folder / "model.json")
    model = onnx.load(folder / f"{name}.onnx")
    calibration, test = load_samples(folder, feed)
    classes = name in networks.NETWORKS
    methods = {method: measure(model, calibration, test, method, classes) for method in quantizer.METHODS}
    best = max(methods, key=lambda method: methods[method]["sqnr_db"])
    result = {
        "onnxruntime_version": onnxruntime.__version__,
        "format": "QDQ, int8 weights per channel, int8 activations",
        "methods": methods,
        "best_method": best,
        "best_sqnr_db": methods[best]["sqnr_db"],
    }
    onnx_files.write_json(folder / "reference.json", result)
    summary = ", ".join(f"{method} {found['sqnr_db']} dB" for method, found in methods.items())
    print(f"{name}: {summary}", flush=True)


if __name__ == "__main__":
    for chosen in sys.argv[1:] or [*networks.NETWORKS, "phinet_640x64", "yolophinet_160"]:
        write_reference(chosen)
