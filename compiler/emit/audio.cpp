// See audio.h.
#include "compiler/emit/audio.h"

#include <fmt/format.h>

#include <cassert>

#include "compiler/emit/text.h"
#include "compiler/front_end/log_mel_tables.h"

namespace linnet {
namespace {

// "1.0F, 0.5F, ..." some to a line.
std::string literals(std::span<const float> values, std::size_t per_line) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += i == 0 ? "  " : i % per_line == 0 ? ",\n  " : ", ";
    text += float_literal(values[i]);
  }
  return text;
}

std::string literals(std::span<const dsp::Complex> values, std::size_t per_line) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += i == 0 ? "  " : i % per_line == 0 ? ",\n  " : ", ";
    text += "{" + float_literal(values[i].re) + ", " + float_literal(values[i].im) + "}";
  }
  return text;
}

std::string literals(std::span<const MelBand> values, std::size_t per_line) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += i == 0 ? "  " : i % per_line == 0 ? ",\n  " : ", ";
    text += fmt::format("{{{}, {}}}", values[i].first_bin, values[i].bins);
  }
  return text;
}

}  // namespace

InputColumns input_columns(const Network& network) {
  const LogMelOptions& o = network.front_end->options();
  const Port& port = network.graph.inputs.front();
  const TensorType& type = network.graph.type(port.tensor);
  if (port.columns) {  // of the model's input, which is dB scaled and shifted
    const ColumnMap device = device_columns(*port.columns, type);
    InputColumns columns{device.scale, device.offset};
    for (std::size_t m = 0; m < device.scale.size(); ++m) {
      const auto scale = static_cast<double>(device.scale[m]);
      columns.scale[m] = static_cast<float>(scale * o.scale);
      columns.offset[m] =
          static_cast<float>(scale * o.offset + static_cast<double>(device.offset[m]));
    }
    return columns;
  }
  if (type.dtype == DType::f32)
    return {{static_cast<float>(o.scale)}, {static_cast<float>(o.offset)}};
  assert(type.dtype == DType::i8 && type.quantization && "make_log_mel() let it through");
  const double scale = static_cast<double>(type.quantization->scale.front());
  const auto zero = static_cast<double>(type.quantization->zero_point.front());
  return {{static_cast<float>(o.scale / scale)}, {static_cast<float>(o.offset / scale + zero)}};
}

void emit_audio(const Network& network, const EmitOptions& options, TemplateData common,
                Files& files) {
  const LogMelFrontEnd& front_end = *network.front_end;
  const LogMelOptions& o = front_end.options();
  const LogMelTables& tables = front_end.tables();
  const Placement& place =
      network.plan.placements[static_cast<std::size_t>(network.plan.front_end)];
  const TensorType& input = network.graph.type(network.graph.inputs.front().tensor);
  const InputColumns columns = input_columns(network);
  common.set("rate", o.rate)
      .set("n_fft", o.n_fft)
      .set("half_n_fft", o.n_fft / 2)
      .set("hop", o.hop)
      .set("mels", o.mels)
      .set("low", fmt::format("{:g}", o.low_hz))
      .set("high", fmt::format("{:g}", o.high_hz))
      .set("frames", front_end.frames())
      .set("clip_samples", front_end.clip_samples())
      .set("memory_bytes", front_end.memory_bytes())
      .set("first_bin", static_cast<std::int64_t>(tables.layer.first_bin))
      .set("last_bin", static_cast<std::int64_t>(tables.layer.last_bin))
      .set("half_window", literals(tables.half_window, 8))
      .set("twiddles", literals(tables.twiddles, 7))
      .set("quarter", literals(tables.quarter, 8))
      .set("bands", literals(tables.bands, 12))
      .set("weights", literals(tables.weights, 8))
      .set("is_int8", input.dtype == DType::i8)
      .set("column_scale", literals(columns.scale, 8).substr(2))
      .set("column_offset", literals(columns.offset, 8).substr(2))
      .set("column_step", static_cast<std::int64_t>(columns.scale.size() == 1 ? 0 : 1))
      .set("bank", network.target.banks[static_cast<std::size_t>(place.bank)].name)
      .set("offset", place.offset);
  files[options.name + "_audio.hpp"] = render("audio.hpp", common);
  files[options.name + "_audio.h"] = render("audio.h", common);
  files[options.name + "_audio.cpp"] = render("audio.cpp", common);
}

}  // namespace linnet
