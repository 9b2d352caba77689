// See operator_models.h. x is [1, 4, 6, 6] float; in quantized models it is made of it by QuantizeLinear.
#include "tests/docs/operator_models.h"

#include <functional>
#include <string>
#include <string_view>

#include "tests/support/onnx_writer.h"

namespace linnet::testing {
namespace {

constexpr std::string_view kMicrosoft = "com.microsoft";

OnnxFile float_file() {
  OnnxFile file;
  file.input("x", {1, 4, 6, 6}).opset("", 20).opset(kMicrosoft, 1).output("y");
  return file;
}

// x as codes in "q", of scale "s" and zero point "z"; "t" is another scale, and "q2" half of x in it.
OnnxFile quantized_file(const std::vector<std::int64_t>& shape = {1, 4, 6, 6}) {
  OnnxFile file;
  file.input("x", shape).opset("", 17).opset(kMicrosoft, 1).output("y");
  file.initializer(onnx_tensor("s", {}, {0.05F})).initializer(onnx_tensor("t", {}, {0.07F}));
  file.initializer(onnx_tensor("half", {}, {0.5F}));
  file.initializer(Proto{}.number(2, 3).text(8, "z").text(9, std::string_view("\x03", 1)));  // int8
  file.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  file.node("Mul", {"x", "half"}, {"x2"}).node("QuantizeLinear", {"x2", "t", "z"}, {"q2"});
  return file;
}

class Writer {
 public:
  explicit Writer(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
  }
  void add(const OnnxFile& file) {
    paths_.push_back(folder_ / (std::to_string(paths_.size()) + ".onnx"));
    write_bytes(paths_.back(), file.model());
  }
  std::vector<std::filesystem::path> paths() const { return paths_; }

 private:
  std::filesystem::path folder_;
  std::vector<std::filesystem::path> paths_;
};

void add_float_models(Writer& writer) {
  for (const char* approximate : {"none", "tanh"})
    writer.add(float_file().node("Gelu", {"x"}, {"y"}, {onnx_text("approximate", approximate)}));
  for (const std::string_view op : {"Gelu", "FastGelu", "QuickGelu"})
    writer.add(float_file().node(op, {"x"}, {"y"}, {}, kMicrosoft));
  const Proto scalar = onnx_tensor("c", {1}, {0.5F});
  const Proto bias = onnx_tensor("c", {6}, {1, 2, 3, 4, 5, 6});
  writer.add(float_file().initializer(bias).node("FastGelu", {"x", "c"}, {"y"}, {}, kMicrosoft));
  writer.add(float_file().initializer(scalar).node("FastGelu", {"x", "c"}, {"y"}, {}, kMicrosoft));
  writer.add(float_file().node("QuickGelu", {"x"}, {"y"}, {onnx_real("alpha", 1.0F)}, kMicrosoft));
  for (const std::string_view op : {"Sub", "Sum", "Max", "Min", "Mean", "Div", "PRelu"})
    writer.add(float_file().initializer(scalar).node(op, {"x", "c"}, {"y"}));
  writer.add(float_file()
                 .initializer(onnx_tensor("c", {4, 1, 1}, {0.1F, 0.2F, 0.3F, 0.4F}))
                 .node("PRelu", {"x", "c"}, {"y"}));
  writer.add(float_file()
                 .initializer(onnx_tensor("c", {4, 1, 1}, {0.1F, 0.2F, 0.3F, 0.4F}))
                 .node("Div", {"x", "c"}, {"y"}));
  writer.add(OnnxFile().input("x", {}).output("y").node("ReduceL2", {"x"}, {"y"}));
  writer.add(float_file()
                 .initializer(onnx_int_tensor("shape", {4}, {2, 4, 6, 6}))
                 .node("Expand", {"x", "shape"}, {"y"}));
  writer.add(OnnxFile()
                 .input("x", {4, 6})
                 .output("y")
                 .node("Transpose", {"x"}, {"t"}, {onnx_ints("perm", {1, 0})})
                 .node("MatMul", {"x", "t"}, {"y"}));
  for (const char* mode : {"nearest", "linear"}) {
    OnnxFile file;
    file.input("x", {1, 4, 6, 6}).opset("", 9).output("y");
    writer.add(file.initializer(onnx_tensor("scales", {4}, {1, 1, 2, 2}))
                   .node("Upsample", {"x", "scales"}, {"y"}, {onnx_text("mode", mode)}));
  }
  writer.add(float_file()
                 .initializer(onnx_int_tensor("c", {6}, {1, 0, 1, 0, 1, 0}))
                 .node("Cast", {"c"}, {"b"}, {onnx_int("to", 9)})
                 .node("Sigmoid", {"x"}, {"u"})
                 .node("Where", {"b", "x", "u"}, {"y"}));
  writer.add(float_file()
                 .initializer(onnx_int_tensor("c", {6}, {1, 0, 1, 0, 1, 0}))
                 .initializer(onnx_tensor("v", {1}, {0.5F}))
                 .node("Cast", {"c"}, {"b"}, {onnx_int("to", 9)})
                 .node("Where", {"b", "x", "v"}, {"y"}));
}

void add_quantized_models(Writer& writer) {
  const auto add = [&](std::string_view op, std::initializer_list<std::string_view> inputs,
                       std::initializer_list<Proto> attributes = {}) {
    OnnxFile file = quantized_file();
    writer.add(file.node(op, inputs, {"yq"}, attributes, kMicrosoft)
                   .node("DequantizeLinear", {"yq", "t", "z"}, {"y"}));
  };
  add("QLinearAdd", {"q", "s", "z", "q2", "t", "z", "t", "z"});
  add("QLinearMul", {"q", "s", "z", "q2", "t", "z", "t", "z"});
  add("QLinearConcat", {"t", "z", "q", "s", "z", "q2", "t", "z"}, {onnx_int("axis", 1)});
  add("QLinearReduceMean", {"q", "s", "z", "t", "z"}, {onnx_ints("axes", {2, 3})});
  add("QLinearLeakyRelu", {"q", "s", "z", "t", "z"}, {onnx_real("alpha", 0.1F)});
  // An operand of one element is a table.
  for (const std::string_view op : {"QLinearAdd", "QLinearMul"}) {
    OnnxFile file = quantized_file();
    file.initializer(Proto{}.number(1, 1).number(2, 3).text(8, "one").text(9, "\x09"));
    writer.add(file.node(op, {"q", "s", "z", "one", "s", "z", "t", "z"}, {"yq"}, {}, kMicrosoft)
                   .node("DequantizeLinear", {"yq", "t", "z"}, {"y"}));
  }
  OnnxFile where = quantized_file();
  where.initializer(onnx_int_tensor("c", {6}, {1, 0, 1, 0, 1, 0}))
      .node("Cast", {"c"}, {"b"}, {onnx_int("to", 9)})
      .node("QLinearWhere", {"b", "q", "s", "z", "q2", "t", "z", "t", "z"}, {"yq"}, {}, kMicrosoft)
      .node("DequantizeLinear", {"yq", "t", "z"}, {"y"});
  writer.add(where);
  OnnxFile gemm = quantized_file({4, 6});
  gemm.node("Transpose", {"q2"}, {"w"}, {onnx_ints("perm", {1, 0})})
      .node("QGemm", {"q", "s", "z", "w", "t", "z", "", "t", "z"}, {"yq"}, {}, kMicrosoft)
      .node("DequantizeLinear", {"yq", "t", "z"}, {"y"});
  writer.add(gemm);
}

}  // namespace

std::vector<std::filesystem::path> write_operator_models(const std::filesystem::path& folder) {
  Writer writer(folder);
  add_float_models(writer);
  add_quantized_models(writer);
  return writer.paths();
}

}  // namespace linnet::testing
