// E1xx of the catalogue of diagnostics (diagnostic_codes.h): the graph and its operators.
#include "compiler/support/diagnostic_codes.h"

namespace linnet {
namespace {

constexpr DiagnosticCode kGraphCodes[] = {
    {"E101", "an operator that Linnet does not have",
     "The node's operator is none of those in docs/operators.md. Special cases are said in the "
     "message: a function that "
     "the model itself defines, an operator with a subgraph (If, Loop, Scan), and dynamic "
     "quantization "
     "(DynamicQuantizeLinear, MatMulInteger, ConvInteger), whose scales are known only when the "
     "model runs.",
     "`linnet inspect MODEL` lists all such operators at once. Subgraphs and unused branches often "
     "vanish with "
     "`onnxsim MODEL OUT`; local functions with `onnx.inliner.inline_local_functions`. Quantize "
     "statically, or give the "
     "float model and `--calibrate`. What is left at the end of the network (NMS, TopK, ArgMax) is "
     "best cut off and done "
     "by the application: `onnx.utils.extract_model`.",
     "E101 node 'n0' (Det): the operator is not supported; replace it, or cut the model before it"},
    {"E102", "an operator set of someone else's",
     "The node belongs to a domain that is neither ai.onnx nor com.microsoft: a custom operator of "
     "a framework or vendor.",
     "Export without custom operators. In PyTorch a `symbolic` function or a decomposition "
     "expresses the operator by those "
     "of ai.onnx.",
     "E102 node 'n2' (Frobnicate): the operator set 'com.example' is not supported; export the "
     "model with operators of "
     "ai.onnx only"},
    {"E103", "a variant of an operator that is not supported",
     "The operator is known, but not with this attribute, output or value: a third spatial axis, "
     "MaxPool's indices, cubic "
     "interpolation, Pad by wrapping, BatchNormalization in training mode, a block-wise "
     "quantization. docs/operators.md "
     "has the limits of each operator.",
     "The message says what to use instead. Change the layer in the source of the network and "
     "export again; for training "
     "mode call `model.eval()` before the export.",
     "E103 node 'n0' (Conv): kernel_shape has 3 axes; one and two are supported; use a one- or "
     "two-dimensional operator"},
    {"E104", "shapes that do not fit",
     "The shapes of a node's inputs do not go together, an axis or index does not exist, or a "
     "tensor would be far too "
     "large. When the model runs elsewhere, the usual reason is an input shape other than the "
     "network was built for: from "
     "`--input-shape`, or because a dynamic dimension was taken as 1.",
     "Compare the shapes in the message with those of the framework. Give the real input with "
     "`--input-shape NAME=1x3x96x96`, "
     "or export with fixed sizes.",
     "E104 node 'n0' (Reshape): 4 elements of shape 1x4 do not make the shape 3x-1"},
    {"E105", "a value that must be a constant",
     "What code is generated depends on this input: a shape, axes, pads, indices, a scale. Here it "
     "is computed from the "
     "network's data, or the operator exists for shape arithmetic only (Range, NonZero, Equal "
     "...). Code that asks a tensor "
     "for its size or content leaves this in an exported model.",
     "Run the model through onnxsim with fixed input shapes, which folds shape arithmetic. In the "
     "source, use Python "
     "numbers (`x.view(1, 128)`) where a tensor decides a shape. What really depends on the data "
     "belongs into the "
     "application.",
     "E105 node 'n0' (Gather): input 1 (indices) is not a constant; make it an initializer, or run "
     "the model through onnxsim"},
    {"E106", "integers computed at run time, or another quantization",
     "On the device tensors are float32 or 8-bit codes with a scale. The node would compute "
     "integers, cast to or from them, "
     "or is quantized to 16 bits. ArgMax, embeddings by token and masks lead here.",
     "Cut the model before the integers and let the application do the rest; cast constants only; "
     "quantize to int8 or uint8.",
     "E106 node 'n0' (Relu): a tensor of type i64 would be computed when the model runs; only "
     "float and quantized 8-bit "
     "tensors can be"},
    {"E107", "a node that breaks ONNX's rules",
     "An input or attribute that ONNX demands is missing, of another type, or of another length. "
     "Other tools may let it "
     "pass, each with a guess of its own.",
     "`onnx.checker.check_model(FILE, full_check=True)` shows the same fault. Repair the script "
     "that made the model, or "
     "export again.",
     "E107 node 'n0' (Conv): attribute strides has 1 entries for 2 spatial axes of Conv"},
    {"E108", "an operator set that is too old",
     "Before opset 6 operators meant other things (broadcasting, in-place batch normalization).",
     "Convert: `onnx.version_converter.convert_version(model, 13)`, or export again with "
     "`opset_version=17`.",
     "E108 node 'n0' (Relu): opset 3 is too old; convert the model to opset 7 or later"},
    {"E109", "scales or zero points that do not fit",
     "In a quantized model: a scale that is zero, negative or no number, scales that are not as "
     "many as the axis is long, "
     "an activation with one scale for each channel, tensors of different scales where codes are "
     "only moved, or codes that "
     "are read with another scale than they were made with.",
     "Quantize again with onnxruntime's `quantize_static`: per tensor for activations, per tensor "
     "or per channel for "
     "weights. Or give Linnet the float model and `--calibrate`.",
     "E109 node 'n0' (QuantizeLinear): a scale is -0.5"},
    {"E110", "the graph has a cycle",
     "Nodes need each other's results. ONNX has no loops between nodes; a script has connected "
     "them wrongly.",
     "Repair the script that made the model. A recurrent network is exported unrolled, or one step "
     "a run with its state as "
     "input and output.",
     "E110 the graph has a cycle: 'n1' -> 'n2' -> 'n0' -> 'n1'"},
    {"E111", "a tensor that nothing makes",
     "A node or an output names a tensor that is no input, no initializer and no node's output. It "
     "happens when a model is "
     "cut by hand and initializers are left behind.",
     "Add what is missing; `onnx.utils.extract_model` cuts models and keeps what is needed.",
     "E111 node 'n0' (Conv): nothing produces its input 'w'; add the missing initializer or node"},
    {"E112", "two tensors of one name",
     "ONNX asks for a name of its own for each tensor. Here two nodes, or a node and an input, "
     "give the same one: which is "
     "meant cannot be known.",
     "Rename one. When two models are joined, `onnx.compose.add_prefix` makes names differ.",
     "E112 the tensor name 'y' is given twice; give every tensor a name of its own"},
    {"E113", "an input's shape is not known",
     "The model leaves dimensions of an input open, and they are not the batch, which is taken as "
     "1. Every byte of RAM is "
     "planned when the model is compiled, so all sizes must be known then.",
     "Give the shape: `--input-shape NAME=1x3x96x96`; or export with fixed sizes.",
     "E113 dimension 'dynamic' of input 'x' is not known; give it with --input-shape x=1x3x?x5"},
    {"E114", "a given shape contradicts the model",
     "`--input-shape` changes a dimension that the model fixes, or has another number of "
     "dimensions.",
     "Give the model's own numbers where it has some. To run a network at another size, export it "
     "at that size: inner "
     "shapes depend on it.",
     "E114 --input-shape gives 'x' the shape 1x3x5x5, the model has 1x3x?x?; only dimensions that "
     "the model leaves open can "
     "be given"},
    {"E115", "an input's dimension cannot be",
     "A dimension of an input is zero or negative, or the input would have more than 2^31 "
     "elements.",
     "Give dimensions of 1 and more. A dimension of -1 in the file stands for an unknown one: give "
     "it with "
     "`--input-shape`, after exporting it as dynamic.",
     "E115 input 'x' has the dimension 0; every dimension must be at least 1"},
    {"E116", "`--input-shape` names no input",
     "The name before `=` is none of the model's inputs. The message lists them.",
     "Use the name in the message; `linnet inspect MODEL` shows inputs and their shapes.",
     "E116 --input-shape names 'z', which is no input; the inputs are: x"},
    {"E117", "an input of a type that is not supported",
     "The network takes integers of more than 8 bits, booleans, strings or no tensor at all. "
     "Tokens and masks are such "
     "inputs.",
     "Export the model without this input: bake the value in as an initializer, or begin after the "
     "embedding.",
     "E117 input 'x' is of type i64; only float and 8-bit inputs are supported; make it an "
     "initializer"},
    {"E118", "the model computes a constant",
     "After folding nothing depends on an input: there is no network left to compile.",
     "Store the outputs as they are. If inputs are expected, they were turned into initializers by "
     "the export, or the "
     "outputs chosen are the wrong ones.",
     "E118 the model has no inputs: it computes a constant; use its outputs as they are"},
    {"E119", "an input or output of too many dimensions",
     "Inputs and outputs have at most 8 dimensions: the generated header describes their shapes in "
     "that many.",
     "Put a Reshape at the edge of the network that merges dimensions of 1.",
     "E119 input or output 'x' has 9 dimensions; reshape it to at most 8"},
    {"E120", "shapes that an operator cannot take",
     "The rule that gives an operator's output shape refuses its inputs. It is the inner form of "
     "this fault: for a node of "
     "the model it is printed as E104, after a pass of Linnet's own as E900.",
     "As for E104 or E900.", "E120 shapes 3x4 and 5x4 cannot be broadcast"},
    {"E121", "a tensor that is far too large",
     "The rule that gives an operator's output shape arrives at more than 2^31 elements, or at a "
     "dimension that 32 bits do "
     "not hold. It is the inner form of this fault: for a node of the model it is printed as E104, "
     "after a pass of Linnet's "
     "own as E900.",
     "No microcontroller has that memory: use a smaller input. Look for a wrong `--input-shape`, "
     "or a wrong scale of a Resize.",
     "E121 the output 1x65536x65536x3 has more than 2^31 elements"},
    {"E122", "not enough memory for the compiler itself",
     "A tensor or the data given is so large that the computer's memory does not hold it.",
     "Look for a wrong dimension first (`linnet inspect MODEL`). With many calibration samples of "
     "a large input, give "
     "fewer: 100 are plenty.",
     "E122 the model or its data need more memory than there is; a tensor is too large for a "
     "microcontroller"},
    {"E131", "sums that 32 bits do not hold",
     "The accumulator of a channel could pass the range of int32, with the codes of these weights "
     "and any input. It takes "
     "very long sums (66,000 products of the largest codes) or a bias that is huge beside the "
     "weights.",
     "Scale the weights or the bias of this channel down, or split the layer along its input "
     "channels and add the parts. "
     "Weights of a channel near zero with a large bias are the usual case: training with weight "
     "decay on the bias helps.",
     "E131 node 'fc' (Gemm): the sums of output channel 3 may reach 2147500000, which 32 bits do "
     "not hold; scale the weights "
     "or the bias of this channel down"},
    {"E132", "no boxes where boxes were asked for",
     "`--outputs detections` asks for `detect()`, and the model does not end in a YOLOv8 head that "
     "is known; or it is quantized "
     "already, with scales that reach into the decoding of boxes.",
     "Leave `--outputs` out: then a head is used where there is one, and else the model's own "
     "outputs are kept. Export the "
     "float model with its decoding of boxes, and let Linnet quantize it (`--calibrate`).",
     "E132 --outputs detections: the model does not end in a YOLOv8 head that is known; leave "
     "--outputs out: the model's own "
     "outputs are kept"},
    {"E150", "no int8 kernel for this layer",
     "The node is to be int8 and no kernel takes its parameters: a softmax along another axis than "
     "the last, a layer "
     "normalization over more than 32768 elements, an unusual convolution. With `--calibrate` "
     "Linnet leaves such layers in "
     "float by itself, so this comes from a model that is quantized already.",
     "Move the axis last with a Transpose, or take the QuantizeLinear behind the node out, so that "
     "it stays in float.",
     "E150 node 'softmax' (Softmax): int8 softmax over axis 1 has no kernel; move the axis last, "
     "or leave the node in float"},
    {"E151", "operands that no kernel takes",
     "Two tensors broadcast in a pattern that kernels do not walk (dimensions of their own and "
     "repeated ones alternating "
     "more than twice), a PRelu has a slope of such a shape, or the weights of an int8 convolution "
     "are no constants.",
     "Expand the smaller operand before the node, or reorder the dimensions. Give a PRelu one "
     "slope for each channel. "
     "Convolutions with computed weights stay in float: take their QuantizeLinear nodes out.",
     "E151 node 'add' (Add): shapes 2x1x3x1x5 and 1x4x1x6x1 broadcast in a pattern that no kernel "
     "has; expand the smaller "
     "input explicitly (Expand) before this node"},
    {"E152", "quantization along an axis that kernels do not have",
     "A quantized model has an activation with one scale for each slice along an axis that is not "
     "the last on the device, "
     "or the second operand of a matrix product has one scale for each channel.",
     "Quantize activations per tensor (`per_channel` of quantize_static is about weights only, and "
     "is fine).",
     "E152 node 'q' (QuantizeLinear): an activation is quantized along axis 1; quantize "
     "activations per tensor"},
    {"E153", "too many dimensions",
     "An operator works on tensors of more dimensions than its kernel walks: more than eight in "
     "transposes, slices and "
     "reductions, or a matrix product with more than three leading dimensions that broadcast.",
     "Merge dimensions with a Reshape before the node and split them after it. Dimensions of 1 "
     "cost nothing to remove.",
     "E153 node 't' (Transpose): tensors of more than 8 dimensions are not supported; merge "
     "dimensions with Reshape"},
    {"E154", "a normalization with computed scale or bias",
     "Scale and bias of an int8 layer normalization are folded into tables when the model is "
     "compiled, so they must be "
     "constants.",
     "Store them as initializers, or take the QuantizeLinear behind the node out: in float they "
     "may be computed.",
     "E154 node 'norm' (LayerNormalization): scale and bias must be constant; store them as "
     "initializers"},
};

}  // namespace

std::span<const DiagnosticCode> graph_codes() { return kGraphCodes; }

}  // namespace linnet
