// E2xx of the catalogue of diagnostics (diagnostic_codes.h): calibration data, test data, labels, and what `verify` was asked
// to check.
#include "compiler/support/diagnostic_codes.h"

namespace linnet {
namespace {

constexpr DiagnosticCode kDataCodes[] = {
    {"E201", "no calibration sample",
     "`--calibrate` was given, but nothing that could be read came of it: an array with no rows, "
     "for example.",
     "Give typical inputs, as the network will see them. Sixteen are a start, a hundred are "
     "plenty; docs/calibration.md says "
     "how they are used.",
     "E201 there is no calibration sample; give --calibrate at least one sample"},
    {"E202", "data that cannot be found or read",
     "A path of `--calibrate`, `--data` or `--reference` does not exist, or may not be read.",
     "Check the path. `--calibrate` takes several paths, up to the next option; a model behind "
     "them is taken for one of "
     "them, so put MODEL first.",
     "E202 'DIR/nothing' does not exist; check the path"},
    {"E203", "a folder without samples",
     "The folder holds no file of a kind that is read. Subfolders are not searched, except "
     "`test_data_set_*`.",
     "Name the folder that holds the files themselves: `--calibrate data/cats data/dogs`. With "
     "`--front-end log-mel` the "
     "files are sounds, else pictures; .npy and .pb are always read.",
     "E203 the folder 'DIR' holds no samples; subfolders are not searched: name them one by one"},
    {"E204", "a kind of file that is not read",
     "The ending is none of .png, .jpg, .jpeg, .npy, .pb; with `--front-end log-mel` also .wav, "
     ".flac, .ogg and .aiff.",
     "Convert the file. In Python `numpy.save('x.npy', x)` writes any array, one sample or a "
     "batch.",
     "E204 'DIR/notes.txt' is not a kind of file that is read; give .png, .jpg, .npy or .pb files, "
     "or test_data_set_* "
     "folders"},
    {"E205", "data of another shape than the input",
     "An array's dimensions are not those of the model's input. Linnet does not reorder axes by "
     "itself, since a wrong guess "
     "would calibrate on nonsense; where another order would fit, the message says so.",
     "Save the array in the order of the model: `x.transpose(0, 3, 1, 2)` for a PyTorch model and "
     "pictures in HWC. A further "
     "first dimension is a batch: each row becomes a sample.",
     "E205 'DIR/a.npy' is 1x8x9x3 where input 'input' is 1x3x8x9; it looks like NHWC; transpose it "
     "to NCHW"},
    {"E206", "data of another element type",
     "The model's input takes one element type and the file has another, which is not converted. "
     "Integers become floats as "
     "they are, floats become codes of an 8-bit input; other pairs do not.",
     "Save the array in the model's type: `x.astype(numpy.float32)`.",
     "E206 'DIR/a.npy' has elements of type f32 where input 'input' takes i64; save it as i64"},
    {"E207", "a picture of another size",
     "The picture's width and height are not those of the input.",
     "`--resize` scales it (bilinear, without keeping its proportions). If the network was trained "
     "on crops or letterboxed "
     "pictures, prepare them the same way and give them at the right size.",
     "E207 'DIR/a.png' is 128 wide and 128 high where input 'input' is 64 wide and 96 high; give "
     "--resize, or pictures of "
     "that size"},
    {"E208", "a picture or array that cannot be decoded",
     "The file ends early, or is not what its name says. Of .npy files versions 1 to 3, C order, "
     "and f4, f8, i1, u1, i2, i4, "
     "i8 are read; of pictures PNG and JPEG with 8 bits a channel.",
     "Save it again: `numpy.save(FILE, numpy.ascontiguousarray(x))` for arrays; any image tool for "
     "pictures.",
     "E208 'DIR/a.npy' is in Fortran order; only C order is read; save it again with numpy.save"},
    {"E209", "data of a kind that this input cannot take",
     "A picture for an input that is no picture (1x3xHxW, 1x1xHxW, 1xHxWx3 or 1xHxWx1), a sound "
     "without `--front-end "
     "log-mel`, or one array for a network with several inputs.",
     "Give .npy files for inputs that are no pictures, and folders `test_data_set_0/input_0.pb`, "
     "`input_1.pb` ... for "
     "networks with several inputs: `onnx.save_tensor` writes them.",
     "E209 'DIR/a.png' is a picture, which input 'input' of 1x40 cannot take; pictures need an "
     "input of 1x3xHxW, 1x1xHxW, "
     "1xHxWx3 or 1xHxWx1; give .npy or .pb files"},
    {"E210", "data with NaN or infinities",
     "A sample holds NaN or an infinite number. A range that includes it would make every scale "
     "useless.",
     "Leave the sample out, or repair what wrote it: a logarithm of zero and a division by a "
     "standard deviation of zero are "
     "the usual reasons.",
     "E210 'DIR/a.npy' holds infinite numbers or NaN; leave it out, or repair the program that "
     "wrote it"},
    {"E220", "4-bit weights need calibration data",
     "`--weights int4` and `auto` pack weights of an int8 network. Without `--calibrate` the "
     "network stays in float32.",
     "Give typical inputs: `--calibrate FOLDER`.",
     "E220 --weights auto needs calibration data: without it the network stays in float32; give "
     "some typical inputs: "
     "--calibrate FOLDER"},
    {"E221", "4-bit weights of a model that is quantized already",
     "The model brings 8-bit weights and scales of its own. Rounding them again to 4 bits would "
     "add one error to another.",
     "Give the float model that it was made from, or leave `--weights` out.",
     "E221 --weights int4: the model is quantized already, to 8 bits; give the float model it was "
     "made from, or leave "
     "--weights out"},
    {"E230", "a sound that cannot be decoded",
     "The file is not one that libsndfile reads (WAV, FLAC, OGG, AIFF ...), or is damaged.",
     "Convert it: `sox IN OUT.wav`, or `ffmpeg -i IN OUT.wav`.",
     "E230 'DIR/text.wav' is no sound that can be decoded: Format not recognised.; save it again "
     "as a 16-bit .wav file"},
    {"E231", "a sound of another sample rate",
     "The file's samples a second are not those of the front end. Linnet does not resample: the "
     "filter would be part of what "
     "the network sees.",
     "Resample it (`sox IN -r 44100 OUT.wav`), or give the front end the rate of the training: "
     "`--front-end-options "
     "rate=16000`.",
     "E231 'DIR/slow.wav' has 22050 samples a second where the front end takes 44100; resample it "
     "(sox IN -r 44100 OUT), or "
     "give the network's own rate with --front-end-options rate=N"},
    {"E280", "a labels file that cannot be used",
     "The file of `--labels` cannot be read, is no JSON, lacks a key, or has a `logit_scale` that "
     "is not positive.",
     "Write `{\"logit_scale\": 33.3, \"labels\": [{\"name\": \"dog\", \"embedding\": [0.01, "
     "-0.2]}]}`. For class names of a "
     "plain classifier give `verify` a text file instead, one name a line.",
     "E280 labels: 'labels' is missing"},
    {"E281", "no label",
     "The list of labels is empty, and a classifier needs something to choose from.",
     "Put at least one label into the file.", "E281 labels: there is no label"},
    {"E282", "embeddings of different lengths",
     "One label's vector is longer or shorter than the first one's.",
     "Make all vectors with one text encoder, in one run.",
     "E282 label 1 ('b') has an embedding of 1 numbers where the first label has 2; make all "
     "embeddings with the same text "
     "encoder"},
    {"E283", "an embedding without a direction",
     "A label's vector holds only zeros, or numbers that are not finite. Similarity is the cosine "
     "with it, which does not "
     "exist.",
     "Repair the program that wrote the vectors; a text of no words often gives zeros.",
     "E283 label 0 ('a') has an embedding of zeros, which has no direction; repair the program "
     "that wrote it"},
    {"E284", "a label without a name of its own",
     "A label's name is empty, or two labels share one: results could not be told apart.",
     "Give each label its own name.",
     "E284 label 1 ('a') has a name that another label has; give each label its own name"},
    {"E285", "labels for another network",
     "The labels' vectors are not as long as the network's output.",
     "Make them with the text encoder that this network was trained with. If a last layer was "
     "removed for the export, "
     "export it too.",
     "E285 the labels' embeddings have 3 numbers where the network's output has 4; make them with "
     "the text encoder that this "
     "network was trained with"},
    {"E286", "a network without labels",
     "`linnet labels` replaces the labels of a folder, and the network in this one was compiled "
     "without any.",
     "Compile it once with `--labels FILE.json`; after that labels can be replaced.",
     "E286 the network in 'generated' was compiled without labels; compile it with --labels first"},
    {"E290", "int8 is too far from float",
     "`verify --min-sqnr` sets how far the int8 network may be from the float one, and it is "
     "further. Or there is nothing to "
     "compare, because the model is quantized already or there are no calibration data.",
     "`verify --layers` shows where the error comes from. More and more typical calibration data, "
     "the right `--mean` and "
     "`--scale`, and another `--calibration-method` help most; docs/calibration.md says what each "
     "does.",
     "E290 int8 against float is 18.40 dB, less than --min-sqnr 25; use calibration data like the "
     "real inputs; --layers "
     "shows which layer loses most"},
    {"E291", "stored outputs that do not belong here",
     "The arrays of `--reference`, or `output_*.pb` beside the inputs, have another shape or "
     "number than this model gives "
     "for these samples.",
     "Store the outputs of this very model for these inputs, one row a sample in the order of the "
     "file names.",
     "E291 'outputs.npy' is 15x10, which is not 16 times 1x10 of output 'logits'; give the outputs "
     "of this model for these "
     "inputs"},
    {"E292", "class names that cannot be read",
     "The text file of `verify --labels` does not exist or holds no names.",
     "Give a text file with one name a line, in the order of the network's classes.",
     "E292 'nowhere.txt' does not exist; check the path of --labels"},
    {"E293", "nothing to draw",
     "`verify --draw` draws boxes into pictures, and this network finds no boxes, or its input is "
     "no picture.",
     "It needs a model with a YOLO head, which is found by what the graph computes, and no "
     "`--outputs tensor`.",
     "E293 --draw: the network finds no boxes; it is for models with a YOLO head, without "
     "--outputs tensor"},
};

}  // namespace

std::span<const DiagnosticCode> data_codes() { return kDataCodes; }

}  // namespace linnet
