#!/usr/bin/env python3
"""Exports yolophinet_160, micromind's object detector on a PhiNet, up to the outputs of its heads, and
yolophinet_160_full, the same with micromind's decoding of boxes.

    python3 models/export_yolo.py

The network is that of micromind's object-detection recipe: PhiNet alpha=0.5 beta=0.75 t_zero=5 divisor=8 at 160x160,
SPPF, a neck of XiNet blocks (the recipe's Yolov8NeckOpt, which the PyPI release does not have yet), three detection
heads, 20 classes. Outputs of the first file: box and class map of every level, the last convolutions of its head.

There are no boxes to learn here, so it is trained for a minute to say what colours a cell has: enough for activations,
errors and outputs of realistic size.
"""

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

import export
import networks
import onnx_files
import pictures
import training
import yolo_networks

NAME = "yolophinet_160"
SIZE = 160
CLASSES = 20
BINS = 16
STEPS = 120
FEED = {"input_shape": [1, 3, SIZE, SIZE], "mean": [0.0] * 3, "scale": [1 / 255] * 3}
TEST_SETS = 4
OUTPUTS = [f"{kind}_{stride}" for stride in (8, 16, 32) for kind in ("box", "class")]


class YoloPhiNet(nn.Module):
    """`decoded` says whether forward gives the decoded boxes or each level's maps."""

    def __init__(self):
        super().__init__()
        blocks = yolo_networks.load_blocks()
        self.backbone = networks.load_micromind("PhiNet")(
            (3, SIZE, SIZE),
            alpha=0.5,
            beta=0.75,
            t_zero=5,
            num_layers=7,
            divisor=8,
            downsampling_layers=[5, 7],
            return_layers=[6, 8],
        )
        with torch.no_grad():
            last, kept = self.backbone.eval()(torch.zeros(1, 3, SIZE, SIZE))
        filters = [kept[0].shape[1], kept[1].shape[1], last.shape[1]]
        self.sppf = blocks.SPPF(filters[2], filters[2])
        self.neck = yolo_networks.create_neck(blocks, filters)
        self.head = blocks.DetectionHead(CLASSES, filters)
        self.decoded = False

    def forward(self, picture):
        last, (high, middle) = self.backbone(picture)
        levels = self.neck(high, middle, self.sppf(last))
        if self.decoded:
            return self.head(levels)[0]
        maps = []
        for level, box, classes in zip(levels, self.head.cv2, self.head.cv3):
            maps += [box(level), classes(level)]
        return tuple(maps)


def targets(samples, maps, mixing):
    """What the maps should say: distances and class scores that depend on a cell's mean colours and contrast."""
    result = []
    for level in maps:
        side, channels = level.shape[2], level.shape[1]
        mean = F.adaptive_avg_pool2d(samples, side)
        contrast = (F.adaptive_avg_pool2d(samples**2, side) - mean**2).clamp(min=0).sqrt()
        features = torch.cat([2 * mean - 1, 4 * contrast], dim=1)
        if channels == CLASSES:
            result.append(4 * torch.tanh(torch.einsum("of,bfhw->bohw", mixing[4:], features)) - 3)
            continue
        distance = 1 + 8 * torch.sigmoid(torch.einsum("of,bfhw->bohw", mixing[:4], features))
        bins = torch.arange(BINS).view(1, 1, BINS, 1, 1)
        result.append((2 - (bins - distance[:, :, None]) ** 2 / 8).clamp(min=-6).flatten(1, 2))
    return result


def descend(model):
    larger = {**FEED, "input_shape": [1, 3, 192, 192]}
    samples = training.load(larger)
    mixing = torch.randn(4 + CLASSES, 6)
    optimizer = torch.optim.AdamW(model.parameters(), lr=training.LEARNING_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, training.LEARNING_RATE, total_steps=STEPS)
    model.train()
    for _ in range(STEPS):
        optimizer.zero_grad()
        shift = 0.05 * torch.randn(1, 3, 1, 1)
        batch = training.augment(samples, (SIZE, SIZE)) + shift
        maps = model(batch)
        loss = sum(F.mse_loss(level, wanted) for level, wanted in zip(maps, targets(batch, maps, mixing)))
        loss.backward()
        optimizer.step()
        schedule.step()
    print(f"{NAME}: last loss {loss.item():.3f}")


def write_model(name, model, output_names, samples, test_sets):
    folder = onnx_files.MODELS / name
    folder.mkdir(exist_ok=True)
    exported = export.export_torchscript(model, torch.from_numpy(samples[0]), 17, False, output_names=output_names)
    onnx.checker.check_model(exported)
    onnx.save(exported, folder / f"{name}.onnx")
    onnx_files.write_json(folder / "model.json", FEED)
    onnx_files.write_test_sets(folder, exported, samples[:test_sets])


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = YoloPhiNet()
    descend(model)
    training.settle_batch_norms(model, training.load(FEED))
    samples = pictures.load_pictures("test", FEED)
    write_model(NAME, model, OUTPUTS, samples, TEST_SETS)
    model.decoded = True
    write_model(NAME + "_full", model, ["detections"], samples, 1)
    print(f"{NAME}: {training.parameter_count(model)} parameters")
    with torch.no_grad():
        model.decoded = False
        for output, level in zip(OUTPUTS, model(torch.from_numpy(np.concatenate(samples)))):
            print(f"  {output}: {tuple(level.shape[1:])}, mean {level.mean():.2f}, deviation {level.std():.2f}")


if __name__ == "__main__":
    main()
