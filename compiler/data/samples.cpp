// See samples.h.
#include "compiler/data/samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <string>

#include "compiler/data/npy.h"
#include "compiler/data/sound.h"
#include "compiler/front_end/log_mel.h"
#include "compiler/onnx/importer.h"
#include "compiler/reference/interpreter.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKinds = ".png, .jpg, .npy or .pb files, or test_data_set_* folders";
constexpr const char* kKindsWithSounds =
    ".wav, .flac, .npy or .pb files, or test_data_set_* folders";

std::string extension(const fs::path& path) {
  std::string text = path.extension().string();
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool is_picture(const fs::path& path) {
  const std::string ending = extension(path);
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

bool is_sample_file(const fs::path& path) {
  return is_picture(path) || extension(path) == ".npy" || extension(path) == ".pb";
}

// A sample one level down, where people look for it and nobody finds it.
bool holds_nested_samples(const fs::path& folder) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    if (!entry.is_directory(ignored)) continue;
    for (const fs::directory_entry& inner : fs::directory_iterator(entry.path(), ignored))
      if (is_sample_file(inner.path())) return true;
  }
  return false;
}

// Whether `shape` is `wanted` (1xCxHxW, or the other order) with the channels at the other end.
bool is_other_layout(const Shape& shape, const Shape& wanted) {
  if (shape.size() != 4 || wanted.size() != 4 || shape == wanted) return false;
  const Shape last{wanted[0], wanted[2], wanted[3], wanted[1]};
  const Shape first{wanted[0], wanted[3], wanted[1], wanted[2]};
  return shape == last || shape == first;
}

bool is_data_set(const fs::path& path) { return fs::is_regular_file(path / "input_0.pb"); }

template <class Code>
TensorValue quantized(const TensorValue& value, DType dtype, const Quantization& q) {
  std::vector<Code> codes;
  for (const float real : value.as<float>()) {
    const float steps = real / q.scale.front();
    const float limited = std::isnan(steps) ? 0.0f : std::clamp(steps, -512.0f, 511.0f);
    const long code = std::lrintf(limited) + q.zero_point.front();
    codes.push_back(static_cast<Code>(std::clamp<long>(code, std::numeric_limits<Code>::min(),
                                                       std::numeric_limits<Code>::max())));
  }
  return TensorValue::of({dtype, value.type.shape, {}}, codes);
}

class Loader {
 public:
  Loader(const Graph& graph, const SampleOptions& options, std::vector<std::string>* names)
      : graph_(graph), options_(options), names_(names) {}

  Result<std::vector<Sample>> run(const std::vector<fs::path>& paths) {
    if (options_.log_mel) {
      const Result<LogMelOptions> options = parse_log_mel_options(*options_.log_mel);
      if (!options) return options.diagnostics();
      Result<LogMelFrontEnd> front_end = make_log_mel(graph_, *options);
      if (!front_end) return front_end.diagnostics();
      front_end_ = *std::move(front_end);
    }
    for (const fs::path& path : paths) {
      if (Result<Nothing> added = add_path(path); !added) return added.diagnostics();
    }
    if (samples_.empty()) {
      return Diagnostic{
          "E201", {}, {}, "there is no calibration sample", "give --calibrate at least one sample"};
    }
    return std::move(samples_);
  }

 private:
  Result<Nothing> add_path(const fs::path& path) {
    std::error_code error;
    if (!fs::exists(path, error) || error) {
      return Diagnostic{
          "E202", {}, {}, fmt::format("'{}' does not exist", path.string()), "check the path"};
    }
    if (!fs::is_directory(path)) return add_file(path);
    if (is_data_set(path)) return add_data_set(path);
    return add_folder(path);
  }

  Result<Nothing> add_folder(const fs::path& folder) {
    std::vector<fs::path> entries;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
      const bool is_set = entry.is_directory() && is_data_set(entry.path());
      const bool is_sample = is_sample_file(entry.path()) || (front_end_ && is_sound(entry.path()));
      if (is_set || (entry.is_regular_file() && is_sample)) entries.push_back(entry.path());
    }
    if (error) {
      return Diagnostic{"E202",
                        {},
                        {},
                        fmt::format("the folder '{}' cannot be read", folder.string()),
                        "check its permissions"};
    }
    if (entries.empty()) {
      // E203: a folder without anything that could be a sample.
      return Diagnostic{"E203",
                        {},
                        {},
                        fmt::format("the folder '{}' holds no samples", folder.string()),
                        holds_nested_samples(folder)
                            ? "subfolders are not searched: name them one by one"
                            : fmt::format("put {} into it", kinds())};
    }
    std::sort(entries.begin(), entries.end());
    for (const fs::path& entry : entries) {
      Result<Nothing> added = is_data_set(entry) ? add_data_set(entry) : add_file(entry);
      if (!added) return added;
    }
    return ok();
  }

  Result<Nothing> add_data_set(const fs::path& folder) {
    Sample sample;
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
      const fs::path path = folder / fmt::format("input_{}.pb", i);
      Result<TensorValue> value = read_tensor_pb(path);
      if (!value) return value.diagnostics();
      if (value->type.shape != graph_.inputs[i].model_shape)
        return wrong_shape(path, value->type.shape, i);
      Result<TensorValue> converted = convert(path, *value, i);
      if (!converted) return converted.diagnostics();
      sample.push_back(std::move(*converted));
    }
    add_sample(std::move(sample), folder.filename().string());
    return ok();
  }

  Result<Nothing> add_file(const fs::path& path) {
    if (!is_sample_file(path) && !is_sound(path)) {
      // E204: a file that is none of the kinds that are read.
      return Diagnostic{"E204",
                        {},
                        {},
                        fmt::format("'{}' is not a kind of file that is read", path.string()),
                        fmt::format("give {}", kinds())};
    }
    if (is_sound(path)) return add_sound(path);
    if (graph_.inputs.size() != 1) {
      // E209: the data cannot belong to this model's inputs.
      return Diagnostic{"E209",
                        {},
                        {},
                        fmt::format("'{}' is one tensor where the model has {} inputs",
                                    path.string(), graph_.inputs.size()),
                        "give folders with input_0.pb, input_1.pb and so on"};
    }
    if (is_picture(path)) return add_picture(path);
    const bool is_npy = extension(path) == ".npy";
    Result<TensorValue> value = is_npy ? read_npy(path) : read_tensor_pb(path);
    if (!value) return value.diagnostics();
    return add_batch(path, *value);
  }

  const char* kinds() const { return front_end_ ? kKindsWithSounds : kKinds; }

  Result<Nothing> add_sound(const fs::path& path) {
    if (!front_end_) {
      return Diagnostic{
          "E209",
          {},
          {},
          fmt::format("'{}' is a sound, which the model cannot take as it is", path.string()),
          "give --front-end log-mel, which makes features of it, or .npy or .pb files"};
    }
    const Result<std::vector<std::int16_t>> samples = read_sound(path, front_end_->options().rate);
    if (!samples) return samples.diagnostics();
    const Shape& shape = graph_.inputs[0].model_shape;
    Result<TensorValue> sample = convert(
        path, TensorValue::of({DType::f32, shape, {}}, front_end_->model_rows(*samples)), 0);
    if (!sample) return sample.diagnostics();
    add_sample({std::move(*sample)}, path.filename().string());
    return ok();
  }

  // The value is one sample or, with one more dimension or a batch where the model takes 1, several.
  Result<Nothing> add_batch(const fs::path& path, const TensorValue& value) {
    const Shape& one = graph_.inputs[0].model_shape;
    const Shape& shape = value.type.shape;
    const bool stacked =
        shape.size() == one.size() + 1 && std::equal(one.begin(), one.end(), shape.begin() + 1);
    const bool batched = shape.size() == one.size() && !one.empty() && one[0] == 1 &&
                         std::equal(one.begin() + 1, one.end(), shape.begin() + 1);
    if (shape != one && !stacked && !batched) return wrong_shape(path, shape, 0);
    const std::int64_t count = shape == one ? 1 : shape.front();
    const std::span<const std::byte> bytes = value.bytes();
    const std::size_t size = count == 0 ? 0 : bytes.size() / static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      const std::span<const std::byte> part = bytes.subspan(i * size, size);
      Result<TensorValue> sample =
          convert(path, TensorValue({value.type.dtype, one, {}}, {part.begin(), part.end()}), 0);
      if (!sample) return sample.diagnostics();
      const std::string name = path.filename().string();
      add_sample({std::move(*sample)}, count == 1 ? name : fmt::format("{}[{}]", name, i));
    }
    return ok();
  }

  Result<Nothing> add_picture(const fs::path& path) {
    const Port& port = graph_.inputs[0];
    const Shape& shape = port.model_shape;
    const auto is_colour = [](std::int64_t channels) { return channels == 3 || channels == 1; };
    const bool single = shape.size() == 4 && shape[0] == 1;
    const bool channels_first = single && is_colour(shape[1]);
    if (!channels_first && !(single && is_colour(shape[3]))) {
      return Diagnostic{
          "E209",
          {},
          {},
          fmt::format("'{}' is a picture, which input '{}' of {} cannot take", path.string(),
                      port.name, to_string(shape)),
          "pictures need an input of 1x3xHxW, 1x1xHxW, 1xHxWx3 or 1xHxWx1; give .npy or .pb files"};
    }
    const std::int64_t channels = channels_first ? shape[1] : shape[3];
    const std::int64_t height = channels_first ? shape[2] : shape[1];
    const std::int64_t width = channels_first ? shape[3] : shape[2];
    const Result<Picture> picture = read_picture(path, static_cast<int>(channels));
    if (!picture) return picture.diagnostics();
    if (!options_.resize && (picture->width != width || picture->height != height)) {
      // E207: a picture of another size, and nobody asked for it to be resized.
      return Diagnostic{
          "E207",
          {},
          {},
          fmt::format("'{}' is {} wide and {} high where input '{}' is {} wide and {} high",
                      path.string(), picture->width, picture->height, port.name, width, height),
          "give --resize, or pictures of that size"};
    }
    std::vector<float> values = picture_values(*picture, height, width, options_.normalization);
    if (channels_first) values = planes(values, channels);
    Result<TensorValue> sample = convert(path, TensorValue::of({DType::f32, shape, {}}, values), 0);
    if (!sample) return sample.diagnostics();
    add_sample({std::move(*sample)}, path.filename().string());
    return ok();
  }

  // [pixels][channels] to [channels][pixels]
  static std::vector<float> planes(const std::vector<float>& values, std::int64_t channels) {
    const auto count = static_cast<std::size_t>(channels);
    const std::size_t pixels = values.size() / count;
    std::vector<float> result(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      result[i % count * pixels + i / count] = values[i];
    return result;
  }

  // To the element type of the model's port: integers become floats as they are, floats become the codes of an int8
  // port with a scale.
  Result<TensorValue> convert(const fs::path& path, const TensorValue& value,
                              std::size_t input) const {
    const Port& port = graph_.inputs[input];
    if (value.type.dtype == DType::f32) {
      const auto elements = value.as<float>();
      if (!std::all_of(elements.begin(), elements.end(),
                       [](float x) { return std::isfinite(x); })) {
        // E210: ranges cannot be taken from such data.
        return Diagnostic{"E210",
                          {},
                          {},
                          fmt::format("'{}' holds infinite numbers or NaN", path.string()),
                          "leave it out, or repair the program that wrote it"};
      }
    }
    if (value.type.dtype == port.model_dtype) return value;
    const TensorType type{port.model_dtype, value.type.shape, {}};
    if (port.model_dtype == DType::f32) return TensorValue::of(type, value.to_floats());
    if (value.type.dtype == DType::f32 && port.model_quantization) {
      if (port.model_dtype == DType::i8)
        return quantized<std::int8_t>(value, DType::i8, *port.model_quantization);
      if (port.model_dtype == DType::u8)
        return quantized<std::uint8_t>(value, DType::u8, *port.model_quantization);
    }
    // E206: elements of the wrong type.
    return Diagnostic{
        "E206",
        {},
        {},
        fmt::format("'{}' has elements of type {} where input '{}' takes {}", path.string(),
                    to_string(value.type.dtype), port.name, to_string(port.model_dtype)),
        fmt::format("save it as {}", to_string(port.model_dtype))};
  }

  static std::string layout_hint(const Shape& shape, const Shape& wanted) {
    if (!is_other_layout(shape, wanted))
      return "give data of the input's shape, or several such samples stacked";
    const bool channels_last = shape == Shape{wanted[0], wanted[2], wanted[3], wanted[1]};
    return channels_last ? "it looks like NHWC; transpose it to NCHW"
                         : "it looks like NCHW; transpose it to NHWC";
  }

  Diagnostic wrong_shape(const fs::path& path, const Shape& shape, std::size_t input) const {
    const Port& port = graph_.inputs[input];
    // E205: data of the wrong shape.
    return {"E205",
            {},
            {},
            fmt::format("'{}' is {} where input '{}' is {}", path.string(), to_string(shape),
                        port.name, to_string(port.model_shape)),
            layout_hint(shape, port.model_shape)};
  }

  void add_sample(Sample sample, std::string name) {
    samples_.push_back(std::move(sample));
    if (names_) names_->push_back(std::move(name));
  }

  const Graph& graph_;
  const SampleOptions& options_;
  std::vector<std::string>* names_;
  std::optional<LogMelFrontEnd> front_end_;
  std::vector<Sample> samples_;
};

}  // namespace

bool holds_pictures(const std::vector<fs::path>& paths) {
  return std::any_of(paths.begin(), paths.end(), [](const fs::path& path) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) return is_picture(path);
    const fs::directory_iterator entries(path, ignored);
    return std::any_of(begin(entries), end(entries),
                       [](const fs::directory_entry& entry) { return is_picture(entry.path()); });
  });
}

Result<std::vector<Sample>> load_model_samples(const Graph& graph,
                                               const std::vector<fs::path>& paths,
                                               const SampleOptions& options,
                                               std::vector<std::string>* names) {
  return Loader(graph, options, names).run(paths);
}

Result<std::vector<Sample>> load_samples(const Graph& graph, const std::vector<fs::path>& paths,
                                         const SampleOptions& options) {
  Result<std::vector<Sample>> samples = load_model_samples(graph, paths, options);
  if (!samples) return samples;
  for (Sample& sample : *samples) {
    for (std::size_t i = 0; i < sample.size(); ++i) {
      const Port& port = graph.inputs[i];
      sample[i] = to_device(port, graph.type(port.tensor), sample[i]);
    }
  }
  return samples;
}

}  // namespace linnet
