// The in-process runner; see execute.h.
#include "tests/support/execute.h"

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <stdexcept>

#include "compiler/lower/lower.h"
#include "compiler/lower/slices.h"
#include "linnet/kernels/lists/conv.h"
#include "linnet/kernels/lists/other.h"

namespace linnet::testing {
namespace {

using Constants = std::map<std::string, const void*>;

// Everything a call needs to run, whatever its kernel.
struct Invocation {
  const KernelCall& call;
  const Constants& constants;  // by field name
  Io io;
  std::int32_t first_row, row_count;
};
using Runner = std::function<void(const Invocation&)>;

template <class Layer>
Layer rebuild(const Invocation& invocation) {
  Layer layer{};
  std::map<std::string, bool> used;
  Layer::fields(layer, [&](const char* name, auto& member) {
    using Member = std::remove_reference_t<decltype(member)>;
    if constexpr (std::is_same_v<Member, const void*>) {
      const auto found = invocation.constants.find(name);
      if (found != invocation.constants.end()) member = found->second;
      used[name] = found != invocation.constants.end();
    } else {
      for (const Field& field : invocation.call.fields) {
        if (field.name != name) continue;
        if constexpr (std::is_floating_point_v<Member>) {
          member = std::get<float>(field.value);
        } else {
          member = static_cast<Member>(std::get<std::int64_t>(field.value));
        }
        used[name] = true;
      }
    }
  });
  for (const Field& field : invocation.call.fields) {
    if (!used[field.name]) throw std::logic_error("layer has no field " + field.name);
  }
  return layer;
}

template <class List>
void add_kernels(std::map<std::string, Runner>& registry) {
  List::for_each([&](auto kernel) {
    using Kernel = decltype(kernel);
    registry[Kernel::name] = [](const Invocation& invocation) {
      const auto layer = rebuild<typename Kernel::Layer>(invocation);
      if (!Kernel::supports(layer))
        throw std::logic_error(std::string(Kernel::name) + " does not support its layer");
      if (Kernel::scratch_bytes(layer) != invocation.call.scratch_bytes) {
        throw std::logic_error(std::string(Kernel::name) + ": scratch differs from the program's");
      }
      Kernel::run(layer, invocation.io, invocation.first_row, invocation.row_count);
    };
  });
}

template <class... Lists>
std::map<std::string, Runner> registry_of() {
  std::map<std::string, Runner> registry;
  (add_kernels<Lists>(registry), ...);
  return registry;
}

const std::map<std::string, Runner>& registry() {
  static const auto kernels =
      registry_of<Conv2dS8Kernels, ConvTranspose2dS8Kernels, MatMulS8Kernels, Conv2dF32Kernels,
                  ConvTranspose2dF32Kernels, MatMulF32Kernels, TableS8Kernels, BinaryS8Kernels,
                  PreluS8Kernels, UnaryF32Kernels, BinaryF32Kernels, QuantizeKernels,
                  DequantizeKernels, SoftmaxS8Kernels, SoftmaxF32Kernels, LayerNormS8Kernels,
                  LayerNormF32Kernels, MaxPoolS8Kernels, MaxPoolF32Kernels, AveragePoolS8Kernels,
                  AveragePoolF32Kernels, ReduceSpatialS8Kernels, ReduceSpatialF32Kernels,
                  ReduceNdS8Kernels, ReduceNdF32Kernels, CopyX8Kernels, CopyX32Kernels,
                  ConcatKernels, GatherKernels, PadX8Kernels, PadX32Kernels, ResizeNearestKernels,
                  ResizeLinearS8Kernels, ResizeLinearF32Kernels>();
  return kernels;
}

// Memory as aligned as arenas are, of exactly its size, so that the address sanitizer sees every overrun.
class Block {
 public:
  explicit Block(std::size_t bytes)
      : size(bytes), memory_(static_cast<std::byte*>(::operator new(bytes, kAlignment))) {}
  std::byte* data() { return memory_.get(); }
  std::size_t size;

 private:
  static constexpr std::align_val_t kAlignment{32};
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete(memory, kAlignment); }
  };
  std::unique_ptr<std::byte, Free> memory_;
};

class Machine {
 public:
  Machine(const Program& program, const Plan& plan, const Target& target)
      : program_(program), plan_(plan) {
    for (std::size_t i = 0; i < target.banks.size(); ++i) {
      arenas_.emplace_back(static_cast<std::size_t>(plan.banks[i].used_bytes));
      std::memset(arenas_.back().data(), 0x5a, arenas_.back().size);
    }
    for (const Constant& constant : program.constants) {
      constants_.emplace_back(constant.bytes.size());
      std::memcpy(constants_.back().data(), constant.bytes.data(), constant.bytes.size());
    }
  }

  std::byte* address(const RowsOperand& operand) {
    if (const auto* constant = std::get_if<ConstantId>(&operand.source)) {
      return constants_[constant->index()].data() + operand.first_byte;
    }
    const auto index =
        static_cast<std::size_t>(plan_.placement_of[std::get<BufferId>(operand.source)]);
    return at(plan_.placements[index]) + operand.first_byte;
  }
  std::byte* scratch(std::size_t call) {
    const std::int32_t index = plan_.scratch_of_call[call];
    return index < 0 ? nullptr : at(plan_.placements[static_cast<std::size_t>(index)]);
  }

  // Rows of the one input, as the application gives them.
  void give_rows(const Step& step, std::span<const std::byte> input) {
    const RowsOperand& operand = program_.inputs.front();
    const auto pitch = static_cast<std::size_t>(operand.row_bytes);
    for (std::int64_t r = step.first_row; r < step.first_row + step.row_count; ++r) {
      std::memcpy(address(operand) + static_cast<std::size_t>(r % capacity(operand)) * pitch,
                  input.data() + static_cast<std::size_t>(r) * pitch, pitch);
    }
  }

  void run(const Step& step, const ExecuteOptions& options) {
    const std::size_t index = step.call.index();
    KernelCall call = program_.calls[index];
    Constants constants;
    for (const Field& field : call.fields) {
      if (const auto* id = std::get_if<ConstantId>(&field.value)) {
        constants[field.name] = constants_[id->index()].data();
      }
    }
    if (options.mutation.kind != Mutation::Kind::none && options.mutation.call == index) {
      mutate(options.mutation, call);
    }
    std::vector<RowsIn> inputs;
    for (const RowsOperand& input : call.inputs) {
      inputs.push_back(
          {address(input), static_cast<std::int32_t>(input.row_bytes), capacity(input)});
    }
    std::vector<Block> copies;
    const RowsOut output{address(call.output), static_cast<std::int32_t>(call.output.row_bytes),
                         capacity(call.output)};
    const std::int64_t block = options.rows_per_step > 0 ? options.rows_per_step : step.row_count;
    for (std::int64_t row = 0; row < step.row_count; row += block) {
      const auto count = static_cast<std::int32_t>(std::min(block, step.row_count - row));
      std::vector<RowsIn> given = inputs;
      if (options.only_rows_under) {
        copies.clear();
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          const std::int64_t rows = call.inputs[i].rows;
          const RowRange seen = rows_under(call.windows[i], step.first_row + row, count, rows);
          copies.push_back(copy_rows(inputs[i], call.inputs[i], seen));
          given[i].base = copies.back().data();
          given[i].capacity_rows = static_cast<std::int32_t>(rows);
        }
      }
      registry().at(call.kernel)({call,
                                  constants,
                                  {given.data(), output, scratch(index)},
                                  static_cast<std::int32_t>(step.first_row + row),
                                  count});
    }
  }

 private:
  // An operand as large as it is, of which only the rows `seen` are true.
  static Block copy_rows(const RowsIn& from, const RowsOperand& operand, RowRange seen) {
    const auto pitch = static_cast<std::size_t>(operand.row_bytes);
    const std::size_t bytes =
        pitch - static_cast<std::size_t>(operand.is_slice() ? operand.first_byte : 0);
    Block copy(static_cast<std::size_t>(operand.rows) * pitch);
    std::memset(copy.data(), 0xa7, copy.size);
    for (std::int32_t r = seen.first; r < seen.end; ++r) {
      std::memcpy(copy.data() + static_cast<std::size_t>(r) * pitch, from.row<std::byte>(r), bytes);
    }
    return copy;
  }
  // A ring's rows, or all of the tensor as this operand counts them.
  std::int32_t capacity(const RowsOperand& operand) const {
    const auto* id = std::get_if<BufferId>(&operand.source);
    if (id == nullptr) return static_cast<std::int32_t>(operand.rows);
    const std::int64_t held =
        plan_.placements[static_cast<std::size_t>(plan_.placement_of[*id])].capacity_rows;
    return static_cast<std::int32_t>(held >= program_.buffers[*id].rows ? operand.rows : held);
  }
  std::byte* at(const Placement& placement) {
    return arenas_[static_cast<std::size_t>(placement.bank)].data() + placement.offset;
  }
  void mutate(const Mutation& mutation, KernelCall& call) {
    for (Field& field : call.fields) {
      if (field.name != mutation.field) continue;
      if (auto* number = std::get_if<std::int64_t>(&field.value)) {
        *number += mutation.amount;
      } else if (const auto* id = std::get_if<ConstantId>(&field.value)) {
        Block& block = constants_[id->index()];
        std::byte& byte = block.data()[mutation.index % block.size];
        byte = static_cast<std::byte>(static_cast<int>(byte) + static_cast<int>(mutation.amount));
      }
    }
  }

  const Program& program_;
  const Plan& plan_;
  std::vector<Block> arenas_;
  std::vector<Block> constants_;
};

}  // namespace

std::vector<TensorValue> execute(const Graph& graph, const Program& program, const Plan& plan,
                                 const Target& target, const std::vector<TensorValue>& inputs,
                                 const ExecuteOptions& options) {
  Machine machine(program, plan, target);
  for (std::size_t i = 0; i < inputs.size() && !plan.input_rows; ++i) {
    const auto bytes = inputs[i].bytes();
    std::memcpy(machine.address(program.inputs[i]), bytes.data(), bytes.size());
  }
  for (const Step& step : plan.steps) {
    if (step.call.valid()) {
      machine.run(step, options);
    } else {
      machine.give_rows(step, inputs.front().bytes());
    }
  }
  std::vector<TensorValue> outputs;
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const TensorType& type = graph.type(graph.outputs[i].tensor);
    const std::byte* from = machine.address(program.outputs[i]);
    outputs.emplace_back(type, std::vector<std::byte>(from, from + type.bytes()));
  }
  return outputs;
}

Target unlimited_target() {
  Target target;
  target.name = "test";
  target.banks.push_back({"ram", std::nullopt, 0, true});
  return target;
}

std::vector<TensorValue> compile_and_execute(const Graph& graph,
                                             const std::vector<TensorValue>& inputs,
                                             const ExecuteOptions& options) {
  Result<Program> program = lower(graph);
  if (!program) throw std::runtime_error(format(program.diagnostics()));
  if (options.without_copies) {
    while (!removable_copies(*program).empty())
      remove_copy(*program, removable_copies(*program).front());
    const Result<Nothing> sound = verify(*program);
    if (!sound) throw std::runtime_error(format(sound.diagnostics()));
  }
  const Target target = unlimited_target();
  const Result<Plan> plan = make_plan(*program, target, options.plan);
  if (!plan) throw std::runtime_error(format(plan.diagnostics()));
  const Result<Nothing> checked = check(*program, *plan, target);
  if (!checked) throw std::runtime_error(format(checked.diagnostics()));
  return execute(graph, *program, *plan, target, inputs, options);
}

}  // namespace linnet::testing
