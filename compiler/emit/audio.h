// The front end's files: NAME_audio.hpp, .cpp and .h.
#pragma once

#include "compiler/emit/emit.h"
#include "compiler/emit/render.h"

namespace linnet {

// How a row of the front end becomes a row of the network's input: times scale plus offset, then (int8) rounded and clamped.
// One of each for all columns, or one for each column.
struct InputColumns {
  std::vector<float> scale, offset;
};
InputColumns input_columns(const Network& network);

// Adds the files; `common` has the keys of the network's own templates. The network has a front end.
void emit_audio(const Network& network, const EmitOptions& options, TemplateData common,
                Files& files);

}  // namespace linnet
