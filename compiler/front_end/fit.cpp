// See fit.h.
#include "compiler/front_end/fit.h"

#include <fmt/format.h>

namespace linnet {

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
  const bool fits = input.rows == front_end->frames() && columns == front_end->options().mels &&
                    (type.dtype == DType::f32 || codes);
  if (fits) return ok();
  return Diagnostic{
      "E321", "", "",
      fmt::format("--front-end log-mel: on the device the input '{}' is {} rows of {} {}",
                  port.name, input.rows, columns, to_string(type.dtype)),
      "leave --front-end out"};
}

}  // namespace linnet
