// The files of a network with a detection head: NAME_detect.hpp, NAME_detect.cpp and NAME_detect.h.
#pragma once

#include "compiler/emit/emit.h"
#include "compiler/emit/render.h"

namespace linnet {

// Nothing when the graph has no head. `data`: what all files of the network say (network_data).
void emit_detection(const Network& network, const EmitOptions& options, TemplateData data,
                    Files& files);

}  // namespace linnet
