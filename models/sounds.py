"""Log-mel spectrograms of real sounds: what stands for the input of the tinyCLAP audio encoder.

The sounds are the spoken channel names and the noise of Debian's alsa-utils (GPL-2), unpacked from the package; only
spectrograms of them are stored. The definition is that of the tinyCLAP front end: 44100 Hz, a Hann window of 1024
samples every 320, centred frames with reflection at the ends, power, 64 Slaney mel bands from 50 to 14000 Hz,
10 log10 with a floor of 1e-10. All in double; then (dB + 40) / 20 as float32 [1, 1, 640, 64], which takes the place
of the encoder's batch norm over mel bands.
"""

import pathlib
import wave

import numpy as np

RATE, WINDOW, HOP, FRAMES, BANDS = 44100, 1024, 320, 640, 64
LOWEST_HZ, HIGHEST_HZ = 50.0, 14000.0
CENTRE_DB, STEP_DB = -40.0, 20.0

# Each clip is three sounds one after the other, played at a speed and a loudness; the first names the clip.
CALIBRATION = [
    (("Front_Center", "Rear_Left", "Side_Right"), 1.0, 1.0),
    (("Front_Left", "Noise", "Rear_Right"), 0.93, 0.7),
    (("Front_Right", "Side_Left", "Front_Center"), 1.06, 0.5),
    (("Noise", "Front_Center", "Front_Left"), 1.0, 0.9),
    (("Rear_Center", "Front_Right", "Noise"), 0.9, 0.35),
    (("Rear_Left", "Side_Left", "Rear_Center"), 1.1, 0.8),
    (("Rear_Right", "Rear_Left", "Front_Right"), 0.97, 0.2),
    (("Side_Right", "Noise", "Side_Left"), 1.03, 0.6),
]
TEST = [
    (("Side_Left", "Rear_Right", "Front_Left"), 1.0, 0.8),
    (("Front_Center", "Noise", "Rear_Center"), 1.08, 0.45),
    (("Noise", "Side_Right", "Rear_Left"), 0.95, 0.65),
    (("Rear_Right", "Front_Left", "Side_Right"), 0.9, 0.9),
]


def read_wave(path):
    """Samples in [-1, 1) of one channel of 16 bits, and their rate."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2), path
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples / 32768.0, file.getframerate()


def resample(samples, factor):
    """Every `factor` samples by linear interpolation."""
    return np.interp(np.arange(0, len(samples) - 1, factor), np.arange(len(samples)), samples)


def clip(folder, recipe):
    names, speed, loudness = recipe
    parts = []
    for name in names:
        samples, rate = read_wave(pathlib.Path(folder) / f"{name}.wav")
        parts.append(resample(samples, speed * rate / RATE))
    samples = np.concatenate(parts)[: HOP * FRAMES] * loudness
    return np.pad(samples, (0, HOP * FRAMES - len(samples)))


def mel_of(hz):
    """Slaney's scale: linear up to 1000 Hz (mel 15), logarithmic above."""
    return np.where(hz < 1000.0, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1000.0) / 1000) / np.log(6.4))


def hz_of(mel):
    return np.where(mel < 15.0, mel * 200 / 3, 1000 * np.exp((np.maximum(mel, 15.0) - 15) * np.log(6.4) / 27))


def mel_filters():
    """[bins, bands]: triangles between neighbouring mel frequencies, each of area 2 (in Hz)."""
    edges = hz_of(np.linspace(mel_of(np.array(LOWEST_HZ)), mel_of(np.array(HIGHEST_HZ)), BANDS + 2))
    bins = np.arange(WINDOW // 2 + 1)[:, None] * (RATE / WINDOW)
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(np.minimum(rising, falling), 0.0) * (2.0 / (edges[2:] - edges[:-2]))


def log_mel(samples):
    """[FRAMES, BANDS] in dB."""
    padded = np.pad(samples, WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:FRAMES]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    power = np.abs(np.fft.rfft(frames * hann)) ** 2
    return 10 * np.log10(np.maximum(power @ mel_filters(), 1e-10))


def network_input(samples):
    return ((log_mel(samples) - CENTRE_DB) / STEP_DB).astype(np.float32)[None, None]


def load(folder, recipes):
    """The clips as network inputs [1, 1, 640, 64]."""
    return [network_input(clip(folder, recipe)) for recipe in recipes]
