#!/usr/bin/env python3
"""Cuts the 32 pictures of models/images/ out of the photographs that two PyPI wheels carry.

    pip download --no-deps -d /tmp/wheels scikit-image==0.26.0 scikit-learn==1.9.1
    python3 models/make_images.py /tmp/wheels

A crop is a square of the source photograph, resized to 128x128 RGB. Crops never overlap: calibration
and test pictures share no pixel, which this script checks before it writes anything.
"""

import io
import pathlib
import sys
import zipfile
from typing import NamedTuple

from PIL import Image

SIDE = 128
IMAGES = pathlib.Path(__file__).parent / "images"

SOURCES = {
    "astronaut": "skimage/data/astronaut.png",
    "brick": "skimage/data/brick.png",
    "camera": "skimage/data/camera.png",
    "chelsea": "skimage/data/chelsea.png",
    "coffee": "skimage/data/coffee.png",
    "coins": "skimage/data/coins.png",
    "grass": "skimage/data/grass.png",
    "gravel": "skimage/data/gravel.png",
    "hubble": "skimage/data/hubble_deep_field.jpg",
    "ihc": "skimage/data/ihc.png",
    "moon": "skimage/data/moon.png",
    "retina": "skimage/data/retina.jpg",
    "rocket": "skimage/data/rocket.jpg",
    "china": "sklearn/datasets/images/china.jpg",
    "flower": "sklearn/datasets/images/flower.jpg",
}


class Crop(NamedTuple):
    source: str
    part: str
    left: int
    top: int
    side: int

    def box(self):
        return (self.left, self.top, self.left + self.side, self.top + self.side)


CALIBRATION = [
    Crop("astronaut", "face", 144, 0, 192),
    Crop("astronaut", "shuttle", 340, 0, 172),
    Crop("brick", "wall", 0, 0, 256),
    Crop("camera", "man", 60, 60, 220),
    Crop("chelsea", "left_eye", 40, 90, 170),
    Crop("china", "pagoda", 60, 20, 230),
    Crop("china", "trees", 430, 240, 187),
    Crop("coffee", "cup", 180, 0, 240),
    Crop("coffee", "table", 0, 260, 140),
    Crop("coins", "right", 200, 120, 180),
    Crop("flower", "bloom", 170, 60, 240),
    Crop("grass", "lawn", 0, 0, 256),
    Crop("ihc", "left", 0, 0, 256),
    Crop("moon", "craters", 0, 0, 256),
    Crop("retina", "disc", 80, 400, 500),
    Crop("rocket", "masts", 0, 100, 213),
]

TEST = [
    Crop("astronaut", "flag", 0, 0, 130),
    Crop("astronaut", "suit", 100, 210, 190),
    Crop("camera", "field", 290, 200, 200),
    Crop("chelsea", "right_eye", 220, 60, 200),
    Crop("china", "lake", 430, 90, 150),
    Crop("china", "shrubs", 0, 260, 167),
    Crop("coffee", "spoon", 330, 250, 150),
    Crop("coffee", "wood", 440, 0, 160),
    Crop("coins", "left", 0, 0, 180),
    Crop("flower", "leaves", 430, 100, 200),
    Crop("gravel", "stones", 256, 256, 256),
    Crop("hubble", "galaxies", 300, 300, 300),
    Crop("ihc", "right", 256, 256, 256),
    Crop("retina", "macula", 700, 500, 500),
    Crop("rocket", "falcon", 240, 130, 180),
    Crop("rocket", "tower", 430, 200, 200),
]


def overlap(a, b):
    if a.source != b.source:
        return False
    return abs(a.left - b.left) < (a.side if a.left < b.left else b.side) and abs(a.top - b.top) < (
        a.side if a.top < b.top else b.side
    )


def check_disjoint(crops):
    for i, first in enumerate(crops):
        for second in crops[i + 1 :]:
            if overlap(first, second):
                raise SystemExit(f"{first} and {second} overlap")


def read_sources(wheels):
    """Every source photograph, as an RGB image, by its short name."""
    photographs = {}
    for wheel in sorted(pathlib.Path(wheels).glob("scikit_*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            members = set(archive.namelist())
            for name, path in SOURCES.items():
                if path in members:
                    photographs[name] = Image.open(io.BytesIO(archive.read(path))).convert("RGB")
    missing = SOURCES.keys() - photographs.keys()
    if missing:
        raise SystemExit(f"not found in the wheels of {wheels}: {', '.join(sorted(missing))}")
    return photographs


def write_crops(folder, crops, photographs):
    folder.mkdir(parents=True, exist_ok=True)
    for crop in crops:
        photograph = photographs[crop.source]
        box = crop.box()
        if box[2] > photograph.width or box[3] > photograph.height:
            raise SystemExit(f"{crop} leaves its photograph of {photograph.size}")
        picture = photograph.crop(box).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        picture.save(folder / f"{crop.source}_{crop.part}.png", optimize=True)


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    check_disjoint(CALIBRATION + TEST)
    photographs = read_sources(sys.argv[1])
    write_crops(IMAGES / "calibration", CALIBRATION, photographs)
    write_crops(IMAGES / "test", TEST, photographs)


if __name__ == "__main__":
    main()
