// The files that the linnet binary carries: all of runtime/ and templates/, so that one executable
// is the whole tool.
//
// Paths are spelled as generated code spells them:
//
//   linnet/rows.h                      runtime/include/linnet/rows.h
//   linnet/kernels/conv2d_s8_1x1.h     runtime/kernels/conv2d_s8_1x1.h
//   linnet/dsp/armv7em.h               runtime/dsp/armv7em.h
//   boards/mps2_an500/startup.cpp      runtime/boards/mps2_an500/startup.cpp
//   templates/network.hpp.mustache     templates/network.hpp.mustache
//   plugin/count_blocks.so             built from compiler/profile/plugin, for QEMU
//
// compiler/CMakeLists.txt writes the table; a change of any of these files rebuilds it.
#pragma once

#include <span>
#include <string_view>

namespace linnet {

struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

// In a fixed order: runtime headers, kernels and dsp, boards, templates, plugin; each group sorted by path.
std::span<const EmbeddedFile> embedded_files();

}  // namespace linnet
