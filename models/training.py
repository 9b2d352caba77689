"""Trains a network for a minute on the 16 calibration pictures, so that it behaves like a trained network.

Only that matters here: activations, errors and logits of realistic size. The classes are what the pictures show;
the test pictures, other crops of the same and of other photographs, are never trained on. One thread and fixed
seeds: the same machine gives the same weights again.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import networks
import pictures

LEARNING_RATE = 3e-3
LABEL_SMOOTHING = 0.1
SMALLEST_CROP = 80
STATISTICS_PASSES = 4

LABELS = {
    "astronaut_face": "person",
    "astronaut_shuttle": "rocket",
    "brick_wall": "wall",
    "camera_man": "person",
    "chelsea_left_eye": "cat",
    "china_pagoda": "building",
    "china_trees": "plant",
    "coffee_cup": "tableware",
    "coffee_table": "tableware",
    "coins_right": "coin",
    "flower_bloom": "plant",
    "grass_lawn": "plant",
    "ihc_left": "tissue",
    "moon_craters": "moon",
    "retina_disc": "tissue",
    "rocket_masts": "rocket",
}


def load(feed):
    return torch.from_numpy(np.concatenate(pictures.load_pictures("calibration", feed)))


def load_labels():
    names = [path.stem for path in sorted((pictures.IMAGES / "calibration").glob("*.png"))]
    return torch.tensor([networks.CLASSES.index(LABELS[name]) for name in names])


def augment(samples, size):
    """A random square of each sample, perhaps mirrored, with contrast and colour shifted."""
    side = samples.shape[-1]
    result = []
    for sample in samples:
        crop = int(torch.randint(SMALLEST_CROP, side + 1, ()))
        top, left = (int(torch.randint(0, side - crop + 1, ())) for _ in range(2))
        picture = sample[None, :, top : top + crop, left : left + crop]
        picture = F.interpolate(picture, size, mode="bilinear", align_corners=False)
        if torch.rand(()) < 0.5:
            picture = picture.flip(3)
        result.append(picture * (0.8 + 0.4 * torch.rand(())) + 0.2 * torch.randn(1, 3, 1, 1))
    return torch.cat(result)


def descend(model, network):
    samples = load({"input_shape": [1, 3, 128, 128], **network.feed})
    labels = load_labels()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=network.training_steps)
    model.train()
    for _ in range(network.training_steps):
        optimizer.zero_grad()
        logits = model(augment(samples, network.input_shape[1:]))
        F.cross_entropy(logits, labels, label_smoothing=LABEL_SMOOTHING).backward()
        optimizer.step()
        schedule.step()


@torch.no_grad()
def settle_batch_norms(model, samples):
    """Running statistics = plain averages over several passes of the pictures and their mirror images."""
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
            module.train()
    for index in range(STATISTICS_PASSES):
        model(samples if index % 2 == 0 else samples.flip(3))
    model.eval()


def train(name):
    """The network called `name`, trained, its batch-norm statistics set, in evaluation mode."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    network = networks.NETWORKS[name]
    model = networks.create(name)
    descend(model, network)
    settle_batch_norms(model, load(networks.feed_of(network)))
    return model


def parameter_count(model):
    return sum(parameter.numel() for parameter in model.parameters())
