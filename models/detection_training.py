"""Trains a detector for some minutes to find cut-outs on scenes, and sets its class biases.

Real weights would be for other pictures, and random ones give scores of no contrast. These find what is in
detection_images/ and nothing else. The loss is that of YOLOv8 with a simpler assignment of cells to things:

- a thing belongs to the level that suits its size; its cells are those near the middle of its box; the cells around
  these, and those of the next level when the size is near the limit, are free to say what they like;
- class scores: binary cross-entropy; boxes: cross-entropy with the two bins beside each distance (distribution focal
  loss), and overlap; masks: cross-entropy inside the box; keypoints: fixed places of the box, visible where the
  cut-out is opaque.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

import detection_pictures
import training
import yolo_networks

LEARNING_RATE = 3e-3
CANVAS = 256
THINGS = 7
POOL = 240
# The largest side of a thing of strides 8 and 16, as a part of a 256x256 picture; the last is for everything else.
LEVEL_SIDES = (44 / 256, 72 / 256, math.inf)
NEAR_LIMIT = 1.15
MIDDLE, FREE = 0.4, 0.85
WEIGHTS = {"class": 1.0, "distance": 1.5, "overlap": 5.0, "mask": 2.0, "place": 1.0, "visible": 0.5}
SETTLING_PICTURES = 32
WIDEST_SHIFT = 4.0
FEWEST_CELLS, MOST_CELLS = 10, 80
NEAR = 0.3
THRESHOLD = 0.25

# Places of the keypoints in a box: the middle and two rings.
KEYPOINT_PLACES = [(0.5, 0.5)] + [
    (0.5 + radius * math.cos(index * math.pi / 4), 0.5 + radius * math.sin(index * math.pi / 4))
    for radius in (0.25, 0.45)
    for index in range(8)
]


def class_of(label, classes):
    """What a network with so many classes calls a cut-out: its colour, by classes spread over all."""
    return detection_pictures.COLOURS[label] * (classes // len(detection_pictures.COLOUR_NAMES))


class Pool:
    """`size` pictures of `canvas` x `canvas` to take batches from: to make each anew takes as long as to learn from it."""

    def __init__(self, sources, canvas, size=POOL):
        rng = np.random.default_rng(canvas)
        wanted = max(1, round(THINGS * (canvas / CANVAS) ** 2))
        self.canvas = canvas
        self.pictures = [
            detection_pictures.compose(rng, sources, canvas, canvas, wanted + int(rng.integers(-1, 2)))
            for _ in range(size)
        ]

    def batch(self, rng, detector, shape, count):
        """Pictures [count, 3, H, W] from 0 to 1, mirrored and with other contrast at random, brought to `shape` as
        stored ones are to the input's; for each its things (class, box in input pixels) and owners [1, H, W]."""
        height, width = shape
        scale = np.array([width, height, width, height]) / self.canvas
        pictures, things, owners = [], [], []
        for index in rng.choice(len(self.pictures), count, replace=False):
            made = self.pictures[index]
            pixels = torch.from_numpy(made.pixels.copy()).permute(2, 0, 1)[None].float() / 255
            pixels = F.interpolate(pixels, shape, mode="bilinear", align_corners=False)
            pixels = (pixels * rng.uniform(0.85, 1.15) + rng.uniform(-0.06, 0.06)).clamp(0, 1)
            owner = F.interpolate(torch.from_numpy(made.owner)[None, None].float(), shape)[0]
            boxes = [scale * thing[1:] for thing in made.things]
            if rng.random() < 0.5:
                pixels, owner = pixels.flip(3), owner.flip(2)
                boxes = [np.array([width - box[2], box[1], width - box[0], box[3]]) for box in boxes]
            pictures.append(pixels)
            owners.append(owner)
            things.append([(class_of(thing.label, detector.classes), box) for thing, box in zip(made.things, boxes)])
        return torch.cat(pictures), things, owners


def scope(side, detector):
    """For each level: 1 = this side is its own, 0 = free, -1 = not its own."""
    relative = side / max(detector.input_shape[1:])
    chosen = [index for index, head in enumerate(detector.heads) if head]
    result, lower = [], 0.0
    for index in chosen:
        upper = math.inf if index == chosen[-1] else LEVEL_SIDES[index]
        own = lower < relative <= upper
        near = lower / NEAR_LIMIT < relative <= upper * NEAR_LIMIT
        result.append(1 if own else 0 if near else -1)
        lower = upper
    return result


def inside(xs, ys, box, part):
    """Which of the cells are in the middle `part` of a box."""
    middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    half_x, half_y = part * (box[2] - box[0]) / 2, part * (box[3] - box[1]) / 2
    return (abs(xs - middle_x) <= half_x) & (abs(ys - middle_y) <= half_y)


def assign(things, detector, shapes):
    """For each level an int array [H, W]: index of the thing that a cell is to find, -1 for none, -2 for free."""
    result = []
    for level, ((rows, columns), stride) in enumerate(zip(shapes, detector.strides())):
        ys, xs = np.mgrid[:rows, :columns] * float(stride) + stride / 2
        owner = np.full((rows, columns), -1)
        for index, (_, box) in enumerate(things):
            kind = scope(max(box[2] - box[0], box[3] - box[1]), detector)[level]
            if kind < 0:
                continue
            free = inside(xs, ys, box, FREE)
            owner[free & (owner == -1)] = -2
            if kind == 0:
                continue
            row = min(rows - 1, int((box[1] + box[3]) / 2 / stride))
            column = min(columns - 1, int((box[0] + box[2]) / 2 / stride))
            owner[inside(xs, ys, box, MIDDLE)] = index
            owner[row, column] = index
        result.append(owner)
    return result


class Cells:
    """The positive cells of a level over a batch: where each is, and the box [n, 4] that it is to say."""

    def __init__(self, owners, things, stride):
        owner = np.stack(owners)
        self.picture, self.row, self.column = np.nonzero(owner >= 0)
        self.index = owner[self.picture, self.row, self.column]
        self.free = torch.from_numpy(owner == -2)
        chosen = [things[picture][index] for picture, index in zip(self.picture, self.index)]
        self.classes = torch.tensor([label for label, _ in chosen], dtype=torch.long)
        self.boxes = torch.tensor(np.array([box for _, box in chosen]).reshape(-1, 4), dtype=torch.float32)
        self.stride = stride
        self.anchors = torch.tensor(np.stack([self.column, self.row], 1) + 0.5, dtype=torch.float32)

    def pick(self, level):
        """[B, C, H, W] to [n, C]."""
        return level[self.picture, :, self.row, self.column]


def class_loss(scores, cells):
    wanted = torch.zeros_like(scores)
    wanted[cells.picture, cells.classes, cells.row, cells.column] = 1.0
    loss = F.binary_cross_entropy_with_logits(scores, wanted, reduction="none")
    return loss.sum(1)[~cells.free].sum()


def box_losses(maps, cells):
    """Sums over the cells of the cross-entropy of the distances and of 1 - overlap."""
    bins = yolo_networks.BINS
    logits = cells.pick(maps).view(-1, 4, bins)
    edges = cells.boxes / cells.stride
    wanted = torch.cat((cells.anchors - edges[:, :2], edges[:, 2:] - cells.anchors), 1).clamp(0, bins - 1.01)
    lower = wanted.floor()
    scores = logits.log_softmax(2)
    below = scores.gather(2, lower.long()[:, :, None])[:, :, 0]
    above = scores.gather(2, lower.long()[:, :, None] + 1)[:, :, 0]
    distance = -(below * (lower + 1 - wanted) + above * (wanted - lower)).mean(1).sum()
    said = (scores.exp() * torch.arange(bins)).sum(2)
    smaller, larger = torch.minimum(said, wanted), torch.maximum(said, wanted)
    common = (smaller[:, 0] + smaller[:, 2]) * (smaller[:, 1] + smaller[:, 3])
    areas = [(part[:, 0] + part[:, 2]) * (part[:, 1] + part[:, 3]) for part in (said, wanted)]
    hull = (larger[:, 0] + larger[:, 2]) * (larger[:, 1] + larger[:, 3])
    union = areas[0] + areas[1] - common
    overlap = common / union.clamp(min=1e-6) - (hull - union) / hull.clamp(min=1e-6)
    return distance, (1 - overlap).sum()


def mask_loss(coefficients, cells, prototypes, owners):
    """Mean cross-entropy inside the box, of each cell's mask; summed over the cells."""
    total = coefficients.sum() * 0
    chosen = cells.pick(coefficients)
    side = owners[0].shape[-1] / prototypes.shape[-1]
    for number, (picture, index) in enumerate(zip(cells.picture, cells.index)):
        x1, y1, x2, y2 = (int(edge / side) for edge in cells.boxes[number])
        part = (slice(y1, max(y2, y1 + 1)), slice(x1, max(x2, x1 + 1)))
        wanted = (owners[picture] == index + 1).float()
        wanted = F.adaptive_avg_pool2d(wanted, prototypes.shape[2:])[0][part]
        said = torch.einsum("c,chw->hw", chosen[number], prototypes[picture][(slice(None), *part)])
        total = total + F.binary_cross_entropy_with_logits(said, wanted)
    return total


def keypoint_losses(values, cells, owners):
    """Sums over the cells of the mean distance of the keypoints, in cells, and of the visibility's cross-entropy."""
    points = cells.pick(values).view(-1, yolo_networks.KEYPOINTS, 3)
    corner, size = cells.boxes[:, None, :2], (cells.boxes[:, 2:] - cells.boxes[:, :2])[:, None]
    places = corner + size * torch.tensor(KEYPOINT_PLACES)
    visible = torch.zeros(points.shape[:2])
    for number, (picture, index) in enumerate(zip(cells.picture, cells.index)):
        columns, rows = places[number].long().unbind(1)
        height, width = owners[picture].shape[1:]
        visible[number] = owners[picture][0, rows.clamp(0, height - 1), columns.clamp(0, width - 1)] == index + 1
    said = points[:, :, :2] * 2 + (cells.anchors - 0.5)[:, None]
    distance = F.smooth_l1_loss(said, places / cells.stride, reduction="none").mean((1, 2)).sum()
    return distance, F.binary_cross_entropy_with_logits(points[:, :, 2], visible, reduction="none").mean(1).sum()


def loss_of(model, detector, batch):
    pictures, things, owners = batch
    levels, prototypes = model(pictures)
    shapes = [tuple(level[0].shape[2:]) for level in levels]
    assigned = [assign(found, detector, shapes) for found in things]
    total, count = 0.0, 0
    for index, (level, stride) in enumerate(zip(levels, detector.strides())):
        cells = Cells([found[index] for found in assigned], things, stride)
        total = total + WEIGHTS["class"] * class_loss(level[1], cells)
        count += len(cells.picture)
        if len(cells.picture) == 0:
            continue
        distance, overlap = box_losses(level[0], cells)
        total = total + WEIGHTS["distance"] * distance + WEIGHTS["overlap"] * overlap
        if detector.task == "segment":
            total = total + WEIGHTS["mask"] * mask_loss(level[2], cells, prototypes, owners)
        elif detector.task == "pose":
            place, visible = keypoint_losses(level[2], cells, owners)
            total = total + WEIGHTS["place"] * place + WEIGHTS["visible"] * visible
    return total / max(count, 1)


def train(name, detector, sources):
    """The network, trained, its batch-norm statistics set, in evaluation mode."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rng = np.random.default_rng(1)
    model = yolo_networks.Yolo(detector)
    for branch in model.head.cv3:
        torch.nn.init.constant_(branch[-1].bias, -4.0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=detector.steps)
    model.train()
    whole, shape = Pool(sources, CANVAS), detector.input_shape[1:]
    part = Pool(sources, detector.part, 2 * POOL) if detector.part else None
    for step in range(detector.steps):
        optimizer.zero_grad()
        if part and step < detector.steps * 9 // 10:
            batch = part.batch(rng, detector, (detector.part, detector.part), detector.batch)
        elif part:
            batch = whole.batch(rng, detector, shape, max(2, detector.batch // 4))
        else:
            batch = whole.batch(rng, detector, shape, detector.batch)
        loss = loss_of(model, detector, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        schedule.step()
        if step % 25 == 24:
            print(f"{name}: step {step + 1}, loss {loss.item():.3f}", flush=True)
    training.settle_batch_norms(model, whole.batch(rng, detector, shape, SETTLING_PICTURES)[0])
    return model


@torch.no_grad()
def best_logits(model, samples):
    """The best class logit of every cell of every sample."""
    found = []
    for sample in samples:
        levels, _ = model(torch.from_numpy(sample))
        found += [level[1].amax(1).flatten() for level in levels]
    return torch.cat(found)


def set_class_biases(model, samples):
    """Moves all class biases by one value, so that few scores are near the threshold. Returns the value.

    `samples` are the calibration pictures. Of the values with which FEWEST_CELLS to MOST_CELLS cells a picture pass the
    threshold, it is the one with the least of the passing cells' number lying within NEAR of it, as logits."""
    logits = best_logits(model, samples)
    edge = math.log(THRESHOLD / (1 - THRESHOLD))
    best = (math.inf, 0.0)
    for shift in torch.linspace(-WIDEST_SHIFT, WIDEST_SHIFT, 81).tolist():
        distance = logits + shift - edge
        passing = int((distance > 0).sum())
        if not FEWEST_CELLS * len(samples) <= passing <= MOST_CELLS * len(samples):
            continue
        near = float((-((distance / NEAR) ** 2) / 2).exp().sum())
        best = min(best, (near / passing, shift))
    for branch in model.head.cv3:
        branch[-1].bias.data += best[1]
    return best[1]
