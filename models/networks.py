"""The six networks: micromind's architectures with the arguments, input scaling and exporter of each.

micromind's own weights are for other tasks, and random ones make bad test models (activations drift, errors are
amplified from layer to layer, every picture gets the same logits), so training.py trains these, briefly.
"""

import importlib.util
import pathlib
from typing import NamedTuple

import pictures

CLASSES = ["person", "rocket", "wall", "cat", "building", "plant", "tableware", "coin", "tissue", "moon"]


class Network(NamedTuple):
    kind: str
    input_shape: tuple
    arguments: dict
    feed: dict
    exporter: str
    opset: int | None
    dynamic_batch: bool
    training_steps: int


NETWORKS = {
    "phinet_96": Network("PhiNet", (3, 96, 96), {}, pictures.SYMMETRIC, "torchscript", 17, False, 400),
    "phinet_96_a1_compat": Network(
        "PhiNet",
        (3, 96, 96),
        dict(alpha=1.0, beta=0.75, t_zero=5, num_layers=7, divisor=8, compatibility=True),
        pictures.IMAGENET,
        "torchscript",
        13,
        True,
        200,
    ),
    "phinet_96_a1": Network(
        "PhiNet",
        (3, 96, 96),
        dict(alpha=1.0, beta=0.75, t_zero=5, num_layers=7, divisor=8),
        pictures.SYMMETRIC,
        "dynamo",
        None,
        True,
        200,
    ),
    "phinet_96_conv2d_input": Network(
        "PhiNet",
        (3, 96, 96),
        dict(alpha=0.35, beta=1.0, t_zero=4, num_layers=7, conv2d_input=True, pool=True, conv5_percent=0.5),
        pictures.IMAGENET,
        "torchscript",
        11,
        False,
        200,
    ),
    "xinet_96": Network(
        "XiNet", (3, 96, 96), dict(alpha=1.0, gamma=4, num_layers=5), pictures.SYMMETRIC, "dynamo", None, False, 200
    ),
    "xinet_64x96": Network(
        "XiNet", (3, 64, 96), dict(alpha=1.0, gamma=4, num_layers=5), pictures.IMAGENET, "torchscript", 17, True, 200
    ),
}


def feed_of(network):
    """The part of model.json that says how pictures become inputs."""
    return {"input_shape": [1, *network.input_shape], **network.feed}


def load_micromind(kind, module=None):
    """PhiNet, XiNet or another class of their modules, from the file: importing the package would ask for torchvision."""
    module_name = module or kind.lower()
    package = importlib.util.find_spec("micromind").submodule_search_locations[0]
    path = pathlib.Path(package) / "networks" / f"{module_name}.py"
    spec = importlib.util.spec_from_file_location(f"micromind_{module_name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, kind)


def create(name):
    """The untrained network called `name`, with its classifier head."""
    network = NETWORKS[name]
    architecture = load_micromind(network.kind)
    return architecture(network.input_shape, include_top=True, num_classes=len(CLASSES), **network.arguments)
