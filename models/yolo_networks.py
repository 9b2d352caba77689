"""The detection networks: backbones and blocks of micromind, and heads for masks and keypoints.

    picture -> backbone (PhiNet, XiNet or Darknet) -> SPPF -> neck -> one head a level (strides 8, 16, 32)

The necks are micromind's `Yolov8Neck` and the `Yolov8NeckOpt` of its object-detection recipe, of XiNet blocks. The
PyPI release has neither the latter yet nor a choice of heads, and its YOLOv8 class does not construct; so those are put
together here out of the release's blocks. The heads for masks and keypoints follow the structure of Ultralytics' YOLOv8
(Segment, Proto and Pose), written anew.
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
    """`arguments` are the backbone's. `neck` is "opt" or "plain", `task` "detect", "segment" or "pose"; `heads` says
    which of the three levels have one; `opset` is that of PyTorch's TorchScript exporter, None means the newer one
    (dynamo). The rest is for training: `steps` of `batch` pictures. With `part` all but the last tenth of the steps are
    on pictures of that side; then come fewer, whole ones (XiNet, whose pooled shortcuts have a fixed size, cannot)."""

    backbone: str
    input_shape: tuple
    arguments: dict
    classes: int = 20
    neck: str = "opt"
    heads: tuple = (True, True, True)
    task: str = "detect"
    opset: int | None = 17
    steps: int = 400
    batch: int = 5
    part: int | None = None

    def strides(self):
        return [stride for stride, chosen in zip(STRIDES, self.heads) if chosen]


def phinet(alpha):
    return dict(
        alpha=alpha, beta=0.75, t_zero=5, num_layers=7, divisor=8, downsampling_layers=[5, 7], return_layers=[6, 8]
    )


def xinet(alpha):
    return dict(alpha=alpha, gamma=4, num_layers=6, return_layers=[3, 5])


DETECTORS = {
    "yolophinet_256": Detector("PhiNet", (3, 256, 256), phinet(1.0), part=128, steps=1600),
    "yoloxinet_192": Detector("XiNet", (3, 192, 192), xinet(0.5)),
    "yolophinet_128_one_head": Detector("PhiNet", (3, 128, 128), phinet(0.25), heads=(True, False, False), opset=13),
    "yolophinet_128x192": Detector("PhiNet", (3, 128, 192), phinet(0.25), opset=None),
    "yolophinet_160_plain_neck": Detector("PhiNet", (3, 160, 160), phinet(0.25), classes=80, neck="plain"),
    "yolov8n_160": Detector("Darknet", (3, 160, 160), dict(w=0.25, r=2.0, d=0.33), classes=80, neck="plain"),
    "yolophinet_seg_160": Detector("PhiNet", (3, 160, 160), phinet(0.25), task="segment"),
    "yolophinet_pose_160": Detector("PhiNet", (3, 160, 160), phinet(0.25), classes=1, task="pose"),
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
        sizes = dict(kernel_size=3, stride=stride, padding=1)
        return xi_conv(channels_in, channels_out, gamma=3, skip_tensor_in=False, **sizes)

    neck = blocks.Yolov8Neck(filters=filters)
    high, middle, low = filters
    neck.n1, neck.n2 = block(middle + low, middle), block(high + middle, high)
    neck.n3, neck.n4 = block(high, high, 2), block(high + middle, middle)
    neck.n5, neck.n6 = block(middle, middle, 2), block(middle + low, low)
    return neck


def detection_head(blocks, classes, filters, strides):
    """micromind's DetectionHead for the levels of these strides."""

    class Head(blocks.DetectionHead):
        def forward(self, levels):
            if self.nl == len(STRIDES):
                return super().forward(levels)
            maps = [torch.cat((box(level), scores(level)), 1) for level, box, scores in zip(levels, self.cv2, self.cv3)]
            anchors, steps = (part.transpose(0, 1) for part in blocks.make_anchors(maps, self.stride, 0.5))
            self.anchors, self.strides = anchors, steps
            cells = torch.cat([part.reshape(part.shape[0], self.no, -1) for part in maps], 2)
            distances, logits = cells[:, : 4 * BINS], cells[:, 4 * BINS :]
            boxes = blocks.dist2bbox(self.dfl(distances), anchors.unsqueeze(0), xywh=True, dim=1) * steps
            return torch.cat((boxes, logits.sigmoid()), 1), maps

    head = Head(classes, filters)
    head.stride = torch.tensor([float(stride) for stride in strides], dtype=torch.float16)
    return head


class Prototypes(nn.Module):
    """From the finest level, MASKS masks at twice its size."""

    def __init__(self, blocks, channels, hidden):
        super().__init__()
        self.first = blocks.Conv(channels, hidden, 3)
        self.up = nn.ConvTranspose2d(hidden, hidden, 2, 2)
        self.second = blocks.Conv(hidden, hidden, 3)
        self.last = blocks.Conv(hidden, MASKS, 1)

    def forward(self, level):
        return self.last(self.second(self.up(self.first(level))))


def extra_branches(blocks, filters, outputs):
    """Per level two 3x3 convolutions and a 1x1: `outputs` more values for every cell."""
    hidden = max(filters[0] // 4, outputs)
    return nn.ModuleList(
        nn.Sequential(
            blocks.Conv(channels, hidden, 3), blocks.Conv(hidden, hidden, 3), nn.Conv2d(hidden, outputs, 1)
        )
        for channels in filters
    )


def decode_keypoints(values, anchors, strides):
    """[B, 3 * KEYPOINTS, cells] to x, y in input pixels and a visibility from 0 to 1."""
    points = values.view(values.shape[0], KEYPOINTS, 3, -1)
    places = (points[:, :, :2] * 2.0 + (anchors - 0.5)) * strides
    return torch.cat((places, points[:, :, 2:3].sigmoid()), 2).view(values.shape[0], 3 * KEYPOINTS, -1)


class Yolo(nn.Module):
    """`decoded` says whether forward gives what is exported or, for training, each level's maps: box and class, and
    coefficients or keypoints where there are some; the prototypes come last."""

    def __init__(self, detector):
        super().__init__()
        blocks = load_blocks()
        self.task, self.heads, self.decoded = detector.task, detector.heads, False
        filters = self.create_backbone(blocks, detector)
        plain = detector.neck == "plain"
        depth = {"d": detector.arguments["d"]} if detector.backbone == "Darknet" else {}
        self.neck = blocks.Yolov8Neck(filters=filters, **depth) if plain else create_neck(blocks, filters)
        self.drop_unused()
        filters = [channels for channels, chosen in zip(filters, detector.heads) if chosen]
        self.head = detection_head(blocks, detector.classes, filters, detector.strides())
        self.extra = None
        if self.task == "segment":
            self.prototypes = Prototypes(blocks, filters[0], max(filters[0], MASKS))
            self.extra = extra_branches(blocks, filters, MASKS)
        elif self.task == "pose":
            self.extra = extra_branches(blocks, filters, 3 * KEYPOINTS)

    def create_backbone(self, blocks, detector):
        """Returns the channels of its three levels."""
        if detector.backbone == "Darknet":
            self.backbone, self.sppf = blocks.Darknet(**detector.arguments), None
        else:
            architecture = networks.load_micromind(detector.backbone)
            self.backbone = architecture(detector.input_shape, **detector.arguments)
        with torch.no_grad():
            found = self.backbone.eval()(torch.zeros(1, *detector.input_shape))
        if detector.backbone == "Darknet":
            return [level.shape[1] for level in found]
        last, (high, middle) = found
        self.sppf = blocks.SPPF(last.shape[1], last.shape[1])
        return [level.shape[1] for level in (high, middle, last)]

    def drop_unused(self):
        """As the recipe's neck has it, no weights for levels after the last that has a head."""
        if not self.heads[2]:
            self.neck.n5 = self.neck.n6 = nn.Identity()
        if not self.heads[1] and not self.heads[2]:
            self.neck.n3 = self.neck.n4 = nn.Identity()

    def fuse(self, high, middle, low):
        """The neck's levels that have a head."""
        neck = self.neck
        if all(self.heads):
            return neck(high, middle, low)
        inner = neck.n1(torch.cat((neck.up1(low), middle), 1))
        levels = [neck.n2(torch.cat((neck.up2(inner), high), 1))]
        if self.heads[1] or self.heads[2]:
            levels.append(neck.n4(torch.cat((neck.n3(levels[0]), inner), 1)))
        if self.heads[2]:
            levels.append(neck.n6(torch.cat((neck.n5(levels[1]), low), 1)))
        return [level for level, chosen in zip(levels, self.heads) if chosen]

    def levels(self, picture):
        found = self.backbone(picture)
        if self.sppf is None:
            return self.fuse(*found)
        last, (high, middle) = found
        return self.fuse(high, middle, self.sppf(last))

    def forward(self, picture):
        levels = self.levels(picture)
        if self.decoded:
            return self.decode(levels)
        maps = []
        for index, level in enumerate(levels):
            branches = [self.head.cv2, self.head.cv3] + ([self.extra] if self.extra else [])
            maps.append(tuple(branch[index](level) for branch in branches))
        return maps, self.prototypes(levels[0]) if self.task == "segment" else None

    def decode(self, levels):
        if self.task == "detect":
            return self.head(levels)[0]
        extra = torch.cat([branch(level).flatten(2) for branch, level in zip(self.extra, levels)], 2)
        prototypes = self.prototypes(levels[0]) if self.task == "segment" else None
        detections = self.head(levels)[0]
        if self.task == "segment":
            return torch.cat((detections, extra), 1), prototypes
        return torch.cat((detections, decode_keypoints(extra, self.head.anchors, self.head.strides)), 1)
