// See detect_files.h.
#include "compiler/emit/detect_files.h"

#include <fmt/format.h>

#include <cassert>

#include "compiler/emit/text.h"

namespace linnet {
namespace {

// "{ map_of(arenas, 3), 0.5F, -7 }"
std::string map_text(const Graph& graph, std::size_t output) {
  const TensorType& type = graph.type(graph.outputs[output].tensor);
  float scale = 1;
  std::int32_t zero_point = 0;
  if (type.quantization) {
    scale = type.quantization->scale.front();
    zero_point = type.quantization->zero_point.front();
  }
  return fmt::format("{{ map_of(arenas, {}), {}, {} }}", output, float_literal(scale), zero_point);
}

// Quantization makes every float output int8, and float graphs have float outputs only.
std::string element_of(const Graph& graph, const DetectionHead& head) {
  const DType dtype = graph.type(graph.outputs[head.levels.front().box].tensor).dtype;
  for (const DetectionLevel& level : head.levels) {
    for (const std::size_t output : {level.box, level.classes, level.extra})
      assert(graph.type(graph.outputs[output].tensor).dtype == dtype && "one type for all maps");
  }
  assert(dtype == DType::i8 || dtype == DType::f32);
  return dtype == DType::i8 ? "std::int8_t" : "float";
}

std::string taker(const DetectionHead& head) {
  switch (head.kind) {
    case DetectionHead::Kind::boxes: return "TakeNothing";
    case DetectionHead::Kind::masks: return "TakeMask";
    case DetectionHead::Kind::keypoints:
      return fmt::format("TakeKeypoints<{}>", head.keypoint_values);
  }
  return {};
}

void set_masks(const Network& network, const DetectionHead& head, TemplateData& data) {
  const Shape& input = network.graph.type(network.graph.inputs.front().tensor).shape;
  const auto pixels = [&](std::size_t dimension, std::int32_t size) {
    return float_literal(static_cast<float>(input[dimension]) / static_cast<float>(size));
  };
  data.set("mask_count", std::int64_t{head.mask_count})
      .set("mask_width", std::int64_t{head.proto_width})
      .set("mask_height", std::int64_t{head.proto_height})
      .set("mask_pixels_x", pixels(2, head.proto_width))
      .set("mask_pixels_y", pixels(1, head.proto_height))
      .set("proto", map_text(network.graph, head.proto));
}

}  // namespace

void emit_detection(const Network& network, const EmitOptions& options, TemplateData data,
                    Files& files) {
  if (!network.graph.detection) return;
  const DetectionHead& head = *network.graph.detection;
  assert(network.plan.after_run && "detect() has its scratch");
  const Placement& scratch = *network.plan.after_run;
  TemplateList levels;
  for (const DetectionLevel& level : head.levels) {
    std::string maps = map_text(network.graph, level.box) + ", " +
                       map_text(network.graph, level.classes) + ", " +
                       (head.has_extra() ? map_text(network.graph, level.extra) : "{}");
    levels.push_back(TemplateData()
                         .set("width", std::int64_t{level.width})
                         .set("height", std::int64_t{level.height})
                         .set("stride", float_literal(level.stride))
                         .set("maps", std::move(maps)));
  }
  const bool masks = head.kind == DetectionHead::Kind::masks;
  if (masks) set_masks(network, head, data);
  const std::string& bank = network.target.banks[static_cast<std::size_t>(scratch.bank)].name;
  const auto level_count = static_cast<std::int64_t>(levels.size());
  data.set("level_count", level_count)
      .set("levels", std::move(levels))
      .set("cells", head.cells())
      .set("classes", std::int64_t{head.classes})
      .set("bins", std::int64_t{head.bins})
      .set("extra_values", std::int64_t{head.has_extra() ? head.extra_values() : 0})
      .set("element", element_of(network.graph, head))
      .set("take", taker(head))
      .set("scratch", fmt::format("arenas.{} + {}", bank, scratch.offset))
      .set("scratch_bytes", scratch.bytes)
      .set("masks", masks)
      .set("keypoints", head.kind == DetectionHead::Kind::keypoints)
      .set("keypoint_count", std::int64_t{head.keypoints});
  const std::string stem = options.name + "_detect.";
  files[stem + "h"] = render("network_detect.h", data);
  files[stem + "hpp"] = render("network_detect.hpp", data);
  files[stem + "cpp"] = render("network_detect.cpp", data);
}

}  // namespace linnet
