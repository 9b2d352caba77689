// Emission: a planned program as C++17 sources.
//
//   NAME.hpp NAME.cpp NAME_weights.cpp    the network (or NAME_weights.S and .bin with WeightsFormat::incbin)
//   NAME.h NAME_c.cpp                     the same for C
//   NAME_camera.hpp NAME_camera.cpp NAME_camera.h  with the camera front end: the network fed with frames
//   NAME_audio.hpp NAME_audio.cpp NAME_audio.h   with a front end: the network fed with samples
//   NAME_trace.hpp                        table of layers, for profilers and comparison
//   NAME_test_vector.{hpp,h,cpp}          an input, the oracle's output, self_test()
//   NAME_labels.{h,hpp,cpp}               a zero-shot classifier's labels, when there are any
//   CMakeLists.txt report.json
//   linnet/...                            the runtime files that it uses
//
// That is the layout of --package cmake; package.h has the others.
//
// Text only: nothing here touches the disk. The same network gives the same bytes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/data/picture.h"
#include "compiler/emit/package.h"
#include "compiler/front_end/log_mel.h"
#include "compiler/ir/graph.h"
#include "compiler/labels/label_set.h"
#include "compiler/lower/program.h"
#include "compiler/onnx/importer.h"
#include "compiler/plan/plan.h"

namespace linnet {

enum class WeightsFormat : std::uint8_t { cpp, incbin };

struct EmitOptions {
  std::string name;            // a C identifier
  bool bundle_runtime = true;  // put linnet/ beside the sources
  WeightsFormat weights_format = WeightsFormat::cpp;
  std::optional<LabelSet> labels{};       // a zero-shot classifier's: NAME_labels.*
  std::optional<Normalization> camera{};  // of the camera front end's pixels: NAME_camera.*
  PackageOptions package{};               // the layout, and what describes it
};

// Inputs and the oracle's outputs, in device layout and type.
struct TestVector {
  std::vector<TensorValue> inputs, outputs;
};

// Everything about a network that emission and the report look at.
struct Network {
  const ModelInfo& model;
  const Graph& graph;  // the one that was lowered
  const Program& program;
  const Plan& plan;
  const Target& target;
  const TestVector& test_vector;
  std::int64_t stack_bytes = 0;
  const LogMelFrontEnd* front_end = nullptr;
};

using Files = std::map<std::string, std::string>;  // path below the output folder -> bytes

// All files but report.json.
Files emit(const Network& network, const EmitOptions& options);

}  // namespace linnet
