// Finds samples and stored outputs; see test_data.h.
#include "compiler/verify/test_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "compiler/data/npy.h"
#include "compiler/onnx/importer.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

// E291: stored outputs that do not belong to these samples or this model
Diagnostic bad_reference(const fs::path& path, std::string what) {
  return {"E291",
          {},
          {},
          fmt::format("'{}' {}", path.string(), what),
          "give the outputs of this model for these inputs"};
}

// test_data_set_* in the folder, by name; or the folder itself.
std::vector<fs::path> data_sets_in(const fs::path& folder) {
  std::error_code error;
  if (fs::is_regular_file(folder / "input_0.pb", error)) return {folder};
  std::vector<fs::path> sets;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    if (fs::is_regular_file(entry.path() / "input_0.pb", error)) sets.push_back(entry.path());
  std::sort(sets.begin(), sets.end());
  return sets;
}

Result<TestSample> load_data_set(const Graph& graph, const fs::path& folder,
                                 const SampleOptions& options) {
  Result<std::vector<Sample>> inputs = load_model_samples(graph, {folder}, options);
  if (!inputs) return inputs.diagnostics();
  TestSample sample{std::move(inputs->front()), {}, folder.filename().string()};
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const fs::path path = folder / fmt::format("output_{}.pb", i);
    if (!fs::exists(path)) return TestSample{std::move(sample.inputs), {}, sample.name};
    Result<TensorValue> output = read_tensor_pb(path);
    if (!output) return output.diagnostics();
    if (output->type.elements() != element_count(graph.outputs[i].model_shape))
      return bad_reference(
          path, fmt::format("is {} where output '{}' is {}", to_string(output->type.shape),
                            graph.outputs[i].name, to_string(graph.outputs[i].model_shape)));
    sample.outputs.push_back(*std::move(output));
  }
  return sample;
}

Result<Nothing> add_data_sets(const Graph& graph, const std::vector<fs::path>& folders,
                              const SampleOptions& options, TestData& data) {
  for (const fs::path& folder : folders) {
    Result<TestSample> sample = load_data_set(graph, folder, options);
    if (!sample) return sample.diagnostics();
    data.samples.push_back(*std::move(sample));
  }
  return ok();
}

// Inputs without stored outputs.
Result<Nothing> add_inputs(const Graph& graph, const std::vector<fs::path>& paths,
                           const SampleOptions& options, TestData& data) {
  std::vector<std::string> names;
  Result<std::vector<Sample>> inputs = load_model_samples(graph, paths, options, &names);
  if (!inputs) return inputs.diagnostics();
  for (std::size_t i = 0; i < inputs->size(); ++i)
    data.samples.push_back({std::move((*inputs)[i]), {}, std::move(names[i])});
  return ok();
}

// One array for all samples, [samples * batch, ...], becomes the stored output of each.
Result<Nothing> add_reference(const Graph& graph, const fs::path& path, TestData& data) {
  const Result<TensorValue> all = read_npy(path);
  if (!all) return all.diagnostics();
  const Port& port = graph.outputs.front();
  const TensorType one{all->type.dtype, port.model_shape, {}};
  const auto samples = static_cast<std::int64_t>(data.samples.size());
  if (graph.outputs.size() != 1 || all->type.bytes() != samples * one.bytes())
    return bad_reference(path, fmt::format("is {}, which is not {} times {} of output '{}'",
                                           to_string(all->type.shape), samples,
                                           to_string(port.model_shape), port.name));
  const std::span<const std::byte> bytes = all->bytes();
  const auto size = static_cast<std::size_t>(one.bytes());
  for (std::size_t i = 0; i < data.samples.size(); ++i) {
    const std::span<const std::byte> part = bytes.subspan(i * size, size);
    data.samples[i].outputs = {TensorValue(one, {part.begin(), part.end()})};
  }
  return ok();
}

// Seeded: the same model gets the same inputs again.
Sample invented_sample(const Graph& graph, std::uint32_t seed) {
  std::mt19937 random(seed);
  Sample sample;
  for (const Port& port : graph.inputs) {
    const TensorType type{port.model_dtype, port.model_shape, {}};
    std::vector<std::byte> bytes(static_cast<std::size_t>(type.bytes()));
    if (type.dtype == DType::f32) {
      std::vector<float> values(static_cast<std::size_t>(type.elements()));
      for (float& value : values)
        value = static_cast<float>(random() >> 8) / static_cast<float>(1 << 23) - 1.0F;
      sample.push_back(TensorValue::of(type, values));
      continue;
    }
    if (type.dtype == DType::i8 || type.dtype == DType::u8)
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() >> 24);
    sample.emplace_back(type, std::move(bytes));
  }
  return sample;
}

Result<TestData> load_given(const Graph& graph, const CompileOptions& compile,
                            const VerifyOptions& options) {
  TestData data;
  const std::vector<fs::path> sets = data_sets_in(options.data);
  if (!sets.empty()) {
    const Result<Nothing> added = add_data_sets(graph, sets, compile.samples, data);
    if (!added) return added.diagnostics();
  } else {
    const Result<Nothing> added = add_inputs(graph, {options.data}, compile.samples, data);
    if (!added) return added.diagnostics();
  }
  data.description = fmt::format("{} from {}", data.samples.size(), options.data.string());
  return data;
}

// The model's own test data, then the calibration data, else random numbers.
Result<TestData> load_default(const Graph& graph, const CompileOptions& compile) {
  TestData data;
  const std::vector<fs::path> sets =
      data_sets_in(compile.model.has_parent_path() ? compile.model.parent_path() : ".");
  const Result<Nothing> added = add_data_sets(graph, sets, compile.samples, data);
  if (!added) return added.diagnostics();
  if (!sets.empty()) data.description = fmt::format("{} beside the model", sets.size());
  if (!compile.calibrate.empty()) {
    const Result<Nothing> inputs = add_inputs(graph, compile.calibrate, compile.samples, data);
    if (!inputs) return inputs.diagnostics();
    data.description += fmt::format("{}{} of the calibration data", sets.empty() ? "" : ", ",
                                    data.samples.size() - sets.size());
  }
  if (data.samples.empty()) {
    constexpr std::uint32_t count = 4;
    for (std::uint32_t i = 0; i < count; ++i)
      data.samples.push_back({invented_sample(graph, i + 1), {}, {}});
    data.description = fmt::format("{} of random numbers (seeded); --data gives real ones", count);
    data.invented = true;
  }
  return data;
}

}  // namespace

std::size_t TestData::stored() const {
  return static_cast<std::size_t>(
      std::count_if(samples.begin(), samples.end(),
                    [](const TestSample& sample) { return !sample.outputs.empty(); }));
}

Result<TestData> load_test_data(const Graph& graph, const CompileOptions& compile,
                                const VerifyOptions& options) {
  Result<TestData> data =
      options.data.empty() ? load_default(graph, compile) : load_given(graph, compile, options);
  if (!data || options.reference.empty()) return data;
  const Result<Nothing> added = add_reference(graph, options.reference, *data);
  if (!added) return added.diagnostics();
  return data;
}

}  // namespace linnet
