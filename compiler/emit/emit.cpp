// Fills the templates from a planned program; see emit.h.
#include "compiler/emit/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "compiler/emit/audio.h"
#include "compiler/emit/camera.h"
#include "compiler/emit/detect_files.h"
#include "compiler/emit/labels.h"
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

// Of the arenas that the network uses.
std::vector<std::string> bank_names(const Network& network) {
  std::vector<std::string> names;
  for (std::size_t b = 0; b < network.plan.banks.size(); ++b) {
    if (network.plan.banks[b].used_bytes > 0) names.push_back(network.target.banks[b].name);
  }
  return names;
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
  TemplateData data = network_data(network, options);
  data.set("has_labels", options.labels.has_value()).set("camera", options.camera.has_value());
  const std::string& name = options.name;
  Files files;
  files[name + ".hpp"] = render("network.hpp", data);
  files[name + ".cpp"] = render("network.cpp", data);
  files[name + ".h"] = render("network.h", data);
  files[name + "_c.cpp"] = render("network_c.cpp", data);
  files[name + "_trace.hpp"] = render("trace.hpp", data);
  emit_weights(network, options, data, files);
  std::vector<std::string> other_headers;
  if (network.front_end != nullptr) {
    emit_audio(network, options, data, files);
    other_headers.emplace_back("linnet/log_mel.h");
  }

  if (options.camera) {
    emit_camera(network, options, data, files);
    other_headers.emplace_back("linnet/letterbox.h");
  }
  emit_detection(network, options, data, files);
  if (network.graph.detection) other_headers.emplace_back("linnet/detect.h");

  const TemplateData vectors = test_vector_data(network, options);
  files[name + "_test_vector.hpp"] = render("test_vector.hpp", vectors);
  files[name + "_test_vector.h"] = render("test_vector.h", vectors);
  files[name + "_test_vector.cpp"] = render("test_vector.cpp", vectors);

  if (options.labels) {
    files.merge(emit_labels(name, bank_names(network), *options.labels));
    if (options.bundle_runtime) files.merge(label_runtime_files());
  }
  if (options.bundle_runtime) {
    for (const std::string& path : runtime_files(kernels_of(network.program), other_headers)) {
      files[path] = bundled_text(path);
    }
  }
  return make_package(options.package, name, network.model.sha256, files, std::move(data));
}

}  // namespace linnet
