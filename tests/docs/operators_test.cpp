// What operator_table.h says of each ONNX operator, against what lowering does: ONNX's own suite and models/quantized_ops are
// lowered in float and in int8, and every kernel call is looked up in the entry of the operator it came from.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "compiler/lower/lower.h"
#include "compiler/onnx/model.h"
#include "compiler/ops/operator_table.h"
#include "compiler/pipeline.h"
#include "tests/docs/operator_models.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using Seen = std::map<std::string, std::set<std::string>>;  // operator -> kernels

// Copies between layouts and conversions between scales belong to no operator.
bool is_between(std::string_view kernel) {
  return kernel == "copy_x8_nd" || kernel == "copy_x32_nd" || kernel == "quantize_f32_s8" ||
         kernel == "dequantize_s8_f32" || kernel == "lut_s8";
}

void add_calls(const Graph& graph, Seen& seen) {
  const Result<Program> program = lower(graph);
  if (!program) return;  // what no kernel takes; tests/errors has those
  for (const KernelCall& call : program->calls) seen[call.origin.op].insert(call.kernel);
}

// Integer inputs of ONNX's suite are shapes, axes and indices, which must be constants.
void fix_parameters(const fs::path& path, CompileOptions& options) {
  const Result<OnnxModel> model = read_model(path);
  if (!model) return;
  const fs::path data = path.parent_path() / "test_data_set_0";
  for (std::size_t i = 0; i < model->inputs.size(); ++i) {
    const OnnxPort& port = model->inputs[i];
    if (!port.dtype || *port.dtype != DType::i64) continue;
    Result<TensorValue> value = read_tensor_pb(data / ("input_" + std::to_string(i) + ".pb"));
    if (value) options.input_values.emplace(port.name, *std::move(value));
  }
}

void add_model(const fs::path& path, Seen& seen) {
  CompileOptions options;
  options.model = path;
  fix_parameters(path, options);
  Result<ImportedModel> imported = import_and_simplify(options);
  if (!imported) {
    // What the suites have and Linnet refuses is none of this test's business; what it writes itself is.
    INFO(format(imported.diagnostics(), path.string()));
    REQUIRE(path.string().find("operator_models") == std::string::npos);
    return;
  }
  if (is_quantized_model(imported->graph)) {
    if (const Result<Graph> device = make_device_graph(imported->graph, {}, options); device)
      add_calls(*device, seen);
    return;
  }
  add_calls(imported->graph, seen);
  if (const Result<Graph> int8 = guess_int8(imported->graph); int8) add_calls(*int8, seen);
}

const Seen& seen_kernels() {
  static const Seen seen = [] {
    Seen result;
    const fs::path data = "/usr/share/libonnx-testdata/data";
    std::ifstream passing(fs::path(LINNET_SOURCE_DIR) / "tests/onnx_conformance/passing.txt");
    std::size_t models = 0;
    for (std::string name; std::getline(passing, name);) {
      if (!fs::exists(data / name / "model.onnx")) continue;
      add_model(data / name / "model.onnx", result);
      ++models;
    }
    REQUIRE(models > 300);
    for (const fs::directory_entry& folder :
         fs::directory_iterator(testing::models_folder() / "quantized_ops")) {
      if (fs::exists(folder.path() / "model.onnx")) add_model(folder.path() / "model.onnx", result);
    }
    const fs::path own = fs::temp_directory_path() / "operator_models";
    for (const fs::path& model : testing::write_operator_models(own)) add_model(model, result);
    fs::remove_all(own);
    return result;
  }();
  return seen;
}

// Patterns of several nodes that passes know are one operation, under the name of a node of theirs.
bool is_recognised(const std::string& op_type, const std::string& kernel) {
  const bool squares =
      kernel == "unary_f32_pow" && (op_type == "Mul" || op_type == "LayerNormalization");
  const bool softmax = op_type == "Div" && kernel.starts_with("softmax_");
  return squares || softmax;
}

// Kernels of all entries of a name, in whatever domain, of any form.
std::set<std::string> listed_kernels(const std::string& op_type) {
  std::set<std::string> names;
  for (const char* domain : {"", "com.microsoft"}) {
    const OperatorEntry* entry = find_operator(domain, op_type);
    if (entry == nullptr) continue;
    const OperatorKernels kernels = kernels_of(entry->forms);
    names.insert(kernels.int8.begin(), kernels.int8.end());
    names.insert(kernels.float32.begin(), kernels.float32.end());
  }
  return names;
}

}  // namespace

TEST_CASE("operators - every kernel that lowering takes is listed with its operator") {
  for (const auto& [op_type, kernels] : seen_kernels()) {
    if (!is_operator(op_type)) continue;  // "Constant" outputs, which are copied
    const std::set<std::string> listed = listed_kernels(op_type);
    for (const std::string& kernel : kernels) {
      INFO(op_type << " is lowered to " << kernel << ", which its entry does not have");
      CHECK((is_between(kernel) || is_recognised(op_type, kernel) || listed.count(kernel) == 1));
    }
  }
}

TEST_CASE("operators - every form that an entry has is met") {
  for (const OperatorSet& set : operator_sets()) {
    for (const OperatorEntry& entry : set.entries) {
      CHECK((entry.leaves == Leaves::kernels) == !entry.forms.empty());
      const auto seen = seen_kernels().find(std::string(entry.op_type));
      for (unsigned i = 0; i <= static_cast<unsigned>(kLastForm); ++i) {
        const auto form = static_cast<Form>(i);
        if (!entry.forms.contains(form)) continue;
        const OperatorKernels kernels = kernels_of(Forms{form});
        const auto met = [&](const std::vector<std::string_view>& names) {
          return names.empty() ||
                 (seen != seen_kernels().end() &&
                  std::any_of(names.begin(), names.end(), [&](std::string_view name) {
                    return seen->second.count(std::string(name)) == 1;
                  }));
        };
        INFO(set.domain << " " << entry.op_type << ", form " << i);
        CHECK((met(kernels.int8) || met(kernels.float32)));
        if (kernels.int8.empty() || kernels.float32.empty()) continue;
        CHECK(met(kernels.int8));
      }
    }
  }
}

TEST_CASE("operators - names are in order and given once") {
  std::set<std::pair<std::string, std::string>> names;
  for (const OperatorSet& set : operator_sets()) {
    for (const OperatorEntry& entry : set.entries) {
      INFO(entry.op_type);
      CHECK(names.emplace(set.domain, entry.op_type).second);
      CHECK(entry.since >= 1);
      CHECK(entry.since <= kNewestOpset);
      CHECK(find_import_function(set.domain, entry.op_type) == entry.function);
      CHECK((entry.limits.empty() || entry.limits.back() == '.'));
    }
  }
}

}  // namespace linnet
