#!/usr/bin/env python3
"""Exports the audio encoder of tinyCLAP (Paissan and Farella, arXiv 2311.14517): a small one for this folder, the full one
on demand.

    python3 models/export_tinyclap.py SOUNDS               # models/tinyclap_small; 2 minutes
    python3 models/export_tinyclap.py SOUNDS --full -o DIR # 4.4 million parameters, with test clips; 10 minutes

SOUNDS: see sound_clips.py. The network, from the paper, its PhiNet from micromind:

    log-mel dB [1, 1, 640, 64] -> transpose, BatchNorm2d over the 64 mel bins, transpose
      -> PhiNet (compatibility=True) -> 1x1 convolution with stride 2 -> mean over space
      -> e = W1 x;  LayerNorm(e + W2 gelu(e)) -> length 1

The weights are seeded and trained for minutes: the embedding of a sound comes near the sentence vector of its file
name (make_labels.py), as CLAP brings sounds near texts. Batch norms have the statistics of real sounds. It is
no classifier for real use.
"""

import argparse
import pathlib
import wave
from typing import NamedTuple

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

import export
import make_labels
import networks
import onnx_files
import sound_clips
import sounds
import training

TEMPERATURE = 15.0
BATCH = 8


class Size(NamedTuple):
    name: str
    alpha: float
    wide: int  # channels of the last convolution
    embedding: int
    clips: int  # trained on
    steps: int
    calibration: int
    test: int


SMALL = Size("tinyclap_small", 0.5, 512, 256, 48, 150, 6, 1)
FULL = Size("tinyclap", 1.5, 2048, 1024, 64, 150, 16, 16)


class Encoder(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.mel_norm = nn.BatchNorm2d(sounds.BANDS)
        self.features = networks.load_micromind("PhiNet")(
            (1, sounds.FRAMES, sounds.BANDS),
            alpha=size.alpha,
            beta=0.75,
            t_zero=6,
            num_layers=7,
            compatibility=True,
            include_top=False,
        )
        with torch.no_grad():
            channels = self.features(torch.zeros(1, 1, sounds.FRAMES, sounds.BANDS)).shape[1]
        self.widen = nn.Conv2d(channels, size.wide, 1, stride=2)
        self.first = nn.Linear(size.wide, size.embedding, bias=False)
        self.second = nn.Linear(size.embedding, size.embedding, bias=False)
        self.norm = nn.LayerNorm(size.embedding)

    def forward(self, spectrogram):
        x = self.mel_norm(spectrogram.transpose(1, 3)).transpose(1, 3)
        x = self.widen(self.features(x)).mean((2, 3))
        e = self.first(x)
        return F.normalize(self.norm(e + self.second(F.gelu(e))))


def augment(clips):
    """Each clip moved in time, louder or softer, with a little noise; all in dB."""
    moved = [torch.roll(one, int(torch.randint(0, sounds.FRAMES, ())), dims=1) for one in clips]
    louder = 5.0 * torch.randn(len(clips), 1, 1, 1)
    return torch.stack(moved) + louder + 1.5 * torch.randn_like(clips)


def descend(model, clips, targets, steps):
    optimizer = torch.optim.AdamW(model.parameters(), lr=training.LEARNING_RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, training.LEARNING_RATE, total_steps=steps)
    model.train()
    for step in range(steps):
        chosen = torch.randperm(len(clips))[:BATCH]
        optimizer.zero_grad()
        embeddings = model(augment(clips[chosen]))
        loss = F.cross_entropy(TEMPERATURE * embeddings @ targets.T, chosen)
        loss = loss - (embeddings * targets[chosen]).sum(1).mean()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 10 == 0:
            print(f"step {step}: loss {loss.item():.3f}", flush=True)


@torch.no_grad()
def settle_batch_norms(model, clips):
    """Running statistics = the average over the clips, in batches; mel bins stay where they are."""
    model.eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None
            module.train()
    for batch in clips.split(BATCH):
        model(batch)
    model.eval()


def write_wave(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sounds.RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def write_clips(target, exported, test):
    """sounds/I.wav, test/I.npy (their spectrograms) and embeddings.npy (ONNX Runtime's, float, [clips, numbers])."""
    spectrograms = [sound_clips.spectrogram(samples) for samples, _ in test]
    for folder in ("sounds", "test"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    for index, (samples, _) in enumerate(test):
        write_wave(target / "sounds" / f"{index:02}.wav", samples)
        np.save(target / "test" / f"{index:02}.npy", spectrograms[index])
    captions = [f"{index:02} {caption}\n" for index, (_, caption) in enumerate(test)]
    (target / "sounds" / "captions.txt").write_text("".join(captions))
    np.save(target / "embeddings.npy", onnx_files.run(exported, spectrograms))


def make(folder, size, target, full):
    trained_on = sound_clips.make(folder, size.clips, seed=1)
    calibration = sound_clips.make(folder, size.calibration, seed=2)
    test = sound_clips.make(folder, size.test, seed=3)
    clips = torch.from_numpy(np.concatenate([sound_clips.spectrogram(samples) for samples, _ in trained_on]))
    targets = torch.from_numpy(make_labels.embed([caption for _, caption in trained_on], size.embedding))
    model = Encoder(size)
    settle_batch_norms(model, clips[: 2 * BATCH])
    descend(model, clips, targets, size.steps)
    settle_batch_norms(model, clips)

    sample = torch.from_numpy(sound_clips.spectrogram(test[0][0]))
    exported = export.export_torchscript(model, sample, 17, False, output_names=["embedding"])
    onnx.checker.check_model(exported)
    (target / "calibration").mkdir(parents=True, exist_ok=True)
    onnx.save(exported, target / f"{size.name}.onnx")
    onnx_files.write_json(target / "model.json", {"input_shape": [1, 1, sounds.FRAMES, sounds.BANDS]})
    for index, (samples, _) in enumerate(calibration):
        np.save(target / "calibration" / f"{index:02}.npy", sound_clips.spectrogram(samples))
    onnx_files.write_test_sets(target, exported, [sample.numpy()])
    make_labels.write(target / "labels.json", make_labels.split_names(make_labels.NAMES), size.embedding)
    if full:
        write_clips(target, exported, test)
    checked = [sound_clips.spectrogram(samples) for samples, _ in sound_clips.make(folder, 8, seed=3)]
    outputs = onnx_files.run(exported, checked)
    print(f"{size.name}: {training.parameter_count(model)} parameters, cosines between test clips")
    print((outputs @ outputs.T).round(2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sounds", type=pathlib.Path, help="a folder of sounds")
    parser.add_argument("--full", action="store_true", help="the whole encoder, 19 MB: not for the repository")
    parser.add_argument("--steps", type=int, help="of training, instead of the usual number")
    parser.add_argument("-o", "--output", type=pathlib.Path, help="the folder; default: models/tinyclap_small")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    size = FULL if options.full else SMALL
    if options.steps:
        size = size._replace(steps=options.steps)
    make(options.sounds, size, options.output or onnx_files.MODELS / size.name, options.full)


if __name__ == "__main__":
    main()
