// Calibration and test data: what `--calibrate PATH...` names, as values of the graph's inputs.
//
//   frames/                         every .png .jpg .jpeg .npy .pb in it, by name
//   node/test_data_set_0/           input_0.pb, input_1.pb ... are one sample
//   node/                           ... and so is each test_data_set_* in it
//   batch.npy                       one sample, or one for each index of its first dimension
//   dog.wav                         with a front end: the features of a sound
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compiler/data/picture.h"
#include "compiler/ir/graph.h"

namespace linnet {

struct SampleOptions {
  Normalization normalization;  // of pictures
  bool resize = false;          // pictures of another size than the input's
  // With a log-mel front end, which makes the input of sounds: its options (compiler/front_end/log_mel.h), "" for the defaults.
  std::optional<std::string> log_mel = {};
};

// Whether `paths` name a picture, or a folder with one in it.
bool holds_pictures(const std::vector<std::filesystem::path>& paths);

// One sample: the model's own layout and element type, in the order of graph.inputs.
using Sample = std::vector<TensorValue>;

// In the order of `paths`, within a folder by name. Stops at the first file that does not fit; gives at least one. `names`,
// when given, gets what to call each sample: its file's name, with an index where the file holds several.
Result<std::vector<Sample>> load_model_samples(const Graph& graph,
                                               const std::vector<std::filesystem::path>& paths,
                                               const SampleOptions& options,
                                               std::vector<std::string>* names = nullptr);

// The same for the device: layout and element type of the graph's input tensors, as `interpret` takes them.
Result<std::vector<Sample>> load_samples(const Graph& graph,
                                         const std::vector<std::filesystem::path>& paths,
                                         const SampleOptions& options);

}  // namespace linnet
