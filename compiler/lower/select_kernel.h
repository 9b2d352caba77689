// Picks the first kernel of a runtime KernelList that supports a layer and turns the layer into data.
//
//   Conv2dS8 layer = ...;
//   KernelCall call = context.begin_call(node);
//   select_kernel<Conv2dS8Kernels>(layer, call, [&](auto kernel) { pack the weights with this kernel });
//   bind(call, "weights", context.add_constant(...));
//
// A runtime Layer struct describes itself: `static constexpr const char* type_name` and
// `template <class Self, class Visit> static constexpr void fields(Self& self, Visit&& visit)`, which calls
// visit("in_h", self.in_h) for each field; integers, floats and `const void*` are allowed. Pointers are skipped here
// and bound to constants by name.
#pragma once

#include <concepts>
#include <string>
#include <type_traits>

#include "compiler/lower/program.h"

namespace linnet {

template <class Layer>
std::vector<Field> describe(const Layer& layer) {
  std::vector<Field> fields;
  Layer::fields(layer, [&](const char* name, const auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::floating_point<Value>) {
      fields.push_back({name, static_cast<float>(value)});
    } else if constexpr (std::integral<Value>) {
      fields.push_back({name, static_cast<std::int64_t>(value)});
    } else {
      static_assert(std::is_same_v<Value, const void*>,
                    "layer fields are integers, floats or const void*");
    }
  });
  return fields;
}

// Whether a layer that differs in a pitch is one of the kernel that the call has.
template <class List, class Layer>
bool keeps_kernel(const Layer& layer, const KernelCall& call) {
  bool same = false;
  List::select(layer, [&](auto kernel) { same = call.kernel == decltype(kernel)::name; });
  return same;
}

// The layer's distance from pixel to pixel of an operand.
template <class Layer>
struct PitchMember {
  std::int32_t Layer::*member;
  const char* name;
};

// The pitch's name, when the kernel of the call takes other values than that of pixels side by side; else nothing.
template <class List, class Layer>
std::string pitch_field(Layer layer, const PitchMember<Layer>& pitch, const KernelCall& call) {
  layer.*pitch.member += 1;
  return keeps_kernel<List>(layer, call) ? pitch.name : "";
}

// A kernel of one input: which of its operands may be slices of channels.
template <class List, class Layer>
void set_pitches(const Layer& layer, const PitchMember<Layer>& in, const PitchMember<Layer>& out,
                 KernelCall& call) {
  call.slices.inputs = {pitch_field<List>(layer, in, call)};
  call.slices.output = pitch_field<List>(layer, out, call);
}

inline void bind(KernelCall& call, const char* field, ConstantId constant) {
  call.fields.push_back({field, constant});
}

// Fills kernel, layer type, fields and scratch of `call`, then calls `selected(kernel)`; false when the list has no
// kernel for the layer. A call that names a kernel already (KernelChoice, lower.h) gets that one or none.
template <class List, class Layer, class Selected>
bool select_kernel(const Layer& layer, KernelCall& call, Selected&& selected) {
  bool found = false;
  List::for_each([&](auto kernel) {
    using Kernel = decltype(kernel);
    const bool welcome = call.kernel.empty() || call.kernel == Kernel::name;
    if (found || !welcome || !Kernel::supports(layer)) return;
    found = true;
    call.kernel = Kernel::name;
    call.layer_type = Layer::type_name;
    call.fields = describe(layer);
    call.scratch_bytes = Kernel::scratch_bytes(layer);
    if constexpr (requires { Kernel::block_rows(layer); })
      call.block_rows = Kernel::block_rows(layer);
    selected(kernel);
  });
  return found;
}

}  // namespace linnet
