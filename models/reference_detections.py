#!/usr/bin/env python3
"""Writes NAME/detections.json: the boxes that ONNX Runtime in float and a plain suppression find in the 50 pictures of
detection_images/test.

    python3 models/reference_detections.py [NAME...]

The suppression: each cell's best class (the first, when two are equal) if its score is at least SCORE; cells in
descending order of score, equal ones in the graph's order; a box is dropped if it overlaps a kept one of its class by
more than OVERLAP. Nothing limits how many are kept. All in double from the graph's float32 output.

    {"score_threshold": 0.25, "iou_threshold": 0.45,
     "pictures": {"test_00.png": [[x1, y1, x2, y2, class, score], ...], ...}}

Boxes are in pixels of the network's input, best score first. A network for masks has "mask_cells" beside "pictures":
for every box, how many cells of its mask are above 0 inside the box, a cell at (x, y) of the mask being inside when
x1 <= 4 x + 2 < x2 and the same for y. One for keypoints has "keypoints": for every box its 17 of [x, y, visibility].
"""

import json
import sys

import numpy as np

import onnx_files
import pictures
import yolo_networks

SCORE, OVERLAP = 0.25, 0.45


def iou(box, others):
    """Intersection over union of a box [4] with others [n, 4], as x1 y1 x2 y2."""
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    common = np.maximum(width, 0) * np.maximum(height, 0)
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    return common / np.maximum((box[2] - box[0]) * (box[3] - box[1]) + areas - common, 1e-12)


def suppress(boxes, labels, scores):
    """Indices of the kept boxes, best score first."""
    order = np.argsort(-scores, kind="stable")
    kept = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(best)
        order = rest[(labels[rest] != labels[best]) | (iou(boxes[best], boxes[rest]) <= OVERLAP)]
    return kept


def detect(output, classes):
    """Rows (x1, y1, x2, y2, class, score) and their cells, of one decoded output [4 + classes + extra, cells]."""
    output = output.astype(np.float64)
    scores = output[4 : 4 + classes].max(0)
    cells = np.flatnonzero(scores >= SCORE)
    labels, scores = output[4 : 4 + classes, cells].argmax(0), scores[cells]
    centre, size = output[:2, cells].T, output[2:4, cells].T
    boxes = np.concatenate([centre - size / 2, centre + size / 2], 1)
    kept = suppress(boxes, labels, scores)
    return np.column_stack([boxes, labels, scores])[kept], cells[kept]


def mask_cells(row, coefficients, prototypes):
    """How many cells of the mask are above 0 inside the box."""
    mask = np.einsum("c,chw->hw", coefficients.astype(np.float64), prototypes.astype(np.float64)) > 0
    ys, xs = (4 * np.arange(length) + 2 for length in mask.shape)
    inside = ((ys >= row[1]) & (ys < row[3]))[:, None] & ((xs >= row[0]) & (xs < row[2]))[None]
    return int((mask & inside).sum())


def round_rows(rows):
    return [[round(float(value), 3) for value in row[:4]] + [int(row[4]), round(float(row[5]), 5)] for row in rows]


def references(detector, outputs):
    """For one picture's outputs: boxes, and what else the network says about each."""
    rows, cells = detect(outputs[0][0], detector.classes)
    extra = outputs[0][0, 4 + detector.classes :, cells]
    result = {"pictures": round_rows(rows)}
    if detector.task == "segment":
        result["mask_cells"] = [mask_cells(row, values, outputs[1][0]) for row, values in zip(rows, extra)]
    elif detector.task == "pose":
        result["keypoints"] = [np.round(values.reshape(-1, 3), 3).tolist() for values in extra.astype(np.float64)]
    return result


def write_json(path, found):
    """One picture a line."""
    lines = [f'"score_threshold": {SCORE}', f'"iou_threshold": {OVERLAP}']
    for kind, values in found.items():
        rows = ",\n".join(f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in values.items())
        lines.append(f"{json.dumps(kind)}: {{\n{rows}\n  }}")
    path.write_text("{\n  " + ",\n  ".join(lines) + "\n}\n")


def write_references(name):
    """Returns how many boxes each picture has."""
    detector = yolo_networks.DETECTORS[name]
    folder = onnx_files.MODELS / name
    runner = onnx_files.session(folder / f"{name}.onnx")
    feed = onnx_files.read_json(folder / "model.json")
    found = {}
    for path in pictures.picture_paths("test", pictures.DETECTION_IMAGES):
        outputs = runner.run(None, {runner.get_inputs()[0].name: pictures.load_picture(path, feed)})
        for kind, value in references(detector, outputs).items():
            found.setdefault(kind, {})[path.name] = value
    write_json(folder / "detections.json", found)
    return [len(rows) for rows in found["pictures"].values()]


if __name__ == "__main__":
    for chosen in sys.argv[1:] or yolo_networks.DETECTORS:
        counts = write_references(chosen)
        print(f"{chosen}: boxes a picture {min(counts)} to {max(counts)}, mean {sum(counts) / len(counts):.1f}")
