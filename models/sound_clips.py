"""Clips of real sounds, made from a seed: what tinyCLAP's encoder is trained, calibrated and tested on here.

    mkdir /tmp/sounds && cd /tmp/sounds
    apt-get download alsa-utils sound-theme-freedesktop sound-icons oxygen-sounds
    for deb in *.deb; do dpkg-deb -x $deb .; done          # the scripts then take /tmp/sounds/usr/share/sounds

A clip is one sound, or two in turn, played again and again at a speed and a loudness, with pauses of silence, and for
half of the clips a room's noise under all of it. It is rounded to 16 bits, as a microphone gives it, before its
spectrogram is taken (sounds.log_mel). Its caption is the file's name in words: "camera shutter", "phone ring".
"""

import pathlib
import re

import numpy as np
import soundfile

import sounds

LENGTH = sounds.HOP * sounds.FRAMES
SUFFIXES = {".wav", ".ogg", ".oga"}
PREFIXES = re.compile(r"^(Oxygen-|Im-|Sys-|K3B-|audio-)+")


def files_of(folder):
    """The sounds below `folder`, by path: the order is the same wherever the folder is."""
    found = [path for path in pathlib.Path(folder).rglob("*") if path.suffix in SUFFIXES and path.is_file()]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def caption_of(path):
    words = re.sub(r"[-_0-9]+", " ", PREFIXES.sub("", path.stem))
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words).strip().lower()


def read(path):
    """One channel in [-1, 1] at 44100 Hz, its peak at 1."""
    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    mono = sounds.resample(samples.mean(axis=1), rate / sounds.RATE)
    return mono / max(np.abs(mono).max(), 1e-9)


def noise_of(folder):
    return read(next(path for path in files_of(folder) if path.stem == "Noise"))


def clip(paths, index, noise, random):
    """int16 [204800] around the sound `index`, and that sound's caption."""
    parts = [index] if random.random() < 0.6 else [index, int(random.integers(len(paths)))]
    speed, loudness = random.uniform(0.9, 1.1), 10 ** random.uniform(-1.5, -0.1)
    pieces = [sounds.resample(read(paths[part]), speed) for part in parts]
    samples = np.zeros(LENGTH)
    at, turn = int(random.integers(0, 20000)), 0
    while at < LENGTH:
        piece = pieces[turn % len(pieces)][: LENGTH - at]
        samples[at : at + len(piece)] += piece
        at += len(piece) + int(random.integers(2000, 40000))
        turn += 1
    if random.random() < 0.5:
        start = int(random.integers(len(noise)))
        samples += 10 ** random.uniform(-3.0, -1.3) * np.resize(np.roll(noise, start), LENGTH)
    samples = np.clip(np.round(32767 * loudness * samples), -32768, 32767)
    return samples.astype(np.int16), caption_of(paths[index])


def make(folder, count, seed):
    """`count` clips of distinct sounds: (int16 samples, caption) each."""
    random = np.random.default_rng(seed)
    paths = files_of(folder)
    noise = noise_of(folder)
    chosen = random.permutation(len(paths))
    return [clip(paths, int(chosen[number % len(paths)]), noise, random) for number in range(count)]


def spectrogram(samples):
    """float32 [1, 1, 640, 64] in dB: what the encoder takes."""
    return sounds.log_mel(samples / 32768.0).astype(np.float32)[None, None]
