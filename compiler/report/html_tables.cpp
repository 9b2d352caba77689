// The tables of the page, and the data of its plan; see html_parts.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compiler/cli/parse_values.h"
#include "compiler/emit/text.h"
#include "compiler/report/html_parts.h"
#include "compiler/report/page_text.h"

namespace linnet {
namespace {

// A cell: what it says, what it is sorted by (nothing: at the end), and a value whose part of the column's largest is drawn.
struct Cell {
  std::string text;
  std::string key;
  double drawn = 0;
};

struct Column {
  const char* title;
  const char* help;
  bool numeric = true;
  std::vector<Cell> cells{};
  std::string total{};
};

enum class Drawn : std::uint8_t { no, yes };

Cell number(double value, std::string text, Drawn drawn = Drawn::no) {
  return {std::move(text), fmt::format("{:.9g}", value), drawn == Drawn::yes ? value : 0};
}

Cell count_cell(std::int64_t value) {
  return number(static_cast<double>(value), readable_count(value), Drawn::yes);
}

Cell bytes_cell(std::int64_t value, Drawn drawn = Drawn::no) {
  return number(static_cast<double>(value), value == 0 ? "0" : readable_bytes(value), drawn);
}

const Cell kNothing{"\xE2\x80\x93", "", 0};  // a dash

std::vector<Column> work_columns(const ReportPage& page) {
  const std::vector<ReportLayer>& layers = page.report.layers;
  Column macs{"MACs", "multiply-accumulates"};
  for (const ReportLayer& layer : layers) macs.cells.push_back(count_cell(layer.macs));
  macs.total = readable_count(page.report.macs);
  std::vector<Column> columns{std::move(macs)};
  if (!page.profile) return columns;
  const ProfileReport& profile = *page.profile;
  Column instructions{"instructions", "executed in the emulator, counted exactly"};
  Column cycles{"cycles", "a model of the pipeline without memory stalls, no measurement"};
  Column per_mac{"instr/MAC", "instructions for each multiply-accumulate"};
  for (const LayerProfile& layer : profile.layers) {
    instructions.cells.push_back(count_cell(layer.instructions));
    cycles.cells.push_back(count_cell(std::llround(layer.cycles)));
    const double ratio =
        layer.macs == 0 ? 0
                        : static_cast<double>(layer.instructions) / static_cast<double>(layer.macs);
    per_mac.cells.push_back(layer.macs == 0 ? kNothing
                                            : number(ratio, fmt::format("{:.2f}", ratio)));
  }
  instructions.total = readable_count(profile.instructions);
  cycles.total = readable_count(std::llround(profile.cycles));
  if (profile.macs > 0)
    per_mac.total = fmt::format(
        "{:.2f}", static_cast<double>(profile.instructions) / static_cast<double>(profile.macs));
  for (Column* column : {&instructions, &cycles, &per_mac}) columns.push_back(std::move(*column));
  return columns;
}

std::vector<Column> memory_columns(const ReportPage& page) {
  const Report& report = page.report;
  Column weights{"weights", "bytes of flash that only this layer uses"};
  Column format{"stored as", "of the weights", false};
  Column output{"output", "bytes of the whole output tensor; the plan may hold fewer rows of it"};
  Column scratch{"scratch", "bytes of RAM while the layer runs"};
  for (const ReportLayer& layer : report.layers) {
    weights.cells.push_back(bytes_cell(layer.weights_bytes, Drawn::yes));
    format.cells.push_back(layer.weights_format.empty()
                               ? kNothing
                               : Cell{layer.weights_format, layer.weights_format, 0});
    output.cells.push_back(bytes_cell(layer.output_bytes, Drawn::yes));
    scratch.cells.push_back(bytes_cell(layer.scratch_bytes));
  }
  weights.total = readable_bytes(report.weights_bytes);
  return {std::move(weights), std::move(format), std::move(output), std::move(scratch)};
}

std::vector<Column> quantization_columns(const ReportPage& page) {
  const std::vector<ReportLayer>& layers = page.report.layers;
  Column scale{"scale", "of the output: real = scale * (code - zero point)"};
  Column zero{"zero", "the output's zero point"};
  for (const ReportLayer& layer : layers) {
    scale.cells.push_back(
        layer.scale ? number(static_cast<double>(*layer.scale), fmt::format("{:.4g}", *layer.scale))
                    : kNothing);
    zero.cells.push_back(layer.scale ? number(layer.zero_point, std::to_string(layer.zero_point))
                                     : kNothing);
  }
  std::vector<Column> columns{std::move(scale), std::move(zero)};
  if (page.quality.empty()) return columns;
  Column sqnr{"SQNR", "int8 against float at this output, earlier layers' errors included"};
  Column saturated{"saturated", "part of the float values that the codes cannot say"};
  for (const std::optional<LayerQuality>& quality : page.quality) {
    const double sort_key = quality && std::isfinite(quality->sqnr_db) ? quality->sqnr_db : 1e9;
    sqnr.cells.push_back(quality ? number(sort_key, decibels(quality->sqnr_db)) : kNothing);
    saturated.cells.push_back(
        quality ? number(quality->saturated, fmt::format("{:.2f} %", 100 * quality->saturated))
                : kNothing);
  }
  columns.push_back(std::move(sqnr));
  columns.push_back(std::move(saturated));
  return columns;
}

std::vector<Column> layer_columns(const ReportPage& page) {
  Column op{"operator", "what it computes", false};
  Column kernel{"kernel", "the struct in runtime/kernels that runs it", false};
  Column shape{"output shape", "on the device: batch, height, width, channels", false};
  for (const ReportLayer& layer : page.report.layers) {
    op.cells.push_back({layer.op, layer.op, 0});
    kernel.cells.push_back({layer.kernel, layer.kernel, 0});
    shape.cells.push_back({to_string(layer.output_shape), to_string(layer.output_shape), 0});
  }
  std::vector<Column> columns{std::move(op), std::move(kernel), std::move(shape)};
  for (std::vector<Column> more :
       {work_columns(page), memory_columns(page), quantization_columns(page)})
    std::move(more.begin(), more.end(), std::back_inserter(columns));
  const auto says_nothing = [](const Column& column) {
    return std::all_of(column.cells.begin(), column.cells.end(),
                       [](const Cell& cell) { return cell.key.empty(); });
  };
  columns.erase(std::remove_if(columns.begin(), columns.end(), says_nothing), columns.end());
  return columns;
}

TemplateData cell_data(const Cell& cell, bool numeric, double largest) {
  const double share = largest > 0 ? cell.drawn / largest : 0;
  return TemplateData()
      .set("text", clean_name(cell.text))
      .set("key", clean_name(cell.key))
      .set("numeric", numeric)
      .set("has_share", share >= 0.005)
      .set("share", fmt::format("{:.1f}", 100 * share));
}

double largest_drawn(const Column& column) {
  double largest = 0;
  for (const Cell& cell : column.cells) largest = std::max(largest, cell.drawn);
  return largest;
}

}  // namespace

void add_layer_table(const ReportPage& page, TemplateData& data) {
  const std::vector<Column> columns = layer_columns(page);
  TemplateList heads, rows, totals;
  for (const Column& column : columns) {
    heads.push_back(TemplateData()
                        .set("title", column.title)
                        .set("help", column.help)
                        .set("numeric", column.numeric));
    totals.push_back(TemplateData().set("text", column.total).set("numeric", column.numeric));
  }
  std::vector<double> largest;
  for (const Column& column : columns) largest.push_back(largest_drawn(column));
  for (std::size_t i = 0; i < page.report.layers.size(); ++i) {
    const ReportLayer& layer = page.report.layers[i];
    TemplateList cells;
    for (std::size_t c = 0; c < columns.size(); ++c)
      cells.push_back(cell_data(columns[c].cells[i], columns[c].numeric, largest[c]));
    rows.push_back(TemplateData()
                       .set("index", static_cast<std::int64_t>(i))
                       .set("name", clean_name(layer.name))
                       .set("first_step", layer.first_step)
                       .set("last_step", layer.last_step)
                       .set("cells", std::move(cells)));
  }
  data.set("layer_count", static_cast<std::int64_t>(page.report.layers.size()))
      .set("columns", std::move(heads))
      .set("layers", std::move(rows))
      .set("totals", std::move(totals));
}

void add_buffer_table(const ReportPage& page, TemplateData& data) {
  const Report& report = page.report;
  TemplateList rows;
  for (const ReportBuffer& buffer : report.plan.buffers) {
    const auto bank = static_cast<std::size_t>(buffer.bank);
    rows.push_back(TemplateData()
                       .set("name", clean_name(buffer.name))
                       .set("kind", buffer.kind)
                       .set("bank", clean_name(report.banks[bank].name))
                       .set("offset", buffer.offset)
                       .set("bytes", buffer.bytes)
                       .set("size", readable_count(buffer.bytes))
                       .set("rows", buffer.rows < buffer.tensor_rows
                                        ? fmt::format("{} of {}", buffer.rows, buffer.tensor_rows)
                                        : std::to_string(buffer.rows))
                       .set("row_count", buffer.rows)
                       .set("first", buffer.first_step)
                       .set("last", buffer.last_step));
  }
  data.set("buffer_count", static_cast<std::int64_t>(report.plan.buffers.size()))
      .set("buffers", std::move(rows));
}

Json plan_data(const ReportPage& page) {
  const Report& report = page.report;
  Json::Array banks, layers, buffers, segments;
  for (const ReportBank& bank : report.banks)
    banks.push_back(Json::object({{"name", clean_name(bank.name)}, {"used", bank.used_bytes}}));
  for (const ReportLayer& layer : report.layers)
    layers.push_back(Json::Array{clean_name(layer.name), layer.op});
  for (const ReportBuffer& buffer : report.plan.buffers)
    buffers.push_back(Json::Array{clean_name(buffer.name), buffer.kind, buffer.bank, buffer.offset,
                                  buffer.bytes, buffer.first_step, buffer.last_step, buffer.rows,
                                  buffer.tensor_rows});
  for (const ReportSegment& segment : report.plan.segments)
    segments.push_back(Json::Array{segment.first_layer, segment.last_layer, segment.block_rows});
  return Json::object({{"peak", report.plan.peak_step},
                       {"bound", report.lower_bound_bytes},
                       {"arena", report.arena_bytes},
                       {"live", live_bytes(report.plan)},
                       {"steps", report.plan.step_layers},
                       {"banks", std::move(banks)},
                       {"layers", std::move(layers)},
                       {"buffers", std::move(buffers)},
                       {"segments", std::move(segments)}});
}

}  // namespace linnet
