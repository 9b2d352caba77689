#!/usr/bin/env python3
"""Exports phinet_640x64, a plain PhiNet on one 640x64 channel that stands for the tinyCLAP audio encoder.

    apt-get download alsa-utils && dpkg-deb -x alsa-utils_*.deb /tmp/alsa
    python3 models/export_encoder.py /tmp/alsa/usr/share/sounds/alsa

It writes the ONNX file, calibration/*.npy (8 spectrograms), test_data_set_0 to 3 and model.json. The network is trained
for a minute to bring its embedding near a fixed random vector for each name, as CLAP brings sound near text; then its
batch-norm statistics are set from the calibration clips.
"""

import sys

import numpy as np
import onnx
import torch
import torch.nn.functional as F

import export
import networks
import onnx_files
import sounds
import training

NAME = "phinet_640x64"
EMBEDDING = 128
STEPS = 60
TEMPERATURE = 10.0


def create():
    return networks.load_micromind("PhiNet")(
        (1, sounds.FRAMES, sounds.BANDS),
        alpha=1.5,
        beta=0.75,
        t_zero=6,
        num_layers=7,
        compatibility=True,
        include_top=True,
        num_classes=EMBEDDING,
    )


def augment(clips):
    """Each clip moved in time, louder or softer, with a little noise."""
    moved = [torch.roll(one, int(torch.randint(0, sounds.FRAMES, ())), dims=1) for one in clips]
    louder = 0.3 * torch.randn(len(clips), 1, 1, 1)
    return torch.stack(moved) + louder + 0.1 * torch.randn_like(clips)


def descend(model, clips):
    names = F.normalize(torch.randn(len(clips), EMBEDDING))
    optimizer = torch.optim.AdamW(model.parameters(), lr=training.LEARNING_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, training.LEARNING_RATE, total_steps=STEPS)
    model.train()
    for _ in range(STEPS):
        optimizer.zero_grad()
        near = TEMPERATURE * F.normalize(model(augment(clips))) @ names.T
        F.cross_entropy(near, torch.arange(len(clips))).backward()
        optimizer.step()
        schedule.step()


def main(folder):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    calibration = sounds.load(folder, sounds.CALIBRATION)
    test = sounds.load(folder, sounds.TEST)
    clips = torch.from_numpy(np.concatenate(calibration))
    model = create()
    descend(model, clips)
    training.settle_batch_norms(model, clips)

    exported = export.export_torchscript(model, torch.from_numpy(test[0]), 17, False, output_names=["embedding"])
    onnx.checker.check_model(exported)
    target = onnx_files.MODELS / NAME
    (target / "calibration").mkdir(parents=True, exist_ok=True)
    onnx.save(exported, target / f"{NAME}.onnx")
    onnx_files.write_json(target / "model.json", {"input_shape": [1, 1, sounds.FRAMES, sounds.BANDS]})
    for index, sample in enumerate(calibration):
        np.save(target / "calibration" / f"{index}.npy", sample)
    onnx_files.write_test_sets(target, exported, test)
    outputs = onnx_files.run(exported, test + calibration)
    print(f"{NAME}: {training.parameter_count(model)} parameters, cosines between clips")
    unit = outputs / np.linalg.norm(outputs, axis=1, keepdims=True)
    print((unit @ unit.T).round(2))


if __name__ == "__main__":
    main(sys.argv[1])
