// E0xx of the catalogue of diagnostics (diagnostic_codes.h): reading the model's file.
#include "compiler/support/diagnostic_codes.h"

namespace linnet {
namespace {

constexpr DiagnosticCode kReadingCodes[] = {
    {"E001", "the file cannot be read",
     "There is no file of this name, it is a folder, or the user who runs Linnet may not read it. "
     "It is said of models "
     "and of tensors (.pb).",
     "Check the path and the permissions. Paths are relative to the folder that Linnet runs in. "
     "`inspect` and `profile` "
     "take a folder too, when `linnet compile` wrote it.",
     "E001 the file does not exist; check the path"},
    {"E002", "the file is not ONNX, or is cut short",
     "The bytes are not those of an ONNX model, or of an ONNX tensor where a .pb file is read. A "
     "download that stopped, a "
     "Git LFS pointer in the place of the file, and a .pt, .tflite or .h5 file are the usual "
     "cases.",
     "Copy or download the file again, or export the network to ONNX. "
     "`onnx.checker.check_model(FILE)` tells whether a "
     "file is whole.",
     "E002 the file is not an ONNX model; give the .onnx file"},
    {"E003", "the model is empty",
     "The file can be read but holds no graph, or a graph without outputs: then there is nothing "
     "to compute.",
     "Export the model again and name its outputs (`output_names` of torch.onnx.export).",
     "E003 the graph has no outputs; export the model again"},
    {"E004", "no version of an operator set",
     "Nodes use an operator set for which the model's `opset_import` names no version. Without it "
     "nothing says what an "
     "operator means: Softmax, Resize and Pad changed more than once. Tools that put models "
     "together by hand forget it.",
     "Export the model again, or add the version: "
     "`model.opset_import.append(onnx.helper.make_opsetid('', 17))`.",
     "E004 node 'n0' (Relu): the model names no version of the operator set 'ai.onnx'; export the "
     "model again"},
    {"E005", "external data outside the model's folder",
     "A tensor has its data in another file, whose path leads out of the folder of the model "
     "(`../weights.bin`, "
     "`/tmp/weights.bin`). Linnet does not follow such paths: a model from elsewhere could read "
     "any file.",
     "Put the data file beside the model and save the model again with `onnx.save(model, 'm.onnx', "
     "save_as_external_data=True, location='weights.bin')`.",
     "E005 node 'n0' (Add): external data of tensor 'w' at '../w.bin' is outside the model's "
     "folder; keep the data file "
     "beside the model"},
    {"E006", "external data cannot be read",
     "A tensor has its data in another file, and that file is missing, is too short, or its offset "
     "or length are no "
     "numbers. Exporters write `model.onnx.data` or `weights.bin` beside the model, and it is "
     "easily left behind. The "
     "samples of a test data set must hold their data themselves.",
     "Copy the data file to the folder of the model under the name in the message. Or put all into "
     "one file: "
     "`onnx.save(onnx.load('m.onnx'), 'one.onnx')`.",
     "E006 external data file 'weights.bin' (4 tensors) cannot be read; put it beside the model"},
    {"E007", "a tensor has too much or too little data",
     "The bytes stored for a tensor are not as many as its shape and element type need. The file "
     "is damaged, or a script "
     "changed a shape without the data.",
     "Export the model again. If a script edits the model, make tensors with "
     "`onnx.numpy_helper.from_array`.",
     "E007 node 'n0' (Add): tensor 'w' of shape 4 has 8 bytes of data instead of 16"},
    {"E008", "a tensor of a type that is not read",
     "An initializer is sparse, or of an element type that no operator of a microcontroller's "
     "network needs: strings, "
     "complex numbers, float8, int4. Read are float32, float64, float16, bfloat16, bool and "
     "integers of 8 to 64 bits.",
     "Convert the tensor: `.float()` before the export for weights, a dense tensor in place of a "
     "sparse one. For weights of "
     "4 bits give the float model and `--weights int4`.",
     "E008 node 'n0' (Conv): tensor 'w' has the element type string, which is not supported"},
    {"E009", "a tensor has an impossible dimension",
     "A dimension of an initializer is negative, or the tensor would have more elements than can "
     "be addressed.",
     "The file is damaged or was made by a faulty script: export the model again.",
     "E009 node 'n0' (Conv): tensor 'w' has the dimension -3, which is negative"},
    {"E010", "weights that are no numbers",
     "An initializer or a Constant holds NaN, or a tensor of weights holds an infinity. All that "
     "is computed from it would "
     "be no number. A training that diverged leaves such weights.",
     "Train again, or go back to a checkpoint from before the loss became NaN. "
     "`torch.isfinite(p).all()` for each "
     "parameter finds the layer.",
     "E010 node 'n0' (Conv): tensor 'w' holds NaN; train or export the model again"},
};

}  // namespace

std::span<const DiagnosticCode> reading_codes() { return kReadingCodes; }

}  // namespace linnet
