#!/usr/bin/env python3
"""What ONNX Runtime's own static quantization loses on each float model: NAME/reference.json.

    python3 models/reference.py [NAME...]

QDQ, int8 weights per channel, int8 activations, ranges by minmax and by percentile (99.999, its default) over the 16
calibration pictures; judged against the float outputs of the 16 test pictures. Each is run twice: with all graph
optimisations, where convolutions become integer kernels (which saturate 16-bit sums on x86 without VNNI), and with
none, where they are computed in float between the rounding steps. A figure is the better of the two runs.
"""

import sys

import numpy as np
import onnx
import onnxruntime

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


def judge(reference, quantized):
    return {
        "sqnr_db": round(sqnr_db(reference, quantized), 3),
        "cosine": round(cosine(reference, quantized), 6),
        "top1_agreement": float((reference.argmax(1) == quantized.argmax(1)).mean()),
    }


def measure(model, calibration, test, reference, method):
    quantized = quantizer.quantize(model, calibration, method=method)
    runs = {
        "optimised": judge(reference, onnx_files.run(quantized, test, optimise=True)),
        "unoptimised": judge(reference, onnx_files.run(quantized, test, optimise=False)),
    }
    better = max(runs.values(), key=lambda run: run["sqnr_db"])
    return {**better, "runs": runs}


def write_reference(name):
    folder = onnx_files.MODELS / name
    feed = onnx_files.read_json(folder / "model.json")
    model = onnx.load(folder / f"{name}.onnx")
    calibration = pictures.load_pictures("calibration", feed)
    test = pictures.load_pictures("test", feed)
    reference = np.load(folder / "outputs.npy")
    methods = {method: measure(model, calibration, test, reference, method) for method in quantizer.METHODS}
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
    for chosen in sys.argv[1:] or networks.NETWORKS:
        write_reference(chosen)
