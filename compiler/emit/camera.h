// The camera front end as files of their own: NAME_camera.hpp, .cpp and .h, which take frames of any size, in RGB888 or RGB565,
// letterbox them (linnet/letterbox.h) and run the network. Normalisation and quantization are a table of 256 entries a channel.
#pragma once

#include "compiler/data/picture.h"
#include "compiler/emit/emit.h"
#include "compiler/emit/render.h"

namespace linnet {

// E322: a network whose only input is not one picture of one or three channels, its rows on the device those of the model's
// height. Of the float graph, before anything is calibrated.
Result<Nothing> check_camera_input(const Graph& graph);
// E322: values on the device that are neither float32 nor int8 with one scale. Of the graph that is lowered.
Result<Nothing> check_camera_values(const Graph& graph);

// What the input's tensor holds for a pixel of 0 to 255: [channel][pixel], one row for all channels where they are equal.
// Codes for int8, values for float32.
std::vector<std::vector<float>> pixel_values(const Graph& graph,
                                             const Normalization& normalization);

// Bytes of pixel_values() in flash.
std::int64_t pixel_table_bytes(const Graph& graph, const Normalization& normalization);

// Adds the files; `common` has the keys of the network's own templates. The checks above let the graph through.
void emit_camera(const Network& network, const EmitOptions& options, TemplateData common,
                 Files& files);

}  // namespace linnet
