#!/usr/bin/env python3
"""Reference vectors of the log-mel front end: what tests/kernels/log_mel_test.cpp compares LogMel with.

    apt-get download alsa-utils && dpkg-deb -x alsa-utils_*.deb /tmp/alsa
    python3 models/log_mel_reference.py /tmp/alsa/usr/share/sounds/alsa

Short clips of Debian's alsa-utils sounds (GPL-2) as 16-bit samples, and their rows in dB by sounds.py's float64 version
of torchlibrosa's definition: `NAME.samples.npy`, int16 [16 * 320], and `NAME.rows.npy`, float32 [16, 64].
"""

import pathlib
import sys

import numpy as np

import sounds

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tests/kernels/log_mel"
FRAMES = 16
CLIPS = {  # sound, seconds into it, loudness
    "onset": ("Front_Center", 0.02, 1.0),
    "speech": ("Side_Left", 0.55, 0.9),
    "faint": ("Rear_Right", 0.30, 0.004),
    "noise": ("Noise", 0.10, 1.0),
}


def rows(samples):
    """dB [frames, bands] of 16-bit samples that make a clip of whole hops."""
    padded = np.pad(samples / 32768.0, sounds.WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, sounds.WINDOW)[:: sounds.HOP][: len(samples) // sounds.HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(sounds.WINDOW) / sounds.WINDOW)
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    return 10 * np.log10(np.maximum(power @ sounds.mel_filters(), 1e-10))


def main():
    folder = pathlib.Path(sys.argv[1])
    FOLDER.mkdir(exist_ok=True)
    for name, (sound, start, loudness) in CLIPS.items():
        samples, rate = sounds.read_wave(folder / f"{sound}.wav")
        samples = sounds.resample(samples, rate / sounds.RATE)[int(start * sounds.RATE) :][: FRAMES * sounds.HOP]
        clip = np.round(samples * loudness * 32768).astype("<i2")
        np.save(FOLDER / f"{name}.samples.npy", clip)
        np.save(FOLDER / f"{name}.rows.npy", rows(clip).astype("<f4"))
        print(f"{name}: largest sample {np.abs(clip).max()}, {rows(clip).min():.1f} to {rows(clip).max():.1f} dB")


if __name__ == "__main__":
    main()
