// See network_data.h.
#include "compiler/emit/network_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "compiler/emit/schedule.h"
#include "compiler/emit/text.h"
#include "compiler/support/version.h"

namespace linnet {
namespace {

std::string joined(const Shape& shape) {
  std::string text;
  for (const std::int64_t dimension : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(dimension);
  return text.empty() ? "0" : text;
}

// C++ and C names of a device element type.
std::string element_type(DType dtype) {
  switch (dtype) {
    case DType::f32: return "float";
    case DType::i8: return "std::int8_t";
    case DType::u8: return "std::uint8_t";
    case DType::i16: return "std::int16_t";
    case DType::i32: return "std::int32_t";
    case DType::i64: return "std::int64_t";
    case DType::boolean: return "bool";
  }
  return "void";
}

// Type of what input() or output() point to: void when the ports differ.
std::string common_type(const Network& network, const std::vector<Port>& ports) {
  std::string type;
  for (const Port& port : ports) {
    const std::string own = element_type(network.graph.type(port.tensor).dtype);
    if (!type.empty() && type != own) return "void";
    type = own;
  }
  return type.empty() ? "void" : type;
}

std::string c_type(const std::string& type) {
  return type.starts_with("std::") ? type.substr(5) : type;
}

// Writes addresses and pointers as the generated code spells them.
class Places {
 public:
  Places(const Network& network, const EmitOptions& options)
      : network_(network), options_(options) {
    std::int64_t words = 0;
    for (const Constant& constant : network.program.constants) {
      first_word_.push_back(words);
      words += word_count(constant.bytes);
    }
    total_words_ = words;
  }

  std::int64_t total_words() const { return total_words_; }

  std::string constant(ConstantId id) const {
    if (options_.weights_format == WeightsFormat::cpp) return network_.program.constants[id].name;
    return fmt::format("{}_weights + {}", options_.name, first_word_[id.index()]);
  }

  const Placement& placement(const RowsOperand& operand) const {
    const BufferId id = std::get<BufferId>(operand.source);
    return network_.plan.placements[static_cast<std::size_t>(network_.plan.placement_of[id])];
  }

  const std::string& bank(const Placement& place) const {
    return network_.target.banks[static_cast<std::size_t>(place.bank)].name;
  }

  std::string address(const Placement& place, std::int64_t extra) const {
    return fmt::format("arenas.{} + {}", bank(place), place.offset + extra);
  }

  // "arenas.axi + 128, 288, 96": base, pitch, capacity.
  std::string rows(const RowsOperand& operand) const {
    if (const auto* id = std::get_if<ConstantId>(&operand.source)) {
      return fmt::format("static_cast<const std::byte*>(static_cast<const void*>({})) + {}, {}, {}",
                         constant(*id), operand.first_byte, operand.row_bytes, operand.rows);
    }
    const Placement& place = placement(operand);
    return fmt::format("{}, {}, {}", address(place, operand.first_byte), operand.row_bytes,
                       capacity(operand));
  }

  // A ring's capacity, or all rows of a whole tensor as this operand counts them.
  std::int64_t capacity(const RowsOperand& operand) const {
    const Buffer& buffer = network_.program.buffers[std::get<BufferId>(operand.source)];
    const std::int64_t held = placement(operand).capacity_rows;
    return held >= buffer.rows ? operand.rows : held;
  }

 private:
  const Network& network_;
  const EmitOptions& options_;
  std::vector<std::int64_t> first_word_;
  std::int64_t total_words_ = 0;
};

std::string shapes_of(const Network& network, const KernelCall& call) {
  std::string inputs;
  for (const Node& node : network.graph.nodes) {
    if (node.outputs.empty() || node.output() != call.tensor) continue;
    for (const TensorId input : node.inputs) {
      if (!input.valid() || network.graph.is_constant(input)) continue;
      inputs += (inputs.empty() ? "" : ", ") + to_string(network.graph.type(input).shape);
    }
  }
  return inputs + (inputs.empty() ? "" : " -> ") + to_string(call.output_type.shape);
}

TemplateList fields_of(const KernelCall& call, const Places& places) {
  TemplateList fields;
  for (const Field& field : call.fields) {
    std::string value;
    if (const auto* integer = std::get_if<std::int64_t>(&field.value)) {
      value = integer_literal(*integer);
    } else if (const auto* real = std::get_if<float>(&field.value)) {
      value = float_literal(*real);
    } else {
      value = places.constant(std::get<ConstantId>(field.value));
    }
    fields.push_back(TemplateData().set("field", field.name).set("value", value));
  }
  return fields;
}

TemplateData call_data(const Network& network, const Places& places, std::size_t index) {
  const KernelCall& call = network.program.calls[index];
  TemplateData data;
  data.set("number", static_cast<std::int64_t>(index))
      .set("op", call.op)
      .set("node", harmless(call.origin.name))
      .set("node_op", harmless(call.origin.op))
      .set("shapes", shapes_of(network, call))
      .set("kernel", call.kernel)
      .set("layer_type", call.layer_type)
      .set("fields", fields_of(call, places))
      .set("scratch_bytes", call.scratch_bytes)
      .set("block_rows", call.block_rows)
      .set("consumes", call.consumes)
      .set("rows_taken", call.consumes ? call.run_rows / call.output.rows : 1);

  std::string rows;
  for (const RowsOperand& input : call.inputs) {
    rows += (rows.empty() ? "{" : ", {") + places.rows(input) + "}";
  }
  data.set("in", rows.empty() ? "nullptr" : "in");
  data.set("in_rows",
           rows.empty() ? TemplateList{} : TemplateList{TemplateData().set("rows", rows)});
  data.set("out", "{" + places.rows(call.output) + "}");
  const std::int32_t scratch = network.plan.scratch_of_call[index];
  data.set("scratch",
           scratch < 0
               ? std::string("nullptr")
               : places.address(network.plan.placements[static_cast<std::size_t>(scratch)], 0));
  data.set("arenas_parameter", "const Arenas& arenas");

  const Placement& place = places.placement(call.output);
  data.set("bank", places.bank(place))
      .set("offset", place.offset + call.output.first_byte)
      .set("pitch_bytes", call.output.row_bytes)
      .set("capacity_rows", places.capacity(call.output))
      .set("rows", call.output.rows)
      .set("element_bytes", static_cast<std::int64_t>(size_bytes(call.output_type.dtype)))
      .set("dtype", to_string(call.output_type.dtype))
      .set("pixel_bytes", call.output.pixel_bytes)
      .set("pixel_pitch_bytes", call.output.pixel_pitch_bytes)
      .set("macs", call.macs);
  return data;
}

TemplateList port_list(const Network& network, const std::vector<Port>& ports) {
  TemplateList list;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const TensorType& type = network.graph.type(ports[i].tensor);
    const bool quantized = type.quantization && type.quantization->per_tensor();
    const std::int64_t zero = quantized ? type.quantization->zero_point.front() : 0;
    TemplateData data;
    data.set("index", static_cast<std::int64_t>(i))
        .set("port", harmless(ports[i].name))
        .set("elements", type.elements())
        .set("rank", static_cast<std::int64_t>(type.shape.size()))
        .set("shape", joined(type.shape))
        .set("scale", float_literal(quantized ? type.quantization->scale.front() : 1.0F))
        .set("zero_point", zero)
        .set("c_zero_point", zero < 0 ? fmt::format("({})", zero) : std::to_string(zero));
    list.push_back(std::move(data));
  }
  return list;
}

// The return statements of input() and output().
TemplateList port_places(const Network& network, const Places& places,
                         const std::vector<RowsOperand>& ports, const std::string& type) {
  TemplateList list;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const bool last = i + 1 == ports.size();
    std::string condition;
    if (ports.size() == 1) condition = "static_cast<void>(index);\n  ";
    if (!last) condition = fmt::format("if (index == {}) ", i);
    const Placement& place = places.placement(ports[i]);
    list.push_back(TemplateData()
                       .set("condition", condition)
                       .set("type", type)
                       .set("address", places.address(place, ports[i].first_byte)));
  }
  if (ports.empty()) {
    list.push_back(
        TemplateData()
            .set("condition", "static_cast<void>(arenas);\n  static_cast<void>(index);\n  ")
            .set("type", type)
            .set("address", "nullptr"));
  }
  static_cast<void>(network);
  return list;
}

void set_banks(TemplateData& data, const Network& network) {
  TemplateList banks;
  std::string example;
  std::string casts;
  for (std::size_t b = 0; b < network.plan.banks.size(); ++b) {
    if (network.plan.banks[b].used_bytes == 0) continue;
    const std::string& bank = network.target.banks[b].name;
    banks.push_back(TemplateData()
                        .set("bank", bank)
                        .set("bank_macro", upper(bank))
                        .set("bytes", network.plan.banks[b].used_bytes));
    example += (example.empty() ? "" : ", ") + bank;
    casts += (casts.empty() ? "" : ", ") + fmt::format("static_cast<std::byte*>(arenas->{})", bank);
  }
  data.set("banks", std::move(banks)).set("arena_example", example).set("arena_casts", casts);
}

void set_common(TemplateData& data, const Network& network, const EmitOptions& options) {
  data.set("banner", fmt::format("Made by Linnet {}; do not edit.", kVersion))
      .set("name", options.name)
      .set("audio", network.front_end != nullptr)
      .set("macro", upper(options.name))
      .set("sha256", network.model.sha256);
}

void set_constants(TemplateData& data, const Network& network, const EmitOptions& options,
                   const Places& places) {
  std::int64_t weights = 0;
  std::int64_t tables = 0;
  std::string declarations;
  for (const Constant& constant : network.program.constants) {
    const std::int64_t words = word_count(constant.bytes);
    (constant.role == Constant::Role::weights ? weights : tables) += 8 * words;
    declarations += fmt::format("extern const std::uint64_t {}[{}];\n", constant.name, words);
  }
  const bool incbin = options.weights_format == WeightsFormat::incbin;
  if (incbin) {
    declarations = fmt::format("extern \"C\" const std::uint64_t {}_weights[{}];\n", options.name,
                               places.total_words());
  }
  data.set("has_constants", !network.program.constants.empty())
      .set("constant_declarations", declarations)
      .set("weights_extension", incbin ? "S" : "cpp")
      .set("languages", incbin ? "CXX ASM" : "CXX")
      .set("weights_bytes", weights)
      .set("tables_bytes", tables);
}

// Turns schedules into template data: blocks in order, each of exactly one kind. Tables are numbered through the file.
class ScheduleWriter {
 public:
  explicit ScheduleWriter(const Program& program) : program_(program) {}

  TemplateList blocks(const Schedule& schedule) {
    TemplateList list;
    for (const ScheduleBlock& block : schedule) {
      const bool is_loop = block.kind == ScheduleBlock::Kind::loop;
      TemplateList steps = steps_of(block, is_loop);
      const auto table = static_cast<std::int64_t>(tables_.size());
      needs_opaque_ = needs_opaque_ || is_loop;
      const bool is_table = block.kind == ScheduleBlock::Kind::table;
      if (is_table) tables_.push_back(TemplateData().set("table", table).set("steps", steps));
      list.push_back(TemplateData()
                         .set("is_statements", block.kind == ScheduleBlock::Kind::statements)
                         .set("is_loop", is_loop)
                         .set("is_table", is_table)
                         .set("rounds", block.rounds)
                         .set("table", table)
                         .set("steps", std::move(steps)));
    }
    return list;
  }

  TemplateList pushes(const std::vector<PushBlock>& blocks_of_rows) {
    TemplateList list;
    for (const PushBlock& block : blocks_of_rows) {
      const bool repeats = block.rounds > 1;
      const auto period = static_cast<std::int64_t>(block.phases.size());
      TemplateList phases;
      for (std::size_t k = 0; repeats && k < block.phases.size(); ++k) {
        phases.push_back(TemplateData()
                             .set("phase", static_cast<std::int64_t>(k))
                             .set("steps", block.phases[k].empty()
                                               ? TemplateList{}
                                               : steps_of(block.phases[k].front(), true)));
      }
      needs_opaque_ = needs_opaque_ || repeats;
      const std::string since =
          block.first_row == 0 ? "row" : fmt::format("(row - {})", block.first_row);
      list.push_back(TemplateData()
                         .set("once", !repeats)
                         .set("every", repeats && period == 1)
                         .set("in_turn", repeats && period > 1)
                         .set("row", block.first_row)
                         .set("end_row", block.end_row())
                         .set("period", period)
                         .set("since", since)
                         .set("phases", std::move(phases))
                         .set("blocks", repeats ? TemplateList{} : blocks(block.phases.front())));
    }
    return list;
  }

  void finish(TemplateData& data) {
    const bool has_tables = !tables_.empty();
    data.set("needs_opaque", needs_opaque_)
        .set("has_tables", has_tables)
        .set("tables", std::move(tables_));
  }

 private:
  TemplateList steps_of(const ScheduleBlock& block, bool repeats) const {
    TemplateList steps;
    for (const auto& [step, stride] : block.steps) {
      std::string row = std::to_string(step.first_row);
      if (repeats && stride > 0) {
        const std::string advance = stride == 1 ? "i" : fmt::format("{} * i", stride);
        row = step.first_row == 0 ? advance : fmt::format("{} + {}", row, advance);
      }
      const bool consumes = program_.calls[step.call.index()].consumes;
      steps.push_back(TemplateData()
                          .set("macro", consumes ? "LINNET_CONSUME" : "LINNET_STEP")
                          .set("call", static_cast<std::int64_t>(step.call.index()))
                          .set("first_row", row)
                          .set("row_count", step.row_count));
    }
    return steps;
  }

  const Program& program_;
  TemplateList tables_;
  bool needs_opaque_ = false;
};

void set_schedule(TemplateData& data, const Network& network, const Places& places) {
  const Plan& plan = network.plan;
  ScheduleWriter writer(network.program);
  data.set("input_rows", plan.input_rows)
      .set("input_whole", !plan.input_rows)
      .set("blocks", plan.input_rows ? TemplateList{} : writer.blocks(make_schedule(plan.steps)))
      .set("pushes", plan.input_rows ? writer.pushes(make_push_schedule(plan)) : TemplateList{});
  writer.finish(data);
  if (!plan.input_rows) return;
  const RowsOperand& input = network.program.inputs.front();
  data.set("input_row_count", input.rows)
      .set("input_row_bytes", input.row_bytes)
      .set("input_row_elements",
           input.row_bytes / size_bytes(network.graph.type(network.graph.inputs[0].tensor).dtype))
      .set("input_row_address",
           fmt::format("{} + row % {} * {}",
                       places.address(places.placement(input), input.first_byte),
                       places.capacity(input), input.row_bytes));
}

}  // namespace

// An input that is mapped by column: fold_input_columns makes that of a network's only input.
void set_columns(TemplateData& data, const Network& network) {
  const bool has = network.graph.inputs.size() == 1 && network.graph.inputs[0].columns;
  data.set("input_columns", has);
  if (!has) return;
  const TensorType& type = network.graph.type(network.graph.inputs[0].tensor);
  const ColumnMap columns = device_columns(*network.graph.inputs[0].columns, type);
  const auto list = [](const std::vector<float>& values) {
    std::string text;
    for (std::size_t m = 0; m < values.size(); ++m)
      text += fmt::format("{}{}",
                          m == 0       ? ""
                          : m % 8 == 0 ? ",\n    "
                                       : ", ",
                          float_literal(values[m]));
    return text;
  };
  data.set("column_count", static_cast<std::int64_t>(columns.scale.size()))
      .set("column_scale", list(columns.scale))
      .set("column_offset", list(columns.offset))
      .set("columns_of_codes", type.dtype == DType::i8)
      .set("columns_of_floats", type.dtype != DType::i8);
}

TemplateData network_data(const Network& network, const EmitOptions& options) {
  const Program& program = network.program;
  const Places places(network, options);
  TemplateData data;
  set_common(data, network, options);
  set_banks(data, network);
  set_constants(data, network, options, places);

  std::int64_t macs = 0;
  std::set<std::string> kernels;
  TemplateList calls;
  for (std::size_t i = 0; i < program.calls.size(); ++i) {
    macs += program.calls[i].macs;
    kernels.insert(program.calls[i].kernel);
    calls.push_back(call_data(network, places, i));
  }
  TemplateList kernel_list;
  for (const std::string& kernel : kernels)
    kernel_list.push_back(TemplateData().set("kernel", kernel));
  set_schedule(data, network, places);
  set_columns(data, network);
  data.set("macs", macs)
      .set("has_detection", network.graph.detection.has_value())
      .set("includes", kernel_list.empty() ? TemplateList{} : kernel_list)
      .set("kernels", kernel_list)
      .set("layer_count", static_cast<std::int64_t>(calls.size()))
      .set("layers", calls)
      .set("run_parameter", network.plan.steps.empty() ? "const Arenas&" : "const Arenas& arenas")
      .set("calls", std::move(calls))
      .set("stack_bytes", network.stack_bytes)
      .set("external", !options.bundle_runtime);

  const std::string input_type = common_type(network, network.graph.inputs);
  const std::string output_type = common_type(network, network.graph.outputs);
  data.set("input_type", input_type)
      .set("output_type", output_type)
      .set("c_input_type", c_type(input_type))
      .set("c_output_type", c_type(output_type))
      .set("quantized_note", "its name in the model, its shape on the device, its scale.")
      .set("inputs", port_list(network, network.graph.inputs))
      .set("outputs", port_list(network, network.graph.outputs))
      .set("input_count", static_cast<std::int64_t>(network.graph.inputs.size()))
      .set("output_count", static_cast<std::int64_t>(network.graph.outputs.size()))
      .set("input_places", port_places(network, places, program.inputs, input_type))
      .set("output_places", port_places(network, places, program.outputs, output_type));
  return data;
}

TemplateData test_vector_data(const Network& network, const EmitOptions& options) {
  TemplateData data;
  set_common(data, network, options);
  set_banks(data, network);
  TemplateList vectors;
  const auto list = [&](const std::vector<TensorValue>& values, const char* stem,
                        std::string& names) {
    TemplateList ports;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string name = fmt::format("{}_{}", stem, i);
      names += (names.empty() ? "" : ", ") + name;
      const bool real = values[i].type.dtype == DType::f32;
      vectors.push_back(TemplateData()
                            .set("vector", name)
                            .set("word_count", word_count(values[i].bytes()))
                            .set("words", hex_words(values[i].bytes())));
      ports.push_back(
          TemplateData()
              .set("index", static_cast<std::int64_t>(i))
              .set("bytes", values[i].type.bytes())
              .set("compare", real ? "same_floats" : "same_bytes")
              .set("compare_count", real ? values[i].type.elements() : values[i].type.bytes()));
    }
    return ports;
  };
  std::string inputs;
  std::string outputs;
  data.set("input_rows", network.plan.input_rows)
      .set("input_whole", !network.plan.input_rows)
      .set("input_type", common_type(network, network.graph.inputs));
  data.set("inputs", list(network.test_vector.inputs, "input", inputs));
  data.set("outputs", list(network.test_vector.outputs, "output", outputs));
  bool floats = false;
  bool bytes = false;
  for (const TensorValue& value : network.test_vector.outputs) {
    (value.type.dtype == DType::f32 ? floats : bytes) = true;
  }
  data.set("vectors", std::move(vectors))
      .set("input_vectors", inputs.empty() ? "nullptr" : inputs)
      .set("output_vectors", outputs.empty() ? "nullptr" : outputs)
      .set("has_floats", floats)
      .set("has_bytes", bytes)
      .set("comparison", floats ? "floats within 1e-4 of the output's range, the rest byte for byte"
                                : "byte for byte");
  return data;
}

std::string weights_image(const Program& program) {
  std::string image;
  for (const Constant& constant : program.constants) {
    image.append(reinterpret_cast<const char*>(constant.bytes.data()), constant.bytes.size());
    image.resize((image.size() + 7) / 8 * 8, '\0');
    if (constant.bytes.empty()) image.append(8, '\0');
  }
  return image;
}

}  // namespace linnet
