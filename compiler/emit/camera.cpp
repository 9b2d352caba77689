// See camera.h.
#include "compiler/emit/camera.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/emit/text.h"
#include "linnet/dsp/float_math.h"

namespace linnet {
namespace {

const TensorType& input_type(const Graph& graph) { return graph.type(graph.inputs.front().tensor); }

std::string table(const std::vector<float>& values, bool codes) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string value =
        codes ? fmt::format("{}", static_cast<int>(values[i])) : float_literal(values[i]);
    text += i == 0 ? "" : i % 16 == 0 ? ",\n    " : ", ";
    text += value;
  }
  return text;
}

Diagnostic fault(std::string message) {
  return {"E322", "", "", "--front-end camera: " + std::move(message), "leave --front-end out"};
}

// Whether the device's [1,H,W,C] has the model's height as rows and its width as columns. Which is which is as for
// calibration pictures (compiler/data/samples.cpp).
bool keeps_rows(const Port& port) {
  if (port.model_shape.size() != 4) return false;
  const bool channels_first = port.model_shape[1] == 3 || port.model_shape[1] == 1;
  const std::int32_t height_axis = channels_first ? 2 : 1;
  const auto axis = [&](std::size_t i) {
    return port.permutation.empty() ? static_cast<std::int32_t>(i) : port.permutation[i];
  };
  return axis(1) == height_axis && axis(2) == height_axis + 1;
}

}  // namespace

Result<Nothing> check_camera_input(const Graph& graph) {
  if (graph.inputs.size() != 1)
    return fault(fmt::format("the network has {} inputs", graph.inputs.size()));
  const Port& port = graph.inputs.front();
  const Shape& shape = graph.type(port.tensor).shape;
  const bool picture =
      shape.size() == 4 && shape[0] == 1 && (shape[3] == 3 || shape[3] == 1) && !port.columns;
  if (!picture)
    return fault(fmt::format("input '{}' of {} is no picture of one or three channels",
                             harmless(port.name), to_string(port.model_shape)));
  if (!keeps_rows(port))
    return fault(fmt::format("on the device the rows of input '{}' of {} are not the picture's",
                             harmless(port.name), to_string(port.model_shape)));
  return ok();
}

Result<Nothing> check_camera_values(const Graph& graph) {
  const TensorType& type = input_type(graph);
  const bool codes =
      type.dtype == DType::i8 && type.quantization && type.quantization->per_tensor();
  if (type.dtype == DType::f32 || codes) return ok();
  return fault(fmt::format("on the device input '{}' is {}", harmless(graph.inputs.front().name),
                           to_string(type.dtype)));
}

std::vector<std::vector<float>> pixel_values(const Graph& graph,
                                             const Normalization& normalization) {
  const TensorType& type = input_type(graph);
  std::vector<std::vector<float>> tables(static_cast<std::size_t>(type.shape[3]));
  for (std::size_t c = 0; c < tables.size(); ++c) {
    for (int pixel = 0; pixel < 256; ++pixel) {
      const auto value =
          static_cast<float>((pixel - normalization.mean[c]) * normalization.scale[c]);
      if (type.dtype == DType::f32) {
        tables[c].push_back(value);
      } else {
        tables[c].push_back(static_cast<float>(dsp::quantize_f32(
            value, type.quantization->scale.front(), type.quantization->zero_point.front())));
      }
    }
  }
  const bool equal = std::all_of(tables.begin(), tables.end(),
                                 [&](const auto& one) { return one == tables.front(); });
  if (equal) tables.resize(1);
  return tables;
}

std::int64_t pixel_table_bytes(const Graph& graph, const Normalization& normalization) {
  return 256 * static_cast<std::int64_t>(pixel_values(graph, normalization).size()) *
         size_bytes(input_type(graph).dtype);
}

void emit_camera(const Network& network, const EmitOptions& options, TemplateData common,
                 Files& files) {
  const TensorType& type = input_type(network.graph);
  const bool codes = type.dtype == DType::i8;
  TemplateList tables;
  for (const std::vector<float>& values : pixel_values(network.graph, *options.camera))
    tables.push_back(TemplateData().set("values", table(values, codes)));
  const bool same = tables.size() == 1;
  const std::optional<DetectionHead>& head = network.graph.detection;
  common.set("keypoints", head && head->kind == DetectionHead::Kind::keypoints)
      .set("masks", head && head->kind == DetectionHead::Kind::masks)
      .set("input_height", type.shape[1])
      .set("input_width", type.shape[2])
      .set("input_channels", type.shape[3])
      .set("value_type", std::string(codes ? "std::int8_t" : "float"))
      .set("c_value_type", std::string(codes ? "int8_t" : "float"))
      .set("table_count", static_cast<std::int64_t>(tables.size()))
      .set("second", static_cast<std::int64_t>(same ? 0 : 1))
      .set("third", static_cast<std::int64_t>(same ? 0 : 2))
      .set("tables_of_pixels", std::move(tables));
  files[options.name + "_camera.hpp"] = render("camera.hpp", common);
  files[options.name + "_camera.cpp"] = render("camera.cpp", common);
  files[options.name + "_camera.h"] = render("camera.h", common);
}

}  // namespace linnet
