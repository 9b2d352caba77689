// What the templates say about a network: one key for each {{{key}}}.
#pragma once

#include <string>

#include "compiler/emit/emit.h"
#include "compiler/emit/render.h"

namespace linnet {

// Keys of network.*, weights.*, trace.hpp and CMakeLists.txt.
TemplateData network_data(const Network& network, const EmitOptions& options);

// Keys of test_vector.*.
TemplateData test_vector_data(const Network& network, const EmitOptions& options);

// All constants one after the other, each padded to 8 bytes: NAME_weights.bin.
std::string weights_image(const Program& program);

}  // namespace linnet
