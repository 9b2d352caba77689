#!/usr/bin/env python3
"""Exports the detectors of yolo_networks.py: NAME/NAME.onnx, model.json, test_data_set_0 and detections.json.

    python3 models/export_detection.py SOURCES [NAME...]

SOURCES is where make_detection_images.py's two packages are unpacked. Training takes 1 to 3 minutes of one free core each
(detection_training.py). Then all class biases of a network are moved by one value, so that on the calibration pictures
few scores are near 0.25; it is checked that the float network finds FEWEST to MOST boxes in every test picture. The
graph holds the decoding of boxes, as micromind's own forward has it.
"""

import re
import sys

import numpy as np
import onnx
import onnx.numpy_helper
import torch

import detection_pictures
import detection_training
import export
import onnx_files
import pictures
import reference_detections
import training
import yolo_networks

FEWEST, MOST = 3, 30
STEP = 0.25


def feed_of(detector):
    return {"input_shape": [1, *detector.input_shape], "mean": [0.0] * 3, "scale": [1 / 255] * 3}


def export_onnx(model, detector, sample):
    model.decoded = True
    names = ["detections", "prototypes"] if detector.task == "segment" else ["detections"]
    if detector.opset is None:
        return export.export_dynamo(model, sample, False, names)
    return export.export_torchscript(model, sample, detector.opset, False, output_names=names)


def move_class_biases(exported, shift):
    """Adds `shift` to the biases of the class branches' last convolutions."""
    for tensor in exported.graph.initializer:
        if re.fullmatch(r"(.*\.)?head\.cv3\.\d+\.2\.bias", tensor.name):
            values = onnx.numpy_helper.to_array(tensor) + np.float32(shift)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float32), tensor.name))


def settle_boxes(name, exported, first):
    """Writes the model and its references; lowers all class biases together while a picture has more than MOST boxes.

    Returns the boxes of each picture, and by how much the biases were moved."""
    folder, moved = onnx_files.MODELS / name, 0.0
    while True:
        onnx.save(exported, folder / f"{name}.onnx")
        onnx_files.write_test_sets(folder, exported, first)
        counts = reference_detections.write_references(name)
        if max(counts) <= MOST or min(counts) < FEWEST:
            return counts, moved
        move_class_biases(exported, -STEP)
        moved -= STEP


def write_model(name, detector, model):
    folder = onnx_files.MODELS / name
    folder.mkdir(exist_ok=True)
    feed = feed_of(detector)
    calibration = pictures.load_pictures("calibration", feed, pictures.DETECTION_IMAGES)
    shift = detection_training.set_class_biases(model, calibration)
    first = pictures.load_pictures("test", feed, pictures.DETECTION_IMAGES)[:1]
    exported = export_onnx(model, detector, torch.from_numpy(first[0]))
    onnx.checker.check_model(exported)
    onnx_files.write_json(folder / "model.json", feed)
    counts, moved = settle_boxes(name, exported, first)
    shift += moved
    print(
        f"{name}: {training.parameter_count(model)} parameters, class biases moved by {shift:.2f}, "
        f"boxes a picture {min(counts)} to {max(counts)}, mean {sum(counts) / len(counts):.1f}"
    )
    if min(counts) < FEWEST or max(counts) > MOST:
        raise SystemExit(f"{name}: {FEWEST} to {MOST} boxes a picture are wanted")


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    sources = detection_pictures.Sources(sys.argv[1])
    for name in sys.argv[2:] or yolo_networks.DETECTORS:
        detector = yolo_networks.DETECTORS[name]
        write_model(name, detector, detection_training.train(name, detector, sources))


if __name__ == "__main__":
    main()
