"""How pictures become network inputs: the definition that `linnet --resize` follows (see README.md).

For one output pixel (y, x), all in double:

    sx = (x + 0.5) * (W_in / W_out) - 0.5, clamped to [0, W_in - 1];   sy likewise
    x0 = floor(sx), x1 = min(x0 + 1, W_in - 1), t = sx - x0;           y0, y1, u likewise
    upper = p[y0][x0] + (p[y0][x1] - p[y0][x0]) * t
    lower = p[y1][x0] + (p[y1][x1] - p[y1][x0]) * t
    value = ((upper + (lower - upper) * u) - mean[c]) * scale[c]

and one rounding to float32 at the end. Pixels p are 0..255, RGB; the tensor is NCHW.
"""

import pathlib

import numpy as np
from PIL import Image

IMAGES = pathlib.Path(__file__).parent / "images"
DETECTION_IMAGES = pathlib.Path(__file__).parent / "detection_images"

SYMMETRIC = {"mean": [127.5] * 3, "scale": [1 / 127.5] * 3}
IMAGENET = {"mean": [123.675, 116.28, 103.53], "scale": [1 / 58.395, 1 / 57.12, 1 / 57.375]}


def source_positions(length_in, length_out):
    position = (np.arange(length_out) + 0.5) * (length_in / length_out) - 0.5
    position = np.clip(position, 0.0, length_in - 1.0)
    first = np.floor(position).astype(int)
    second = np.minimum(first + 1, length_in - 1)
    return first, second, position - first


def resize_bilinear(pixels, height, width):
    """[H, W, C] to [height, width, C] in double; half-pixel centres, edges clamped, no antialiasing."""
    pixels = pixels.astype(np.float64)
    y0, y1, u = source_positions(pixels.shape[0], height)
    x0, x1, t = source_positions(pixels.shape[1], width)
    t, u = t[None, :, None], u[:, None, None]
    upper = pixels[y0][:, x0] + (pixels[y0][:, x1] - pixels[y0][:, x0]) * t
    lower = pixels[y1][:, x0] + (pixels[y1][:, x1] - pixels[y1][:, x0]) * t
    return upper + (lower - upper) * u


def load_picture(path, feed):
    """One PNG as a float32 tensor [1, 3, H, W]; `feed` is what model.json says."""
    _, _, height, width = feed["input_shape"]
    pixels = resize_bilinear(np.asarray(Image.open(path).convert("RGB")), height, width)
    values = (pixels - np.array(feed["mean"])) * np.array(feed["scale"])
    return values.astype(np.float32).transpose(2, 0, 1)[None]


def picture_paths(subset, folder=IMAGES):
    """The pictures of `folder`/`subset` in file-name order."""
    return sorted((folder / subset).glob("*.png"))


def load_pictures(subset, feed, folder=IMAGES):
    """All of them, as a list of [1, 3, H, W]."""
    return [load_picture(path, feed) for path in picture_paths(subset, folder)]
