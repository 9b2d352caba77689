"""The six networks as PyTorch modules: micromind's architectures with seeded weights that behave like trained ones.

Random weights alone would make bad test models: activations drift from layer to layer and every picture gets
the same logits. So batch-norm gains are drawn around one, batch-norm statistics are taken from the calibration
pictures, and the classifier looks along the directions in which the features of those pictures differ most.
"""

import importlib.util
import pathlib
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

import pictures

CLASSES = 10
FEATURE_DIRECTIONS = 6
LOGIT_DEVIATION = 3.0
STATISTICS_PASSES = 4


class Network(NamedTuple):
    kind: str
    input_shape: tuple
    arguments: dict
    feed: dict
    exporter: str
    opset: int | None
    dynamic_batch: bool


NETWORKS = {
    "phinet_96": Network("PhiNet", (3, 96, 96), {}, pictures.SYMMETRIC, "torchscript", 17, False),
    "phinet_96_a1_compat": Network(
        "PhiNet",
        (3, 96, 96),
        dict(alpha=1.0, beta=0.75, t_zero=5, num_layers=7, divisor=8, compatibility=True),
        pictures.IMAGENET,
        "torchscript",
        13,
        True,
    ),
    "phinet_96_a1": Network(
        "PhiNet",
        (3, 96, 96),
        dict(alpha=1.0, beta=0.75, t_zero=5, num_layers=7, divisor=8),
        pictures.SYMMETRIC,
        "dynamo",
        None,
        True,
    ),
    "phinet_96_conv2d_input": Network(
        "PhiNet",
        (3, 96, 96),
        dict(alpha=0.35, beta=1.0, t_zero=4, num_layers=7, conv2d_input=True, pool=True, conv5_percent=0.5),
        pictures.IMAGENET,
        "torchscript",
        11,
        False,
    ),
    "xinet_96": Network(
        "XiNet", (3, 96, 96), dict(alpha=1.0, gamma=4, num_layers=5), pictures.SYMMETRIC, "dynamo", None, False
    ),
    "xinet_64x96": Network(
        "XiNet", (3, 64, 96), dict(alpha=1.0, gamma=4, num_layers=5), pictures.IMAGENET, "torchscript", 17, True
    ),
}


def feed_of(network):
    """The part of model.json that says how pictures become inputs."""
    return {"input_shape": [1, *network.input_shape], **network.feed}


def load_micromind(kind):
    """micromind.networks.phinet or .xinet from its file: importing the package would ask for torchvision."""
    package = importlib.util.find_spec("micromind").submodule_search_locations[0]
    path = pathlib.Path(package) / "networks" / f"{kind.lower()}.py"
    spec = importlib.util.spec_from_file_location(f"micromind_{kind.lower()}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, kind)


def build(name):
    """The network called `name`, ready to export, in evaluation mode."""
    torch.set_num_threads(1)
    torch.manual_seed(sum(name.encode()))
    network = NETWORKS[name]
    model = load_micromind(network.kind)(
        network.input_shape, include_top=True, num_classes=CLASSES, **network.arguments
    )
    samples = torch.from_numpy(np.concatenate(pictures.load_pictures("calibration", feed_of(network))))
    with torch.no_grad():
        draw_batch_norms(model)
        settle_batch_norms(model, samples)
        set_classifier(model, samples)
    return model.eval()


def batch_norms(model):
    return [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]


def draw_batch_norms(model):
    for norm in batch_norms(model):
        norm.weight.uniform_(0.6, 1.4)
        norm.bias.normal_(0.0, 0.3)


def settle_batch_norms(model, samples):
    """Running statistics = plain averages over several passes of the pictures and their mirror images."""
    model.eval()
    for norm in batch_norms(model):
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    for index in range(STATISTICS_PASSES):
        model(samples if index % 2 == 0 else samples.flip(3))
    model.eval()


def set_classifier(model, samples):
    """Logits: random mixes of the features' leading principal directions, centred, with one common deviation."""
    pool, flatten, linear = model.classifier
    model.classifier = nn.Identity()
    features = flatten(pool(model(samples)))
    model.classifier = nn.Sequential(pool, flatten, linear)

    mean = features.mean(0)
    directions = torch.linalg.svd(features - mean, full_matrices=False).Vh[:FEATURE_DIRECTIONS]
    weight = torch.randn(linear.out_features, len(directions)) @ directions
    deviation = ((features - mean) @ weight.T).std()
    linear.weight.copy_(weight * (LOGIT_DEVIATION / deviation))
    linear.bias.copy_(-(linear.weight @ mean) + 0.5 * torch.randn(linear.out_features))


def parameter_count(model):
    return sum(parameter.numel() for parameter in model.parameters())
