"""ONNX Runtime's static quantizer, called the same way for the reference figures and for the quantized variants."""

import contextlib
import io
import logging
import pathlib
import tempfile

import onnx
import onnx.version_converter
from onnxruntime import quantization
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.tools.onnx_model_utils import make_dim_param_fixed

METHODS = {"minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile}
FORMATS = {"qdq": QuantFormat.QDQ, "qoperator": QuantFormat.QOperator}
PER_CHANNEL_OPSET = 13
TYPES = {"int8": QuantType.QInt8, "uint8": QuantType.QUInt8}


class Samples(quantization.CalibrationDataReader):
    def __init__(self, input_name, samples):
        self.feeds = iter([{input_name: sample} for sample in samples])

    def get_next(self):
        return next(self.feeds, None)


def fix_batch(model):
    """A copy of the model with its dynamic batch, if any, set to 1."""
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    batch = fixed.graph.input[0].type.tensor_type.shape.dim[0]
    if batch.dim_param:
        make_dim_param_fixed(fixed.graph, batch.dim_param, 1)
    return fixed


def raise_opset(model):
    """The model at opset 13 or later: per-channel DequantizeLinear exists from there on."""
    version = next(entry.version for entry in model.opset_import if entry.domain == "")
    if version >= PER_CHANNEL_OPSET:
        return model
    return onnx.version_converter.convert_version(model, PER_CHANNEL_OPSET)


def quantize(model, samples, *, method, form="qdq", activations="int8", weights="int8", per_channel=True):
    """The quantized ModelProto of a float ModelProto."""
    logging.getLogger().setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        prepared = pathlib.Path(folder) / "prepared.onnx"
        quantized = pathlib.Path(folder) / "quantized.onnx"
        quant_pre_process(raise_opset(fix_batch(model)), prepared)
        quantization.quantize_static(
            prepared,
            quantized,
            Samples(model.graph.input[0].name, samples),
            quant_format=FORMATS[form],
            per_channel=per_channel,
            activation_type=TYPES[activations],
            weight_type=TYPES[weights],
            calibrate_method=METHODS[method],
        )
        return onnx.load(quantized)
