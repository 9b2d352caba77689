// Which kernels there are for convolutions, fully connected layers and matrix products, best first.
// Selection, scratch planning and tests all go by these lists.
#pragma once

#include "linnet/kernels/conv2d_f32_1x1.h"
#include "linnet/kernels/conv2d_f32_any.h"
#include "linnet/kernels/conv2d_s8_1x1.h"
#include "linnet/kernels/conv2d_s8_1x1_paired.h"
#include "linnet/kernels/conv2d_s8_1x1_w4.h"
#include "linnet/kernels/conv2d_s8_3x3_winograd.h"
#include "linnet/kernels/conv2d_s8_any.h"
#include "linnet/kernels/conv2d_s8_any_paired.h"
#include "linnet/kernels/conv2d_s8_any_w16.h"
#include "linnet/kernels/conv2d_s8_any_w4.h"
#include "linnet/kernels/conv2d_s8_fc_paired.h"
#include "linnet/kernels/conv_transpose2d_f32_any.h"
#include "linnet/kernels/conv_transpose2d_s8_any.h"
#include "linnet/kernels/conv_transpose2d_s8_any_w16.h"
#include "linnet/kernels/dwconv2d_f32_any.h"
#include "linnet/kernels/dwconv2d_s8_3x3.h"
#include "linnet/kernels/dwconv2d_s8_5x5.h"
#include "linnet/kernels/dwconv2d_s8_any.h"
#include "linnet/kernels/dwconv2d_s8_window.h"
#include "linnet/kernels/matmul_f32_any.h"
#include "linnet/kernels/matmul_s8_any.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

using Conv2dS8Kernels =
    KernelList<conv2d_s8_1x1_w4, conv2d_s8_any_w4, conv2d_s8_3x3_winograd, conv2d_s8_fc_paired,
               conv2d_s8_1x1_paired, conv2d_s8_any_paired, conv2d_s8_1x1, dwconv2d_s8_3x3,
               dwconv2d_s8_5x5, dwconv2d_s8_window, dwconv2d_s8_any, conv2d_s8_any,
               conv2d_s8_any_w16>;
using ConvTranspose2dS8Kernels = KernelList<conv_transpose2d_s8_any, conv_transpose2d_s8_any_w16>;
using MatMulS8Kernels = KernelList<matmul_s8_any>;

using Conv2dF32Kernels = KernelList<conv2d_f32_1x1, dwconv2d_f32_any, conv2d_f32_any>;
using ConvTranspose2dF32Kernels = KernelList<conv_transpose2d_f32_any>;
using MatMulF32Kernels = KernelList<matmul_f32_any>;

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
