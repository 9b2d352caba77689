"""The detection networks: backbones and blocks of micromind, and heads for masks and keypoints.

    picture -> backbone (PhiNet, XiNet or Darknet) -> SPPF -> neck -> one head a level (strides 8, 16, 32)

The necks are those of micromind: `Yolov8Neck` and, of XiNet blocks, the `Yolov8NeckOpt` of its object-detection recipe,
which the PyPI release does not have yet; nor has it a choice of heads. Both are made here out of the release's blocks.
The segmentation and keypoint heads follow the structure of Ultralytics' YOLOv8 (Segment, Proto and Pose), written anew.
"""

import importlib.machinery
import sys
import types
from typing import NamedTuple

import torch
from torch import nn

import networks

STRIDES = (8, 16, 32)
BINS = 16
MASKS = 32
KEYPOINTS = 17


class Detector(NamedTuple):
    """`arguments` are the backbone's. `neck` is "opt" or "plain", `task` "detect", "segment" or "pose"."""

    backbone: str
    input_shape: tuple
    arguments: dict
    classes: int = 20
    neck: str = "opt"
    heads: tuple = (True, True, True)
    task: str = "detect"
    opset: int = 17
    steps: int = 300


def phinet(alpha):
    return dict(
        alpha=alpha, beta=0.75, t_zero=5, num_layers=7, divisor=8, downsampling_layers=[5, 7], return_layers=[6, 8]
    )


def xinet(alpha):
    return dict(alpha=alpha, gamma=4, num_layers=6, return_layers=[3, 5])


DETECTORS = {
    "yolophinet_256": Detector("PhiNet", (3, 256, 256), phinet(1.0)),
    "yoloxinet_192": Detector("XiNet", (3, 192, 192), xinet(0.5)),
}


def load_blocks():
    """micromind.networks.yolo. The package imports torchvision, for training only: an empty module does."""
    stand_in = types.ModuleType("torchvision")
    stand_in.__spec__ = importlib.machinery.ModuleSpec("torchvision", None)
    sys.modules.setdefault("torchvision", stand_in)
    from micromind.networks import yolo

    return yolo


def create_neck(blocks, filters):
    """The YOLOv8 neck with XiNet blocks in place of C2f and of the convolutions that halve the size."""
    xi_conv = networks.load_micromind("XiConv", "xinet")

    def block(channels_in, channels_out, stride=1):
        return xi_conv(channels_in, channels_out, kernel_size=3, gamma=3, stride=stride, padding=1, skip_tensor_in=False)

    neck = blocks.Yolov8Neck(filters=filters)
    high, middle, low = filters
    neck.n1, neck.n2 = block(middle + low, middle), block(high + middle, high)
    neck.n3, neck.n4 = block(high, high, 2), block(high + middle, middle)
    neck.n5, neck.n6 = block(middle, middle, 2), block(middle + low, low)
    return neck


class Yolo(nn.Module):
    """`decoded` says whether forward gives the decoded boxes or each level's maps (box, class)."""

    def __init__(self, detector):
        super().__init__()
        blocks = load_blocks()
        self.backbone = networks.load_micromind(detector.backbone)(detector.input_shape, **detector.arguments)
        with torch.no_grad():
            last, kept = self.backbone.eval()(torch.zeros(1, *detector.input_shape))
        filters = [kept[0].shape[1], kept[1].shape[1], last.shape[1]]
        self.sppf = blocks.SPPF(filters[2], filters[2])
        self.neck = create_neck(blocks, filters)
        self.head = blocks.DetectionHead(detector.classes, filters)
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
