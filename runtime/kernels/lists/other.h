// The kernel lists of everything but convolutions and matrix products (lists/conv.h): the first
// kernel that supports a layer is taken.
#pragma once

#include "linnet/kernels/add_s8.h"
#include "linnet/kernels/avgpool2d_f32_any.h"
#include "linnet/kernels/avgpool2d_s8_any.h"
#include "linnet/kernels/binary_f32.h"
#include "linnet/kernels/concat_x8.h"
#include "linnet/kernels/copy_x32_nd.h"
#include "linnet/kernels/copy_x8_nd.h"
#include "linnet/kernels/dequantize_s8_f32.h"
#include "linnet/kernels/gather_x8.h"
#include "linnet/kernels/layernorm_f32.h"
#include "linnet/kernels/layernorm_s8.h"
#include "linnet/kernels/lut_s8.h"
#include "linnet/kernels/maxpool2d_f32_any.h"
#include "linnet/kernels/maxpool2d_s8_any.h"
#include "linnet/kernels/minmax_s8.h"
#include "linnet/kernels/mul_s8.h"
#include "linnet/kernels/pad_x32_nd.h"
#include "linnet/kernels/pad_x8_nd.h"
#include "linnet/kernels/pow_f32.h"
#include "linnet/kernels/prelu_s8.h"
#include "linnet/kernels/quantize_f32_s8.h"
#include "linnet/kernels/reduce_f32_nd.h"
#include "linnet/kernels/reduce_s8_nd.h"
#include "linnet/kernels/reduce_spatial_f32.h"
#include "linnet/kernels/reduce_spatial_s8.h"
#include "linnet/kernels/resize_linear_f32.h"
#include "linnet/kernels/resize_linear_s8.h"
#include "linnet/kernels/resize_nearest_x8.h"
#include "linnet/kernels/softmax_f32.h"
#include "linnet/kernels/softmax_s8.h"
#include "linnet/kernels/unary_f32_elu.h"
#include "linnet/kernels/unary_f32_erf.h"
#include "linnet/kernels/unary_f32_exp.h"
#include "linnet/kernels/unary_f32_gelu.h"
#include "linnet/kernels/unary_f32_gelu_tanh.h"
#include "linnet/kernels/unary_f32_log.h"
#include "linnet/kernels/unary_f32_pow.h"
#include "linnet/kernels/unary_f32_sigmoid.h"
#include "linnet/kernels/unary_f32_silu.h"
#include "linnet/kernels/unary_f32_simple.h"
#include "linnet/kernels/unary_f32_tanh.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

using TableS8Kernels = KernelList<lut_s8>;
using BinaryS8Kernels = KernelList<add_s8, mul_s8, minmax_s8>;
using PreluS8Kernels = KernelList<prelu_s8>;
using UnaryF32Kernels =
    KernelList<unary_f32_simple, unary_f32_sigmoid, unary_f32_silu, unary_f32_tanh, unary_f32_elu,
               unary_f32_gelu, unary_f32_gelu_tanh, unary_f32_erf, unary_f32_exp, unary_f32_log,
               unary_f32_pow>;
using BinaryF32Kernels = KernelList<binary_f32, pow_f32>;
using QuantizeKernels = KernelList<quantize_f32_s8>;
using DequantizeKernels = KernelList<dequantize_s8_f32>;
using SoftmaxS8Kernels = KernelList<softmax_s8>;
using SoftmaxF32Kernels = KernelList<softmax_f32>;
using LayerNormS8Kernels = KernelList<layernorm_s8>;
using LayerNormF32Kernels = KernelList<layernorm_f32>;

using MaxPoolS8Kernels = KernelList<maxpool2d_s8_any>;
using MaxPoolF32Kernels = KernelList<maxpool2d_f32_any>;
using AveragePoolS8Kernels = KernelList<avgpool2d_s8_any>;
using AveragePoolF32Kernels = KernelList<avgpool2d_f32_any>;
using ReduceSpatialS8Kernels = KernelList<reduce_spatial_s8>;
using ReduceSpatialF32Kernels = KernelList<reduce_spatial_f32>;
using ReduceNdS8Kernels = KernelList<reduce_s8_nd>;
using ReduceNdF32Kernels = KernelList<reduce_f32_nd>;

using CopyX8Kernels = KernelList<copy_x8_nd>;
using CopyX32Kernels = KernelList<copy_x32_nd>;
using ConcatKernels = KernelList<concat_x8>;
using GatherKernels = KernelList<gather_x8>;
using PadX8Kernels = KernelList<pad_x8_nd>;
using PadX32Kernels = KernelList<pad_x32_nd>;
using ResizeNearestKernels = KernelList<resize_nearest_x8>;
using ResizeLinearS8Kernels = KernelList<resize_linear_s8>;
using ResizeLinearF32Kernels = KernelList<resize_linear_f32>;

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
