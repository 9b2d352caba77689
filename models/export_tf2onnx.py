#!/usr/bin/env python3
"""Makes tf2onnx_nhwc/: a small int8 TensorFlow Lite network converted by the real tf2onnx.

It runs in an environment of its own, since TensorFlow asks for other versions of its dependencies:

    python3 -m venv /tmp/tf && /tmp/tf/bin/pip install tensorflow-cpu==2.21.0 tf2onnx==1.17.0 onnxruntime==1.32.0 pillow
    /tmp/tf/bin/python models/export_tf2onnx.py

What it is for is the shape of the graph: int8 NHWC graph input and output, transposes around quantized convolutions,
SAME padding that is not symmetric, a residual, a resize. Its weights are seeded, not trained.
"""

import os
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tf2onnx
from tensorflow.keras import Model, initializers, layers

import onnx_files
import pictures

FEED = {"input_shape": [1, 3, 48, 48], **pictures.SYMMETRIC}
NAME = "tf2onnx_nhwc"


def conv(filters, size, seed, **options):
    weights = initializers.HeNormal(seed=seed)
    return layers.Conv2D(filters, size, padding="same", kernel_initializer=weights, **options)


def build():
    """48x48x3 to a 24x24 map of 5 classes."""
    depthwise = initializers.HeNormal(seed=3)
    picture = layers.Input((48, 48, 3), batch_size=1)
    stem = layers.ReLU(6.0)(conv(8, 3, 1, strides=2)(picture))
    x = layers.ReLU(6.0)(conv(16, 1, 2)(stem))
    x = layers.DepthwiseConv2D(3, padding="same", depthwise_initializer=depthwise, activation="relu")(x)
    x = layers.Add()([stem, conv(8, 1, 4)(x)])
    pooled = layers.MaxPooling2D(2)(x)
    coarse = layers.UpSampling2D(2, interpolation="bilinear")(conv(8, 3, 5, activation="relu")(pooled))
    joined = layers.Concatenate()([x, coarse])
    return Model(picture, conv(5, 1, 6)(joined))


def convert_to_tflite(model, samples):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    return converter.convert()


def nhwc(subset):
    return [sample.transpose(0, 2, 3, 1) for sample in pictures.load_pictures(subset, FEED)]


def main():
    folder = onnx_files.MODELS / NAME
    folder.mkdir(exist_ok=True)
    flat = convert_to_tflite(build(), nhwc("calibration"))
    interpreter = tf.lite.Interpreter(model_content=flat)
    (input_scale, input_zero), (output_scale, output_zero) = (
        details[0]["quantization"] for details in (interpreter.get_input_details(), interpreter.get_output_details())
    )

    with tempfile.NamedTemporaryFile(suffix=".tflite") as file:
        file.write(flat)
        file.flush()
        tf2onnx.convert.from_tflite(file.name, opset=17, output_path=str(folder / f"{NAME}.onnx"))

    def quantize(sample):
        return np.clip(np.round(sample / input_scale) + input_zero, -128, 127).astype(np.int8)

    samples = [quantize(sample) for sample in nhwc("test")]
    outputs = onnx_files.run(folder / f"{NAME}.onnx", samples, optimise=False)
    runner = onnx_files.session(folder / f"{NAME}.onnx")
    onnx_files.write_test_data(
        folder,
        [(runner.get_inputs()[0].name, samples[0])],
        [(runner.get_outputs()[0].name, outputs[:1])],
    )
    np.save(folder / "inputs_int8.npy", np.concatenate(samples))
    np.save(folder / "outputs_int8.npy", outputs)
    onnx_files.write_json(
        folder / "model.json",
        {
            **FEED,
            "layout": "NHWC",
            "input_type": "int8",
            "input_scale": float(input_scale),
            "input_zero_point": int(input_zero),
            "output_scale": float(output_scale),
            "output_zero_point": int(output_zero),
        },
    )


if __name__ == "__main__":
    main()
