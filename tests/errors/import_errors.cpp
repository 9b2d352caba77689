// What is said of models that cannot be imported: the exact text, every fault at once.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "compiler/onnx/importer.h"
#include "tests/support/onnx_writer.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "linnet_import_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// What import says of these bytes, one diagnostic a line; "" when it imports.
std::string said(const std::string& bytes, const ImportOptions& options = {}) {
  const Folder folder;
  write_bytes(folder.path() / "m.onnx", bytes);
  const Result<ImportedModel> model = import_model(folder.path() / "m.onnx", options);
  return model ? std::string() : format(model.diagnostics(), "m.onnx");
}

std::string said(const OnnxFile& file, const ImportOptions& options = {}) {
  return said(file.model(), options);
}

OnnxFile relu() {
  OnnxFile file;
  return file.input("x", {1, 4}).node("Relu", {"x"}, {"y"}).output("y");
}

// A 3x3 convolution of [1,2,8,8] with weights w.
OnnxFile conv(const Proto& w, std::initializer_list<Proto> attributes = {}) {
  OnnxFile file;
  return file.input("x", {1, 2, 8, 8})
      .initializer(w)
      .node("Conv", {"x", "w"}, {"y"}, attributes)
      .output("y");
}

// The same, with the weights in a Constant node.
OnnxFile constant_conv(const std::vector<float>& weights) {
  OnnxFile file;
  return file.input("x", {1, 2, 8, 8})
      .node("Constant", {}, {"w"},
            {onnx_tensor_attribute("value", onnx_tensor("", {3, 2, 3, 3}, weights))})
      .node("Conv", {"x", "w"}, {"y"})
      .output("y");
}

OnnxFile constant_add(const Proto& value) {
  OnnxFile file;
  return file.input("x", {1, 4})
      .node("Constant", {}, {"c"}, {value})
      .node("Add", {"x", "c"}, {"y"})
      .output("y");
}

std::int64_t parameters(const OnnxFile& file) {
  const Folder folder;
  write_bytes(folder.path() / "m.onnx", file.model());
  const Result<ImportedModel> model = import_model(folder.path() / "m.onnx", {});
  REQUIRE(model);
  return model->info.parameters;
}

std::vector<float> ones(std::size_t count) { return std::vector<float>(count, 1.0f); }

TEST_CASE("what is a model imports") {
  CHECK(said(relu()) == "");
  CHECK(said(conv(onnx_tensor("w", {3, 2, 3, 3}, ones(54)))) == "");
}

TEST_CASE("files that are no model") {
  const Result<ImportedModel> missing = import_model("/nowhere/m.onnx", {});
  REQUIRE_FALSE(missing);
  CHECK(format(missing.diagnostics(), "m.onnx") ==
        "m.onnx: E001 the file does not exist; check the path\n");
  CHECK(said("This is a text, and no ONNX model.") ==
        "m.onnx: E002 the file is not an ONNX model; give the .onnx file\n");
  const std::string whole = conv(onnx_tensor("w", {3, 2, 3, 3}, ones(54))).model();
  CHECK(said(whole.substr(0, whole.size() / 2)) ==
        "m.onnx: E002 the file is an ONNX model that is cut short; copy or download it again\n");
  CHECK(said("") == "m.onnx: E003 the file holds no ONNX graph; export the model again\n");
  CHECK(said(OnnxFile().input("x", {1}).node("Relu", {"x"}, {"y"})) ==
        "m.onnx: E003 the graph has no outputs; export the model again\n");
}

TEST_CASE("a cycle") {
  OnnxFile file;
  file.input("x", {1, 4})
      .node("Add", {"x", "c"}, {"a"})
      .node("Relu", {"a"}, {"b"})
      .node("Neg", {"b"}, {"c"})
      .output("b");
  CHECK(said(file) == "m.onnx: E110 the graph has a cycle: 'n1' -> 'n2' -> 'n0' -> 'n1'\n");
}

TEST_CASE("nodes in any order are sorted") {
  OnnxFile file;
  file.input("x", {1, 4}).node("Neg", {"a"}, {"y"}).node("Relu", {"x"}, {"a"}).output("y");
  CHECK(said(file) == "");
}

TEST_CASE("names that nothing produces, and names given twice") {
  OnnxFile missing;
  missing.input("x", {1, 2, 8, 8}).node("Conv", {"x", "w"}, {"y"}).output("y").output("z");
  CHECK(said(missing) ==
        "m.onnx: E111 nothing produces the graph output 'z'\n"
        "m.onnx: E111 node 'n0' (Conv): nothing produces its input 'w'; add the missing "
        "initializer or node\n");
  OnnxFile twice = relu();
  twice.node("Neg", {"x"}, {"y"});
  CHECK(said(twice) ==
        "m.onnx: E112 the tensor name 'y' is given twice; give every tensor a name of its own\n");
}

TEST_CASE("wrong rank and shapes") {
  OnnxFile file;
  file.input("x", {2, 8}).initializer(onnx_tensor("w", {3, 2, 3, 3}, ones(54)));
  file.node("Conv", {"x", "w"}, {"y"}).output("y");
  CHECK(
      said(file) ==
      "m.onnx: E104 node 'n0' (Conv): the input has the shape 2x8, of rank 2 instead of 3 or 4\n");
  CHECK(said(conv(onnx_tensor("w", {3, 5, 3, 3}, ones(135)))) ==
        "m.onnx: E104 node 'n0' (Conv): weights of shape 3x5x3x3 in 1 groups do not fit an input "
        "of 2 channels\n");
  OnnxFile reshape;
  reshape.input("x", {1, 4}).initializer(onnx_int_tensor("s", {2}, {3, -1}));
  reshape.node("Reshape", {"x", "s"}, {"y"}).output("y");
  CHECK(said(reshape) ==
        "m.onnx: E104 node 'n0' (Reshape): 4 elements of shape 1x4 do not make the shape 3x-1\n");
}

TEST_CASE("dimensions of inputs") {
  const auto with = [](const std::vector<std::int64_t>& dims, bool raw) {
    OnnxFile file;
    (raw ? file.input_raw("x", dims) : file.input("x", dims))
        .node("Relu", {"x"}, {"y"})
        .output("y");
    return file;
  };
  CHECK(said(with({1, 0, 4}, true)) ==
        "m.onnx: E115 input 'x' has the dimension 0; every dimension must be at least 1\n");
  CHECK(said(with({-1, 4}, true)) ==
        "m.onnx: E115 input 'x' has the dimension -1; every dimension must be at least 1\n");
  CHECK(said(with({1 << 20, 1 << 20, 1 << 20}, true)) ==
        "m.onnx: E115 input 'x' has more than 2^31 elements; it is too large for a "
        "microcontroller\n");
  CHECK(said(with({1, 3, -1, 96}, false)) ==
        "m.onnx: E113 dimension 'dynamic' of input 'x' is not known; give it with --input-shape "
        "x=1x3x?x96\n");
  CHECK(said(with({-1, 3, 0, 0}, true), {{{"x", {1, 3, 5, 5}}}, {}}) ==
        "m.onnx: E114 --input-shape gives 'x' the shape 1x3x5x5, the model has 1x3x?x?; only "
        "dimensions that the model leaves open can be given\n");
  CHECK(said(with({-1, 3, -1, -1}, false), {{{"x", {2, 3, 5, 5}}}, {}}) == "");
  CHECK(said(with({-1, 3, -1, -1}, false), {{{"x", {2, 4, 5, 5}}}, {}}) ==
        "m.onnx: E114 --input-shape gives 'x' the shape 2x4x5x5, the model has 1x3x?x?; only "
        "dimensions that the model leaves open can be given\n");
  CHECK(said(with({1, 4}, false), {{{"z", {1, 4}}}, {}}) ==
        "m.onnx: E116 --input-shape names 'z', which is no input; the inputs are: x\n");
}

TEST_CASE("element types of inputs") {
  OnnxFile text;
  text.input("x", {1, 4}, 8).node("Identity", {"x"}, {"y"}).output("y");
  CHECK(said(text) ==
        "m.onnx: E117 input 'x' is a string, which is not supported; only float and 8-bit tensors "
        "are; export the model without this input\n");
  OnnxFile integers;
  integers.input("x", {1, 4}, 7).node("Relu", {"x"}, {"y"}).output("y");
  CHECK(
      said(integers) ==
      "m.onnx: E106 node 'n0' (Relu): a tensor of type i64 would be computed when the model runs; "
      "only float and quantized 8-bit tensors can be\n");
  OnnxFile copied;
  copied.input("x", {1, 4}, 7).node("Identity", {"x"}, {"y"}).output("y");
  CHECK(said(copied) ==
        "m.onnx: E117 input 'x' is of type i64; only float and 8-bit inputs are supported; make it "
        "an initializer\n");
}

TEST_CASE("weights count as parameters in an initializer and in a Constant node alike") {
  CHECK(parameters(conv(onnx_tensor("w", {3, 2, 3, 3}, ones(54)))) == 54);
  CHECK(parameters(constant_conv(ones(54))) == 54);
  CHECK(parameters(constant_add(onnx_reals("value_floats", {1, 2, 3, 4}))) == 4);
  CHECK(parameters(constant_add(onnx_real("value_float", 3))) == 0);  // a number in a formula
}

TEST_CASE("dynamic quantization has a hint of its own") {
  OnnxFile file;
  file.input("x", {1, 4})
      .initializer(onnx_tensor("w", {4, 2}, ones(8)))
      .node("DynamicQuantizeLinear", {"x"}, {"q", "s", "z"})
      .node("MatMulInteger", {"q", "w", "z"}, {"y"})
      .output("y");
  const std::string why =
      ": dynamic quantization is not supported: scales are computed when the model runs; quantize "
      "statically (onnxruntime.quantization.quantize_static), or compile the float model with "
      "--calibrate\n";
  CHECK(said(file) == "m.onnx: E101 node 'n0' (DynamicQuantizeLinear)" + why +
                          "m.onnx: E101 node 'n1' (MatMulInteger)" + why);
}

TEST_CASE("tensors that are damaged") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> weights = ones(54);
  weights[7] = nan;
  CHECK(said(conv(onnx_tensor("w", {3, 2, 3, 3}, weights))) ==
        "m.onnx: E010 node 'n0' (Conv): tensor 'w' holds NaN; train or export the model again\n");
  weights[7] = -infinity;
  CHECK(said(conv(onnx_tensor("w", {3, 2, 3, 3}, weights))) ==
        "m.onnx: E010 node 'n0' (Conv): tensor 'w' holds an infinity; train or export the model "
        "again\n");
  weights[7] = nan;
  CHECK(
      said(constant_conv(weights)) ==
      "m.onnx: E010 node 'n0' (Constant): tensor 'w' holds NaN; train or export the model again\n");
  CHECK(
      said(constant_add(onnx_real("value_float", nan))) ==
      "m.onnx: E010 node 'n0' (Constant): tensor 'c' holds NaN; train or export the model again\n");
  CHECK(
      said(constant_add(onnx_reals("value_floats", {1, nan, 3, 4}))) ==
      "m.onnx: E010 node 'n0' (Constant): tensor 'c' holds NaN; train or export the model again\n");
  CHECK(said(constant_add(onnx_reals("value_floats", {1, -infinity, 3, 4}))).empty());  // a mask
  CHECK(said(conv(onnx_tensor("w", {3, 2, 3, 3}, ones(53)))) ==
        "m.onnx: E007 node 'n0' (Conv): tensor 'w' of shape 3x2x3x3 has 212 bytes of data instead "
        "of 216\n");
  CHECK(said(conv(onnx_tensor("w", {3, 2, -3, 3}, ones(54)))) ==
        "m.onnx: E009 node 'n0' (Conv): tensor 'w' has the dimension -3, which is negative\n");
  CHECK(said(conv(onnx_tensor("w", {1LL << 40, 1LL << 40}, {}))) ==
        "m.onnx: E009 node 'n0' (Conv): tensor 'w' has the dimension 1099511627776, which is too "
        "large\n");
  CHECK(
      said(conv(onnx_tensor("w", {1 << 20, 1 << 20}, {}))) ==
      "m.onnx: E009 node 'n0' (Conv): tensor 'w' has the dimension 1048576, which is too large\n");
  CHECK(said(conv(Proto{}.number(1, 1).number(2, 8).text(8, "w").text(6, "string"))) ==
        "m.onnx: E008 node 'n0' (Conv): tensor 'w' has the element type string, which is not "
        "supported\n");
}

TEST_CASE("a damaged tensor that nothing reads is no fault") {
  OnnxFile file = relu();
  file.initializer(onnx_tensor("unused", {3}, {1}));
  CHECK(said(file) == "");
}

TEST_CASE("operators that are not supported are all named") {
  OnnxFile file;
  file.input("x", {1, 4})
      .node("Det", {"x"}, {"a"})
      .node("Relu", {"a"}, {"b"})
      .node("Frobnicate", {"b"}, {"c"}, {}, "com.example")
      .node("If", {"x"}, {"d"}, {onnx_graph("then_branch"), onnx_graph("else_branch")})
      .node("Loop", {"d"}, {"e"}, {onnx_graph("body")})
      .output("c")
      .output("e")
      .opset("", 17)
      .opset("com.example", 1);
  const std::string text =
      "m.onnx: E101 node 'n0' (Det): the operator is not supported; replace it, or cut the model "
      "before it\n"
      "m.onnx: E102 node 'n2' (Frobnicate): the operator set 'com.example' is not supported; "
      "export the model with operators of ai.onnx only\n"
      "m.onnx: E101 node 'n3' (If): operators with subgraphs are not supported; "
      "run the model through onnxsim, or export it without control flow\n"
      "m.onnx: E101 node 'n4' (Loop): operators with subgraphs are not supported; "
      "run the model through onnxsim, or export it without control flow\n";
  CHECK(said(file) == text);

  // Inspection says the same of such a model, by operator.
  const Folder folder;
  write_bytes(folder.path() / "m.onnx", file.model());
  const Result<ModelInfo> info = inspect_model(folder.path() / "m.onnx", {});
  REQUIRE(info);
  REQUIRE(info->operators.size() == 5);
  CHECK(info->operators[0].op_type == "Det");
  CHECK_FALSE(info->operators[0].supported);
  CHECK(info->operators[0].reason == "the operator is not supported");
  CHECK(info->operators[3].op_type == "Relu");
  CHECK(info->operators[3].supported);
}

TEST_CASE("variants that are not supported") {
  OnnxFile volume;
  volume.input("x", {1, 2, 8, 8, 8}).initializer(onnx_tensor("w", {3, 2, 1, 1, 1}, ones(6)));
  volume.node("Conv", {"x", "w"}, {"y"}).output("y");
  CHECK(said(volume) ==
        "m.onnx: E103 node 'n0' (Conv): kernel_shape has 3 axes; one and two are supported; "
        "use a one- or two-dimensional operator\n");
  OnnxFile indices;
  indices.input("x", {1, 2, 8, 8})
      .node("MaxPool", {"x"}, {"y", "i"}, {onnx_ints("kernel_shape", {2, 2})});
  indices.output("y").output("i");
  CHECK(said(indices) ==
        "m.onnx: E103 node 'n0' (MaxPool): output 1 (Indices) is not supported; "
        "remove what reads it from the model\n");
  OnnxFile last;  // read as channels-first it would be a convolution over other axes
  last.input("x", {1, 8, 8, 8}).opset("", 17).opset("com.microsoft", 1).output("y");
  last.node("QLinearConv", {"x", "s", "z", "w", "s", "z", "s", "z"}, {"y"},
            {onnx_int("channels_last", 1)}, "com.microsoft");
  for (const char* name : {"s", "z", "w"}) last.initializer(onnx_tensor(name, {}, {1}));
  CHECK(said(last) ==
        "m.onnx: E103 node 'n0' (QLinearConv): channels_last is not supported; "
        "quantize the model in NCHW\n");
  OnnxFile gather;
  gather.input("x", {4, 4}).input("i", {2}, 7).node("Gather", {"x", "i"}, {"y"}).output("y");
  CHECK(said(gather) ==
        "m.onnx: E105 node 'n0' (Gather): input 1 (indices) is not a constant; "
        "make it an initializer, or run the model through onnxsim\n");
  CHECK(said(conv(onnx_tensor("w", {3, 2, 3, 3}, ones(54)), {onnx_ints("strides", {2})})) ==
        "m.onnx: E107 node 'n0' (Conv): attribute strides has 1 entries for 2 spatial axes of "
        "Conv\n");
  CHECK(said(conv(onnx_tensor("w", {3, 2, 3, 3}, ones(54)), {onnx_int("strides", 2)})) ==
        "m.onnx: E107 node 'n0' (Conv): attribute strides is not a list of integers\n");
  CHECK(said(conv(onnx_tensor("w", {3, 2, 3, 3}, ones(54)), {onnx_ints("strides", {0, 1})})) ==
        "m.onnx: E103 node 'n0' (Conv): strides is 0, which is outside [1, 32767]; use a value "
        "inside\n");
}

TEST_CASE("operator sets") {
  OnnxFile unnamed = relu();
  CHECK(said(unnamed.opset("com.example", 1)) ==
        "m.onnx: E004 node 'n0' (Relu): the model names no version of the operator set 'ai.onnx'; "
        "export the model again\n");
  OnnxFile old = relu();
  CHECK(
      said(old.opset("", 3)) ==
      "m.onnx: E108 node 'n0' (Relu): opset 3 is too old; convert the model to opset 7 or later\n");
  // Newer than Linnet knows is not a fault.
  OnnxFile newer = relu();
  newer.opset("", 99);
  const Folder folder;
  write_bytes(folder.path() / "m.onnx", newer.model());
  const Result<ImportedModel> model = import_model(folder.path() / "m.onnx", {});
  REQUIRE(model);
  CHECK(model->graph.notes ==
        std::vector<std::string>{"opset 99 is newer than 21, the newest that Linnet knows"});
}

TEST_CASE("quantization that makes no sense") {
  OnnxFile file;
  file.input("x", {1, 4}).initializer(onnx_tensor("s", {}, {-0.5f}));
  file.node("QuantizeLinear", {"x", "s"}, {"y"}).output("y");
  CHECK(said(file) == "m.onnx: E109 node 'n0' (QuantizeLinear): a scale is -0.5\n");
}

// ---- external data ----------------------------------------------------------------------------------------------

std::string said_external(std::string_view location, std::int64_t offset, std::int64_t length) {
  const Folder folder;
  fs::create_directory(folder.path() / "model");
  write_bytes(folder.path() / "outside.bin", std::string(64, '\0'));
  write_bytes(folder.path() / "model/inside.bin", std::string(64, '\0'));
  fs::create_symlink(folder.path() / "outside.bin", folder.path() / "model/link.bin");
  OnnxFile file;
  file.input("x", {4}).initializer(onnx_external_tensor("w", {4}, location, offset, length));
  file.node("Add", {"x", "w"}, {"y"}).output("y");
  write_bytes(folder.path() / "model/m.onnx", file.model());
  const Result<ImportedModel> model = import_model(folder.path() / "model/m.onnx", {});
  return model ? std::string() : format(model.diagnostics(), "m.onnx");
}

TEST_CASE("external data is read inside the model's folder only") {
  CHECK(said_external("inside.bin", 16, 16) == "");
  for (const char* location :
       {"../outside.bin", "/etc/passwd", "a/../../outside.bin", "link.bin", ""}) {
    CHECK(said_external(location, 0, 16) ==
          std::string("m.onnx: E005 node 'n0' (Add): external data of tensor 'w' at '") + location +
              "' is outside the model's folder; keep the data file beside the model\n");
  }
  CHECK(said_external("missing.bin", 0, 16) ==
        "m.onnx: E006 node 'n0' (Add): external data file 'missing.bin' of tensor 'w' cannot be "
        "read; "
        "put it beside the model\n");
  CHECK(said_external("inside.bin", 56, 16) ==
        "m.onnx: E006 node 'n0' (Add): external data of tensor 'w' ends at byte 72 of "
        "'inside.bin', which has 64; "
        "copy the whole data file\n");
  CHECK(said_external("inside.bin", 0, 8) ==
        "m.onnx: E007 node 'n0' (Add): tensor 'w' of shape 4 has 8 bytes of data instead of 16\n");
}

TEST_CASE("a missing data file is told of once, and no operator is to blame") {
  const Folder folder;
  OnnxFile file;
  file.input("x", {4});
  for (int i = 0; i < 5; ++i) {
    const std::string name = "w" + std::to_string(i);
    const std::string next = "y" + std::to_string(i);
    file.initializer(onnx_external_tensor(name, {4}, i < 4 ? "weights.bin" : "more.bin", 0, 16));
    file.node("Add", {"x", name}, {next}).output(next);
  }
  write_bytes(folder.path() / "m.onnx", file.model());
  const Result<ImportedModel> model = import_model(folder.path() / "m.onnx", {});
  REQUIRE_FALSE(model);
  CHECK(
      format(model.diagnostics(), "m.onnx") ==
      "m.onnx: E006 external data file 'weights.bin' (4 tensors) cannot be read; put it beside the "
      "model\n"
      "m.onnx: E006 node 'n4' (Add): external data file 'more.bin' of tensor 'w4' cannot be read; "
      "put it beside the model\n");
  const Result<ModelInfo> info = inspect_model(folder.path() / "m.onnx", {});
  REQUIRE(info);
  CHECK(info->operators.at(0).supported);
}

TEST_CASE("the hash of a model covers its external data") {
  const auto hash = [](char byte) {
    const Folder folder;
    OnnxFile file;
    file.input("x", {4}).initializer(onnx_external_tensor("w", {4}, "w.bin", 0, 16));
    file.node("Add", {"x", "w"}, {"y"}).output("y");
    write_bytes(folder.path() / "m.onnx", file.model());
    write_bytes(folder.path() / "w.bin", std::string(16, byte));
    const Result<ImportedModel> model = import_model(folder.path() / "m.onnx", {});
    REQUIRE(model);
    return model->info.sha256;
  };
  CHECK(hash('\0') == hash('\0'));
  CHECK(hash('\0') != hash('\1'));
}

}  // namespace
}  // namespace linnet
