// Files in, process, files out; see run.h and templates/harness/harness.h for the files' layout.
#include "compiler/verify/run.h"

#include <fmt/format.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "compiler/verify/subprocess.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

// E911: generated code crashed, did not end, or wrote less than it must
Diagnostic bad_run(std::string message) { return {"E911", {}, {}, std::move(message), {}}; }

bool write_inputs(const fs::path& path, const std::vector<Values>& samples) {
  std::ofstream file(path, std::ios::binary);
  const auto count = static_cast<std::uint32_t>(samples.size());
  file.write(reinterpret_cast<const char*>(&count), sizeof count);
  for (const Values& sample : samples)
    for (const TensorValue& value : sample)
      file.write(reinterpret_cast<const char*>(value.bytes().data()),
                 static_cast<std::streamsize>(value.bytes().size()));
  return static_cast<bool>(file.flush());
}

// The count, and so many Detections with their masks.
bool read_detections(std::ifstream& file, const DetectionUnderTest& called,
                     std::vector<std::byte>& bytes) {
  std::uint32_t count = 0;
  if (!file.read(reinterpret_cast<char*>(&count), sizeof count)) return false;
  if (std::int64_t{count} > called.capacity) return false;
  bytes.resize(count * static_cast<std::size_t>(called.detection_bytes + called.mask_bytes));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return static_cast<bool>(file);
}

bool read_outputs(const fs::path& path, const NetworkUnderTest& network, std::size_t samples,
                  NetworkRun& run) {
  std::ifstream file(path, std::ios::binary);
  for (std::size_t i = 0; i < samples; ++i) {
    Values values;
    for (const TensorType& type : network.outputs) {
      std::vector<std::byte> bytes(static_cast<std::size_t>(type.bytes()));
      file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
      if (!file) return false;
      values.emplace_back(type, std::move(bytes));
    }
    run.outputs.push_back(std::move(values));
    if (!network.detection) continue;
    run.detections.emplace_back();
    if (!read_detections(file, *network.detection, run.detections.back())) return false;
  }
  return true;
}

// As templates/harness/harness.h has it.
struct TraceHeader {
  std::uint32_t layer, first_row, row_count, row_bytes;
};

void read_trace(const fs::path& path, std::map<std::size_t, std::vector<std::byte>>& layers) {
  std::ifstream file(path, std::ios::binary);
  TraceHeader header{};
  while (file.read(reinterpret_cast<char*>(&header), sizeof header)) {
    std::vector<std::byte>& rows = layers[header.layer];
    const std::size_t first = std::size_t{header.first_row} * header.row_bytes;
    const std::size_t size = std::size_t{header.row_count} * header.row_bytes;
    if (rows.size() < first + size) rows.resize(first + size);
    file.read(reinterpret_cast<char*>(rows.data() + first), static_cast<std::streamsize>(size));
  }
}

// "NAME 1234" lines of the harness.
std::map<std::string, std::int64_t> stacks_of(const std::string& output) {
  std::map<std::string, std::int64_t> stacks;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name;
    std::int64_t bytes = 0;
    if (fields >> name >> bytes) stacks[name] = bytes;
  }
  return stacks;
}

}  // namespace

Result<std::vector<NetworkRun>> run(const Image& image, const Toolchain& tools,
                                    const std::vector<NetworkUnderTest>& networks,
                                    const std::vector<std::vector<Values>>& samples, bool trace) {
  for (std::size_t i = 0; i < networks.size(); ++i)
    if (!write_inputs(image.folder / (networks[i].name + ".in"), samples[i]))
      return Diagnostic{
          "E590", {}, {}, fmt::format("{} cannot be written", image.folder.string()), {}};

  Process process;
  process.folder = image.folder;
  process.arguments = tools.runner;
  process.arguments.push_back(tools.runner.empty() ? image.executable.string() : "image");
  const Finished finished = run_process(process);
  if (!finished.started) return bad_run(command_line(process) + " cannot be started");
  if (finished.timed_out)
    return bad_run(fmt::format("the generated code did not end within {} s on {}",
                               process.limit.count(), tools.description));
  if (finished.exit_code != 0)
    return bad_run(fmt::format("the generated code stopped with exit code {} on {}{}{}",
                               finished.exit_code, tools.description,
                               finished.output.empty() ? "" : ":\n", finished.output));

  std::vector<NetworkRun> runs(networks.size());
  const std::map<std::string, std::int64_t> stacks = stacks_of(finished.output);
  for (std::size_t i = 0; i < networks.size(); ++i) {
    const std::string& name = networks[i].name;
    if (!read_outputs(image.folder / (name + ".out"), networks[i], samples[i].size(), runs[i]) ||
        !stacks.contains(name))
      return bad_run(
          fmt::format("the generated code of {} ended early on {}", name, tools.description));
    runs[i].stack_bytes = stacks.at(name);
    if (trace) read_trace(image.folder / (name + ".trace"), runs[i].layers);
  }
  return runs;
}

}  // namespace linnet
