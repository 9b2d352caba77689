// See fit.h.
#include "compiler/front_end/fit.h"

#include <fmt/format.h>

#include <algorithm>

namespace linnet {
namespace {

// Whether the device's layout has the model's time axis before that of the mel bands: make_log_mel() found both, the only
// axes longer than 1, or the last two.
bool keeps_time_before_mels(const Port& port) {
  if (port.permutation.empty()) return true;
  std::size_t first = 0;
  while (port.model_shape.size() - first > 2 && port.model_shape[first] == 1) ++first;
  const auto at = [&](std::size_t axis) {
    return std::find(port.permutation.begin(), port.permutation.end(),
                     static_cast<std::int32_t>(axis));
  };
  return at(first) < at(first + 1);
}

}  // namespace

Result<std::optional<LogMelFrontEnd>> front_end_for(const Graph& graph,
                                                    const SampleOptions& samples,
                                                    const PlanOptions& plan) {
  if (!samples.log_mel) return std::optional<LogMelFrontEnd>{};
  const Result<LogMelOptions> wanted = parse_log_mel_options(*samples.log_mel);
  if (!wanted) return wanted.diagnostics();
  if (!plan.input_rows) {
    return Diagnostic{
        "E321", "", "",
        "--front-end log-mel makes the input row by row, and the network takes it whole",
        "give --input rows"};
  }
  Result<LogMelFrontEnd> made = make_log_mel(graph, *wanted);
  if (!made) return made.diagnostics();
  return std::optional<LogMelFrontEnd>(*std::move(made));
}

Result<Nothing> check_front_end(const std::optional<LogMelFrontEnd>& front_end, const Graph& graph,
                                const Program& program) {
  if (!front_end) return ok();
  const RowsOperand& input = program.inputs.front();
  const Port& port = graph.inputs.front();
  const TensorType& type = graph.type(port.tensor);
  const std::int64_t columns = input.row_bytes / size_bytes(type.dtype);
  const bool codes =
      type.dtype == DType::i8 && type.quantization && type.quantization->per_tensor();
  const bool in_time = keeps_time_before_mels(port);
  const bool fits = in_time && input.rows == front_end->frames() &&
                    columns == front_end->options().mels && (type.dtype == DType::f32 || codes);
  if (fits) return ok();
  return Diagnostic{
      "E321", "", "",
      fmt::format("--front-end log-mel: on the device the input '{}' is {} rows of {} {}{}",
                  port.name, input.rows, columns, to_string(type.dtype),
                  in_time ? "" : ", each of one band"),
      "leave --front-end out"};
}

}  // namespace linnet
