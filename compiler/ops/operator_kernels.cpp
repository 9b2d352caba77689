// The kernels of each form, read from the runtime's lists, which selection goes by too.
#include <algorithm>

#include "compiler/ops/operator_table.h"
#include "linnet/kernels/lists/conv.h"
#include "linnet/kernels/lists/other.h"

namespace linnet {
namespace {

template <class List>
void add_names(std::vector<std::string_view>& names) {
  List::for_each([&](auto kernel) {
    const std::string_view name = decltype(kernel)::name;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  });
}

template <class Int8, class Float>
void add_lists(OperatorKernels& kernels) {
  add_names<Int8>(kernels.int8);
  add_names<Float>(kernels.float32);
}

using NoKernels = KernelList<>;
// Functions of one tensor are a table in int8.
template <class Float>
void add_function(OperatorKernels& kernels) {
  add_lists<TableS8Kernels, KernelList<Float>>(kernels);
}

void add_form(Form form, OperatorKernels& kernels) {
  switch (form) {
    case Form::conv: return add_lists<Conv2dS8Kernels, Conv2dF32Kernels>(kernels);
    case Form::conv_transpose:
      return add_lists<ConvTranspose2dS8Kernels, ConvTranspose2dF32Kernels>(kernels);
    case Form::matmul: return add_lists<MatMulS8Kernels, MatMulF32Kernels>(kernels);
    case Form::max_pool: return add_lists<MaxPoolS8Kernels, MaxPoolF32Kernels>(kernels);
    case Form::average_pool: return add_lists<AveragePoolS8Kernels, AveragePoolF32Kernels>(kernels);
    case Form::reduce:
      add_lists<ReduceSpatialS8Kernels, ReduceSpatialF32Kernels>(kernels);
      return add_lists<ReduceNdS8Kernels, ReduceNdF32Kernels>(kernels);
    case Form::reduce_l2:
      add_lists<NoKernels, ReduceSpatialF32Kernels>(kernels);
      return add_lists<NoKernels, ReduceNdF32Kernels>(kernels);
    case Form::simple: return add_function<unary_f32_simple>(kernels);
    case Form::sigmoid: return add_function<unary_f32_sigmoid>(kernels);
    case Form::silu: return add_function<unary_f32_silu>(kernels);
    case Form::tanh: return add_function<unary_f32_tanh>(kernels);
    case Form::elu: return add_function<unary_f32_elu>(kernels);
    case Form::gelu: return add_function<unary_f32_gelu>(kernels);
    case Form::gelu_tanh: return add_function<unary_f32_gelu_tanh>(kernels);
    case Form::erf: return add_function<unary_f32_erf>(kernels);
    case Form::exp: return add_function<unary_f32_exp>(kernels);
    case Form::log: return add_function<unary_f32_log>(kernels);
    case Form::pow: return add_function<unary_f32_pow>(kernels);
    case Form::arithmetic:
      return add_lists<KernelList<add_s8, mul_s8>, KernelList<binary_f32>>(kernels);
    case Form::minmax: return add_lists<KernelList<minmax_s8>, KernelList<binary_f32>>(kernels);
    case Form::float_binary: return add_lists<NoKernels, KernelList<binary_f32>>(kernels);
    case Form::power: return add_lists<NoKernels, KernelList<pow_f32>>(kernels);
    case Form::prelu: return add_lists<PreluS8Kernels, KernelList<binary_f32>>(kernels);
    case Form::softmax: return add_lists<SoftmaxS8Kernels, SoftmaxF32Kernels>(kernels);
    case Form::layer_norm: return add_lists<LayerNormS8Kernels, LayerNormF32Kernels>(kernels);
    case Form::copy: return add_lists<CopyX8Kernels, CopyX32Kernels>(kernels);
    case Form::concat: return add_lists<ConcatKernels, ConcatKernels>(kernels);
    case Form::gather: return add_lists<GatherKernels, GatherKernels>(kernels);
    case Form::pad: return add_lists<PadX8Kernels, PadX32Kernels>(kernels);
    case Form::resize:
      add_lists<ResizeNearestKernels, ResizeNearestKernels>(kernels);
      return add_lists<ResizeLinearS8Kernels, ResizeLinearF32Kernels>(kernels);
    case Form::table: return add_lists<TableS8Kernels, NoKernels>(kernels);
    case Form::quantize: return add_lists<QuantizeKernels, NoKernels>(kernels);
    case Form::dequantize: return add_lists<DequantizeKernels, NoKernels>(kernels);
  }
}

}  // namespace

OperatorKernels kernels_of(const Forms& forms) {
  OperatorKernels kernels;
  for (unsigned i = 0; i <= static_cast<unsigned>(kLastForm); ++i) {
    const auto form = static_cast<Form>(i);
    if (forms.contains(form)) add_form(form, kernels);
  }
  return kernels;
}

}  // namespace linnet
