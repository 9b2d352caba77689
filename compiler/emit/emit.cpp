// Fills the templates from a planned program; see emit.h.
#include "compiler/emit/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "compiler/emit/detect_files.h"
#include "compiler/emit/network_data.h"
#include "compiler/emit/render.h"
#include "compiler/emit/runtime_files.h"
#include "compiler/emit/text.h"

namespace linnet {
namespace {

std::set<std::string> kernels_of(const Program& program) {
  std::set<std::string> kernels;
  for (const KernelCall& call : program.calls) kernels.insert(call.kernel);
  return kernels;
}

// What is included besides kernels.
std::set<std::string> headers_of(const Network& network) {
  std::set<std::string> headers;
  if (network.graph.detection) headers.insert("linnet/detect.h");
  return headers;
}

void emit_weights(const Network& network, const EmitOptions& options, TemplateData data,
                  Files& files) {
  if (options.weights_format == WeightsFormat::incbin) {
    files[options.name + "_weights.S"] = render("weights.S", data);
    files[options.name + "_weights.bin"] = weights_image(network.program);
    return;
  }
  TemplateList constants;
  for (const Constant& constant : network.program.constants) {
    constants.push_back(TemplateData()
                            .set("constant", constant.name)
                            .set("word_count", word_count(constant.bytes))
                            .set("words", hex_words(constant.bytes)));
  }
  data.set("constants", std::move(constants));
  files[options.name + "_weights.cpp"] = render("weights.cpp", data);
}

}  // namespace

Files emit(const Network& network, const EmitOptions& options) {
  const TemplateData data = network_data(network, options);
  const std::string& name = options.name;
  Files files;
  files[name + ".hpp"] = render("network.hpp", data);
  files[name + ".cpp"] = render("network.cpp", data);
  files[name + ".h"] = render("network.h", data);
  files[name + "_c.cpp"] = render("network_c.cpp", data);
  files[name + "_trace.hpp"] = render("trace.hpp", data);
  files["CMakeLists.txt"] = render("CMakeLists.txt", data);
  emit_weights(network, options, data, files);
  emit_detection(network, options, data, files);

  const TemplateData vectors = test_vector_data(network, options);
  files[name + "_test_vector.hpp"] = render("test_vector.hpp", vectors);
  files[name + "_test_vector.cpp"] = render("test_vector.cpp", vectors);

  if (options.bundle_runtime) {
    for (const std::string& path :
         runtime_files(kernels_of(network.program), headers_of(network))) {
      files[path] = bundled_text(path);
    }
  }
  return files;
}

}  // namespace linnet
