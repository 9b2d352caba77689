// Reads generated files back; see generated.h.
#include "compiler/profile/generated.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

#include "compiler/emit/runtime_files.h"
#include "compiler/verify/options.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;

// E505: a generated folder lacks a file, or one is not as Linnet writes it
Diagnostic unusable(std::string message) {
  return {"E505", {}, {}, std::move(message), "compile the model again"};
}

std::optional<DType> dtype_named(std::string_view name) {
  for (const DType dtype :
       {DType::f32, DType::i8, DType::u8, DType::i16, DType::i32, DType::i64, DType::boolean})
    if (name == to_string(dtype)) return dtype;
  return std::nullopt;
}

// The words of "const std::uint64_t NAME[3] = { 0x..., ... };", as bytes; none when there is no such array.
std::optional<std::vector<std::byte>> array_in(std::string_view source, const std::string& name) {
  const std::size_t at = source.find(" " + name + "[");
  if (at == std::string_view::npos) return std::nullopt;
  source = source.substr(at);
  source = source.substr(0, source.find(';'));
  std::vector<std::byte> bytes;
  for (std::size_t digit = source.find("0x"); digit != std::string_view::npos;
       digit = source.find("0x", digit + 2)) {
    std::uint64_t word = 0;
    std::from_chars(source.data() + digit + 2, source.data() + source.size(), word, 16);
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::byte>(word >> (8 * i)));
  }
  return bytes;
}

Result<Values> values_in(std::string_view source, const char* stem,
                         const std::vector<TensorType>& types) {
  Values values;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const std::string name = fmt::format("{}_{}", stem, i);
    std::optional<std::vector<std::byte>> bytes = array_in(source, name);
    const auto size = static_cast<std::size_t>(types[i].bytes());
    if (!bytes || bytes->size() < size)
      return unusable(fmt::format("the test vector has no '{}' of {} bytes", name, size));
    bytes->resize(size);
    values.emplace_back(types[i], *std::move(bytes));
  }
  return values;
}

Result<std::vector<TensorType>> types_of_ports(const std::vector<ReportPort>& ports) {
  std::vector<TensorType> types;
  for (const ReportPort& port : ports) {
    const std::optional<DType> dtype = dtype_named(port.dtype);
    if (!dtype) return unusable(fmt::format("report.json has an unknown type '{}'", port.dtype));
    types.push_back({*dtype, port.shape, {}});
  }
  return types;
}

Result<std::string> read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return unusable(fmt::format("'{}' cannot be read", path.string()));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The runtime that a folder compiled with --runtime external does not have.
void add_runtime(const Report& report, Files& files) {
  std::set<std::string> kernels;
  for (const ReportLayer& layer : report.layers) kernels.insert(layer.kernel);
  std::vector<std::string> headers;
  for (const auto& [part, header] :
       {std::pair("_detect.cpp", "linnet/detect.h"), std::pair("_audio.cpp", "linnet/log_mel.h"),
        std::pair("_camera.cpp", "linnet/letterbox.h"),
        std::pair("_labels.cpp", "linnet/labels.h")}) {
    if (files.contains(report.name + part)) headers.emplace_back(header);
  }
  for (const std::string& path : runtime_files(kernels, headers)) files[path] = embedded_text(path);
}

}  // namespace

Result<GeneratedNetwork> generated_network(Report report, Files files) {
  for (const char* suffix : {".hpp", ".cpp", "_test_vector.cpp"})
    if (!files.contains(report.name + suffix))
      return unusable(fmt::format("'{}{}' is missing", report.name, suffix));
  if (report.detection && !files.contains(report.name + "_detect.cpp"))
    return unusable(fmt::format("'{}_detect.cpp' is missing", report.name));
  GeneratedNetwork made;
  Result<std::vector<TensorType>> inputs = types_of_ports(report.inputs);
  Result<std::vector<TensorType>> outputs = types_of_ports(report.outputs);
  if (!inputs) return inputs.diagnostics();
  if (!outputs) return outputs.diagnostics();
  const std::string& vector = files.at(report.name + "_test_vector.cpp");
  Result<Values> input_values = values_in(vector, "input", *inputs);
  Result<Values> output_values = values_in(vector, "output", *outputs);
  if (!input_values) return input_values.diagnostics();
  if (!output_values) return output_values.diagnostics();
  made.inputs = *std::move(input_values);
  made.outputs = *std::move(output_values);
  if (!files.contains("linnet/rows.h")) add_runtime(report, files);
  std::vector<std::string> banks;
  for (const ReportBank& bank : report.banks)
    if (bank.used_bytes > 0) banks.push_back(bank.name);
  made.network = {report.name,        std::move(files),    std::move(banks),
                  *std::move(inputs), *std::move(outputs), report.input_rows};
  if (report.detection)  // counted with what verify takes by default
    made.network.detection = {VerifyOptions{}.score_threshold, VerifyOptions{}.iou_threshold,
                              kDetectionCapacity, report.detection->detection_bytes,
                              report.detection->mask_bytes};
  made.report = std::move(report);
  return made;
}

Result<GeneratedFiles> read_generated_files(const fs::path& folder) {
  Result<Report> report = read_report(folder);
  if (!report) return report.diagnostics();
  Files files;
  std::error_code error;
  const fs::path sources = folder / source_folder(report->package);
  for (fs::recursive_directory_iterator at(sources, error), end; !error && at != end;
       at.increment(error)) {
    const std::string path = at->path().lexically_relative(sources).generic_string();
    const bool ours = path.starts_with("linnet/") ||
                      (path.find('/') == std::string::npos && path.starts_with(report->name));
    if (!ours || !at->is_regular_file(error)) continue;
    Result<std::string> text = read_text(at->path());
    if (!text) return text.diagnostics();
    files[path] = *std::move(text);
  }
  if (!files.contains("linnet/rows.h")) add_runtime(*report, files);
  return GeneratedFiles{*std::move(report), std::move(files)};
}

Result<GeneratedNetwork> read_generated_network(const fs::path& folder) {
  Result<GeneratedFiles> read = read_generated_files(folder);
  if (!read) return read.diagnostics();
  return generated_network(std::move(read->report), std::move(read->files));
}

}  // namespace linnet
