"""Pictures to detect things in: cut-outs of Debian's tuxpaint-stamps-default pasted on scenes of its gnome-backgrounds.

`Sources` reads both from the folder where the packages were unpacked; `compose` makes one picture and says where each
cut-out is. make_detection_images.py stores some, export_detection.py trains on others of the same kind.

Only scenes whose licence is the package's own (GPL-2 or later) are used, since the cut-outs are GPL-2: not those that
its AUTHORS file puts under CC BY-SA.
"""

import io
import pathlib
import subprocess
from typing import NamedTuple

import numpy as np
from PIL import Image

SCENES = ["dune-d.svg", "dune-l.svg", "licorice-d.webp", "licorice-l.webp", "truchet-d.webp", "truchet-l.webp"]
SCENE_SIDE = 1024
LARGEST_STAMP = 320

# The cut-outs, and the colour of each, which is its class: learnt much sooner than a class for every cut-out.
STAMPS = [
    "food/fruit/mandarine",
    "town/roadsigns/stop",
    "animals/birds/cartoon/tux",
    "vehicles/auto/beetle",
    "sports/tennis_ball",
    "animals/mammals/giraffe",
    "space/planets/6_saturn",
    "plants/flowers/flower1",
    "space/moon/moon_full",
    "town/roadsigns/hospital",
    "animals/insects/cartoon/butterfly",
    "plants/flowers/anemone_red",
    "plants/trees/holm_oak",
    "food/dessert/cartoon/pink_cake",
    "food/fruit/cartoon/grapes",
    "animals/fish/bluegroper",
    "animals/lizards/iguana",
    "vehicles/locomotive/cartoon/carriage",
    "household/kettle",
    "clothes/hats/sombrero",
]
COLOUR_NAMES = ["orange", "red", "blue", "green", "violet", "grey"]
COLOURS = [0, 1, 5, 1, 3, 0, 0, 4, 5, 2, 0, 1, 3, 4, 4, 2, 3, 0, 5, 0]
LABELS = [stamp.rsplit("/", 1)[1] for stamp in STAMPS]

SMALLEST_SIDE, LARGEST_SIDE = 34, 110
LARGEST_ROTATION = 12
OPAQUE = 128


class Thing(NamedTuple):
    """A cut-out in a picture: which, and the box around its opaque pixels."""

    label: int
    x1: float
    y1: float
    x2: float
    y2: float


class Picture(NamedTuple):
    """`pixels` [H, W, 3] uint8; `owner` [H, W] uint8: 0, or 1 + the index of the thing that a pixel shows."""

    pixels: np.ndarray
    things: list
    owner: np.ndarray


class Sources:
    """Scenes and cut-outs. `folder` is where `dpkg-deb -x` put both packages; SVG scenes need rsvg-convert."""

    def __init__(self, folder):
        share = pathlib.Path(folder) / "usr" / "share"
        self.scenes = [read_scene(share / "backgrounds" / "gnome" / name) for name in SCENES]
        self.stamps = [read_stamp(share / "tuxpaint" / "stamps" / f"{name}.png") for name in STAMPS]


def read_scene(path):
    if path.suffix == ".svg":
        command = ["rsvg-convert", "--width", str(SCENE_SIDE), "--height", str(SCENE_SIDE), str(path)]
        picture = Image.open(io.BytesIO(subprocess.run(command, check=True, capture_output=True).stdout))
    else:
        picture = Image.open(path)
    return picture.convert("RGB").resize((SCENE_SIDE, SCENE_SIDE), Image.Resampling.LANCZOS)


def read_stamp(path):
    picture = Image.open(path).convert("RGBA")
    picture = picture.crop(picture.getchannel("A").getbbox())
    picture.thumbnail((LARGEST_STAMP, LARGEST_STAMP), Image.Resampling.LANCZOS)
    return picture


def crop_scene(rng, scene, height, width):
    """A random part of a scene, a third of its side to all of it, perhaps mirrored."""
    factor = rng.uniform(0.33, 1.0) * SCENE_SIDE / max(height, width)
    side_x, side_y = int(width * factor), int(height * factor)
    left, top = (int(rng.integers(0, SCENE_SIDE - side + 1)) for side in (side_x, side_y))
    part = scene.crop((left, top, left + side_x, top + side_y)).resize((width, height), Image.Resampling.BILINEAR)
    return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else part


def transform_stamp(rng, stamp, side):
    """The cut-out with `side` pixels along its longer side, perhaps mirrored, turned a little, of another brightness."""
    scale = side / max(stamp.size)
    size = tuple(max(1, round(length * scale)) for length in stamp.size)
    result = stamp.resize(size, Image.Resampling.BILINEAR)
    if rng.random() < 0.5:
        result = result.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    result = result.rotate(rng.uniform(-LARGEST_ROTATION, LARGEST_ROTATION), Image.Resampling.BILINEAR, expand=True)
    brightness = rng.uniform(0.8, 1.15)
    colours = [channel.point(lambda value: min(255, int(value * brightness))) for channel in result.split()[:3]]
    return Image.merge("RGBA", [*colours, result.getchannel("A")])


def overlaps(box, things):
    """Whether more than a twelfth of the smaller of two boxes is shared."""
    for thing in things:
        width = min(box[2], thing.x2) - max(box[0], thing.x1)
        height = min(box[3], thing.y2) - max(box[1], thing.y1)
        areas = ((box[2] - box[0]) * (box[3] - box[1]), (thing.x2 - thing.x1) * (thing.y2 - thing.y1))
        if width > 0 and height > 0 and width * height > min(areas) / 12:
            return True
    return False


def compose(rng, sources, height=256, width=256, wanted=7, largest=LARGEST_SIDE):
    """A picture with about `wanted` things whose sides are SMALLEST_SIDE to `largest`; fewer when there is no room."""
    canvas = crop_scene(rng, sources.scenes[int(rng.integers(len(sources.scenes)))], height, width)
    owner = np.zeros((height, width), np.uint8)
    things = []
    for _ in range(4 * wanted):
        if len(things) == wanted:
            break
        label = int(rng.integers(len(STAMPS)))
        side = np.exp(rng.uniform(np.log(SMALLEST_SIDE), np.log(largest)))
        stamp = transform_stamp(rng, sources.stamps[label], side)
        opaque = np.asarray(stamp.getchannel("A")) >= OPAQUE
        rows, columns = np.flatnonzero(opaque.any(1)), np.flatnonzero(opaque.any(0))
        if len(rows) == 0 or stamp.width >= width or stamp.height >= height:
            continue
        left, top = int(rng.integers(0, width - stamp.width + 1)), int(rng.integers(0, height - stamp.height + 1))
        box = (left + columns[0], top + rows[0], left + columns[-1] + 1, top + rows[-1] + 1)
        if overlaps(box, things):
            continue
        canvas.paste(stamp, (left, top), stamp)
        things.append(Thing(label, *(float(edge) for edge in box)))
        owner[top : top + stamp.height, left : left + stamp.width][opaque] = len(things)
    return Picture(np.asarray(canvas), things, owner)
