// Makes cases out of shapes; for the table in cases.cpp.
//
// Shapes are those of the report: {24, 24, 64} is 24 rows of 24 pixels of 64 channels. Names say the same; those of float
// cases begin with "float".
#pragma once

#include <string>
#include <vector>

#include "compiler/bench/cases.h"

namespace linnet::bench {

enum class Precision : std::uint8_t { s8, f32 };
constexpr Precision s8 = Precision::s8;
constexpr Precision f32 = Precision::f32;

struct Kernel2d {
  std::int32_t size = 1, stride = 1, pad = 0;
};

// "3x3 s2 p1 96x96x3->16". A weights' zero point other than 0 makes weights of nine bits.
BenchCase conv(Precision precision, const Shape& in, std::int64_t out_channels, Kernel2d kernel,
               std::int32_t weights_zero = 0);
// "depthwise 3x3 s2 48x48x48", padded by half its size.
BenchCase depthwise(Precision precision, const Shape& in, std::int32_t size, std::int32_t stride);
// "depthwise 1x7 s1 24x24x48", "depthwise 3x3 s1 d2 24x24x48": any window, padded by half its reach.
struct DepthwiseWindow {
  std::int32_t height = 3, width = 3, stride = 1, dilation = 1;
};
BenchCase depthwise(Precision precision, const Shape& in, DepthwiseWindow window);
// "transposed 3x3 s2 12x12x32->16"
BenchCase transposed(Precision precision, const Shape& in, std::int64_t out_channels,
                     Kernel2d kernel, std::int32_t weights_zero = 0);
// "fully connected 1024->256"
BenchCase fully_connected(Precision precision, std::int64_t in, std::int64_t out);
// "matrix product 64x32x64": [M,K] by [K,N], both activations
BenchCase matmul(Precision precision, std::int64_t m, std::int64_t k, std::int64_t n);

// "max pool 3x3 s1 24x24x64", padded by half its size.
BenchCase pool(Precision precision, Pool2d::Kind kind, const Shape& in, std::int32_t size,
               std::int32_t stride);
// "NAME 12x12x64" over these axes of [1,12,12,64]
BenchCase reduce(Precision precision, const std::string& name, Reduce::Kind kind, const Shape& in,
                 std::vector<std::int32_t> axes);
BenchCase softmax(Precision precision, std::int64_t rows, std::int64_t elements);
BenchCase layer_norm(Precision precision, std::int64_t rows, std::int64_t elements);

// "NAME 24x24x64"; a second operand of shape `with`.
BenchCase binary(Precision precision, const std::string& name, Binary::Fn fn, const Shape& in,
                 const Shape& with, float product_scale = 0.1F);
BenchCase prelu(const Shape& in);
BenchCase unary(Precision precision, const std::string& name, Unary op, const Shape& in,
                float lo = -3, float hi = 3);
BenchCase quantize(const Shape& in);
BenchCase dequantize(const Shape& in);

// Operators that move elements: all operands have one type.
BenchCase moving(Precision precision, const std::string& name, Op op,
                 const std::vector<Shape>& inputs, std::vector<TensorValue> constants = {});

// The case with outputs of so many times the scale, thus with another shift: "1x1 24x24x64->64 scaled by 100000".
BenchCase scaled(float factor, BenchCase which);
// The case with weights of 4 bits: "1x1 24x24x64->64 int4 weights".
BenchCase int4(BenchCase which);

// The case by this kernel, whatever lowering takes: "3x3 p1 24x24x32->32 by conv2d_s8_any".
BenchCase by(const std::string& kernel, BenchCase which);

}  // namespace linnet::bench
