#!/usr/bin/env python3
"""Makes the pictures of models/detection_images/: cut-outs pasted on scenes, both from Debian packages.

    apt-get download gnome-backgrounds tuxpaint-stamps-default
    for package in *.deb; do dpkg-deb -x $package SOURCES; done
    python3 models/make_detection_images.py SOURCES          # needs rsvg-convert (librsvg2-bin) too

test/ (50) and calibration/ (16) are 256x256 PNG with a palette of 256 colours, so every reader decodes the same pixels;
camera/ has two frames of the shapes of cameras. FOLDER.json: where each cut-out is; labels.txt: their names, in the
order of the classes. Seeds are fixed; no picture is in two folders, but scenes and cut-outs are the same everywhere.
"""

import json
import pathlib
import sys

import numpy as np
from PIL import Image

import detection_pictures

FOLDER = pathlib.Path(__file__).parent / "detection_images"
SIDE = 256
SUBSETS = {"calibration": 16, "test": 50}
SEEDS = {"calibration": 1, "test": 2, "camera": 3}
FEWEST, MOST = 5, 9
CAMERAS = {"qvga": (240, 320, 7), "vga": (480, 640, 9)}


def write_picture(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(picture.pixels)
    image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)


def write_things(path, pictures):
    """Per file name a list of [label, x1, y1, x2, y2], one picture a line."""
    lines = (f"  {json.dumps(name)}: {json.dumps(things)}" for name, things in pictures.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def write_subset(sources, subset, shapes):
    """One picture for each (name, height, width, wanted) of `shapes`."""
    rng = np.random.default_rng(SEEDS[subset])
    written = {}
    for name, height, width, wanted in shapes(rng):
        largest = detection_pictures.LARGEST_SIDE * height / SIDE
        picture = detection_pictures.compose(rng, sources, height, width, wanted, largest)
        write_picture(FOLDER / subset / f"{name}.png", picture)
        written[f"{name}.png"] = [[detection_pictures.LABELS[thing.label], *thing[1:]] for thing in picture.things]
    write_things(FOLDER / f"{subset}.json", written)


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    sources = detection_pictures.Sources(sys.argv[1])
    for subset, count in SUBSETS.items():
        write_subset(
            sources,
            subset,
            lambda rng: (
                (f"{subset}_{index:02}", SIDE, SIDE, int(rng.integers(FEWEST, MOST + 1))) for index in range(count)
            ),
        )
    (FOLDER / "labels.txt").write_text("\n".join(detection_pictures.LABELS) + "\n")
    write_subset(sources, "camera", lambda rng: ((name, *shape) for name, shape in CAMERAS.items()))


if __name__ == "__main__":
    main()
