// See fields.h.
#include "compiler/check/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/needs.h"

namespace linnet {
namespace {

struct ExpectedField {
  const char* name;
  std::int64_t value;
};
using ExpectedFields = std::vector<ExpectedField>;

void add_window(ExpectedFields& fields, const Window& window) {
  fields.insert(fields.end(), {{"kernel_h", window.kernel[0]},
                               {"kernel_w", window.kernel[1]},
                               {"stride_h", window.stride[0]},
                               {"stride_w", window.stride[1]},
                               {"dilation_h", window.dilation[0]},
                               {"dilation_w", window.dilation[1]},
                               {"pad_top", window.pads.top},
                               {"pad_left", window.pads.left}});
}

void add_sizes(ExpectedFields& fields, const Shape& x, const Shape& y) {
  fields.insert(fields.end(), {{"in_h", x[1]}, {"in_w", x[2]}, {"out_h", y[1]}, {"out_w", y[2]}});
}

ExpectedFields expected_fields(const Graph& graph, const BoundCall& call) {
  const Shape& x = graph.type(call.node->inputs[0]).shape;
  const Shape& y = graph.type(call.node->output()).shape;
  const Op& op = call.node->op;
  ExpectedFields fields;
  const auto channels = [&] {
    fields.push_back({"in_c", x.back()});
    fields.push_back({"out_c", y.back()});
  };
  if (const auto* conv = std::get_if<Conv2d>(&op)) {
    add_window(fields, conv->window);
    add_sizes(fields, x, y);
    channels();
    fields.push_back({"groups", conv->groups});
  } else if (const auto* transposed = std::get_if<ConvTranspose2d>(&op)) {
    add_window(fields, transposed->window);
    add_sizes(fields, x, y);
    channels();
    fields.push_back({"groups", transposed->groups});
  } else if (call.text->layer_type.starts_with("Conv2d")) {  // a matrix product
    add_window(fields, Window{});
    channels();
    const std::int64_t rows = graph.type(call.node->inputs[0]).bytes() /
                              natural_row_bytes(graph.type(call.node->inputs[0]));
    fields.insert(fields.end(), {{"in_h", rows}, {"out_h", rows}});
  } else if (const auto* pool = std::get_if<Pool2d>(&op)) {
    add_window(fields, pool->window);
    add_sizes(fields, x, y);
    fields.push_back({"channels", x[3]});
  } else if (std::holds_alternative<Resize>(op)) {
    add_sizes(fields, x, y);
    fields.push_back({"channels", x[3]});
  } else if (call.text->layer_type == "ReduceSpatial") {
    fields.insert(fields.end(), {{"height", x[1]}, {"width", x[2]}, {"channels", x[3]}});
  }
  return fields;
}

std::int64_t padding_source(const CallText& call, std::int64_t row) {
  const std::int64_t rows = call.field("in_rows", 1);
  const std::int64_t at = row - call.field("rows_before", 0);
  if (call.field("mode", 0) == 2) return std::clamp<std::int64_t>(at, 0, rows - 1);
  if (at >= 0 && at < rows) return at;
  if (call.field("mode", 0) == 0) return -1;
  const std::int64_t period = std::max<std::int64_t>(1, 2 * (rows - 1));
  const std::int64_t folded = (at % period + period) % period;
  return std::min(folded, period - folded);
}

}  // namespace

std::string wrong_field(const Graph& graph, const BoundCall& call) {
  if (call.node == nullptr) return {};
  for (const ExpectedField& field : expected_fields(graph, call)) {
    const auto found = call.text->fields.find(field.name);
    if (found == call.text->fields.end()) return fmt::format("{} is missing", field.name);
    if (found->second != field.value)
      return fmt::format("{} is {}, not {}", field.name, found->second, field.value);
  }
  return {};
}

std::optional<std::int64_t> source_row(const BoundCall& call, std::size_t input, std::int64_t row) {
  const CallText& text = *call.text;
  if (text.layer_type == "CopyNd")
    return text.field("first_row", 0) + row * text.field("row_step", 0);
  if (text.layer_type == "PadNd") return padding_source(text, row);
  if (text.layer_type == "BinaryS8" || text.layer_type == "BinaryF32") {
    const std::string stem = call.inputs[input].node_input == 0 ? "a_" : "b_";
    const std::int64_t divisor = text.field(stem + "row_divisor", 1);
    const std::int64_t modulus = text.field(stem + "row_modulus", 1);
    if (divisor < 1 || modulus < 1) return -1;
    return row / divisor % modulus;
  }
  return std::nullopt;
}

}  // namespace linnet
