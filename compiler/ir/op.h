// The operators of the IR: one plain struct each, and the variant that holds any of them.
//
// An operator is int8 when its first output is i8: the same struct then means "dequantize, compute, quantize" in
// the integer arithmetic of docs/quantization.md. Inputs are listed in the order of Node::inputs; "?" marks an
// input that may be absent (an invalid TensorId, or a shorter list).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <variant>
#include <vector>

namespace linnet {

// Bounds on the real value of an output: a fused Relu is {0, inf}, Relu6 {0, 6}.
struct Clamp {
  float lo = -std::numeric_limits<float>::infinity();
  float hi = std::numeric_limits<float>::infinity();
  bool none() const {
    return lo == -std::numeric_limits<float>::infinity() &&
           hi == std::numeric_limits<float>::infinity();
  }
  bool operator==(const Clamp&) const = default;
};

struct Pads {
  std::int32_t top = 0, left = 0, bottom = 0, right = 0;
  bool operator==(const Pads&) const = default;
};

// Window over H and W; index 0 is H, 1 is W.
struct Window {
  std::array<std::int32_t, 2> kernel{1, 1};
  std::array<std::int32_t, 2> stride{1, 1};
  std::array<std::int32_t, 2> dilation{1, 1};
  Pads pads;
  bool operator==(const Window&) const = default;
};

// x [N,H,W,C], w [O,KH,KW,C/groups], bias? [O] -> [N,OH,OW,O]. Depthwise when groups == C.
struct Conv2d {
  Window window;
  std::int32_t groups = 1;
  Clamp clamp;
  bool operator==(const Conv2d&) const = default;
};

// x [N,H,W,C], w [O,KH,KW,C/groups], bias? [O] -> [N,OH,OW,O], OH = (H-1)*stride + dilation*(KH-1) + 1 - top - bottom
// + output_padding. The tap (ky,kx) of input pixel (iy,ix) adds to output (iy*stride - top + ky*dilation, ...).
struct ConvTranspose2d {
  Window window;
  std::array<std::int32_t, 2> output_padding{0, 0};
  std::int32_t groups = 1;
  Clamp clamp;
  bool operator==(const ConvTranspose2d&) const = default;
};

// x [...,K], w [O,K], bias? [O] -> [...,O]
struct FullyConnected {
  Clamp clamp;
  bool operator==(const FullyConnected&) const = default;
};

// a [...,M,K], b [...,K,N] -> [...,M,N], NumPy broadcasting of the leading dimensions; both have rank >= 2.
struct MatMul {
  bool operator==(const MatMul&) const = default;
};

// x [N,H,W,C] -> [N,OH,OW,C]. `pads` already hold what ceil_mode adds; average divides by the taps inside the
// input, or with count_include_pad by those inside the padded input (`include` = ONNX's own pads, without ceil's).
struct Pool2d {
  enum class Kind : std::uint8_t { max, average } kind = Kind::max;
  Window window;
  bool count_include_pad = false;
  Pads include;
  bool operator==(const Pool2d&) const = default;
};

// Over `axes` (sorted, non-negative); keep_dims leaves them as 1. Global pools are Reduce over {1,2} of NHWC.
struct Reduce {
  enum class Kind : std::uint8_t { mean, sum, max, min, l2 } kind = Kind::mean;
  std::vector<std::int32_t> axes;
  bool keep_dims = true;
  bool operator==(const Reduce&) const = default;
};

// Elementwise function of one tensor. In int8 it is a 256-entry table.
struct Unary {
  enum class Fn : std::uint8_t {
    clamp,         // min(max(x, alpha), beta)
    leaky_relu,    // x < 0 ? alpha*x : x
    sigmoid,       // 1 / (1 + exp(-x))
    hard_sigmoid,  // clamp(alpha*x + beta, 0, 1)
    hard_swish,    // x * clamp(x/6 + 0.5, 0, 1)
    silu,          // x * sigmoid(x)
    tanh,
    elu,        // x < 0 ? alpha*(exp(x)-1) : x
    gelu,       // x * 0.5 * (1 + erf(x/sqrt(2)))
    gelu_tanh,  // 0.5*x*(1 + tanh(sqrt(2/pi)*(x + 0.044715 x^3)))
    erf,
    exp,
    log,
    sqrt,
    pow,     // x ^ alpha
    affine,  // alpha*x + beta
    abs,
    neg,
    reciprocal,
  } fn = Fn::clamp;
  float alpha = 0;
  float beta = 0;
  bool operator==(const Unary&) const = default;
};

// a, b -> NumPy-broadcast shape.
struct Binary {
  enum class Fn : std::uint8_t {
    add,
    sub,
    mul,
    div,
    min,
    max,
    pow,
    prelu
  } fn = Fn::add;  // prelu: a<0 ? a*b : a
  Clamp clamp;
  bool operator==(const Binary&) const = default;
};

struct Softmax {  // along `axis` >= 0
  std::int32_t axis = 0;
  bool operator==(const Softmax&) const = default;
};

// x, scale? , bias? -> x; normalised over dimensions axis..rank-1 (scale and bias have that many elements).
struct LayerNorm {
  std::int32_t axis = 0;
  float epsilon = 1e-5f;
  bool operator==(const LayerNorm&) const = default;
};

// x [...,C], scale [C], bias [C], mean [C], variance [C], all four constant. Passes turn every one into a
// convolution's weights or an affine pair Binary mul, add.
struct BatchNorm {
  float epsilon = 1e-5f;
  bool operator==(const BatchNorm&) const = default;
};

struct Concat {
  std::int32_t axis = 0;
  bool operator==(const Concat&) const = default;
};

// Per dimension: first index, step (may be negative, not 0) and how many are taken.
struct Slice {
  std::vector<std::int64_t> start;
  std::vector<std::int64_t> step;
  std::vector<std::int64_t> size;
  bool operator==(const Slice&) const = default;
};

struct Reshape {  // same element order
  std::vector<std::int64_t> shape;
  bool operator==(const Reshape&) const = default;
};

struct Transpose {  // out.shape[i] = in.shape[permutation[i]]
  std::vector<std::int32_t> permutation;
  bool operator==(const Transpose&) const = default;
};

struct Expand {  // NumPy broadcast to `shape`, which is the output's
  std::vector<std::int64_t> shape;
  bool operator==(const Expand&) const = default;
};

// x, indices (constant i64, non-negative) -> x.shape[:axis] + indices.shape + x.shape[axis+1:]
struct Gather {
  std::int32_t axis = 0;
  bool operator==(const Gather&) const = default;
};

struct
    Pad {  // before and after: elements added per dimension (>= 0; negative pads are imported as Slice)
  enum class Mode : std::uint8_t { constant, reflect, edge } mode = Mode::constant;
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> after;
  float value = 0;
  bool operator==(const Pad&) const = default;
};

// x [N,H,W,C] -> [N,OH,OW,C]. Source coordinate of output index i along H or W by `coordinate`:
//   half_pixel (i+0.5)/scale-0.5 | pytorch_half_pixel same, 0 when the output length is 1 | align_corners
//   i*(in-1)/(out-1) | asymmetric i/scale | crop (tf_crop_and_resize, roi as start/end fractions).
struct Resize {
  enum class Mode : std::uint8_t { nearest, linear } mode = Mode::nearest;
  enum class Coordinate : std::uint8_t {
    half_pixel,
    pytorch_half_pixel,
    align_corners,
    asymmetric,
    crop
  } coordinate = Coordinate::half_pixel;
  enum class Rounding : std::uint8_t {
    round_prefer_floor,
    round_prefer_ceil,
    floor,
    ceil
  } rounding = Rounding::round_prefer_floor;
  std::array<std::int32_t, 2> output{1, 1};  // OH, OW
  std::array<float, 2> scale{1, 1};  // as ONNX gives or derives it (out/in when sizes were given)
  std::array<float, 2> roi_start{0, 0}, roi_end{1, 1};
  float extrapolation = 0;
  bool operator==(const Resize&) const = default;
};

struct Quantize {  // f32 -> i8 (round half to even, saturate), parameters in the output's type
  bool operator==(const Quantize&) const = default;
};
struct Dequantize {  // i8 -> f32, parameters in the input's type
  bool operator==(const Dequantize&) const = default;
};
struct Requantize {  // i8 or u8 -> i8 in another scale, or x, table [256] -> table[uint8(x)]
  bool operator==(const Requantize&) const = default;
};
struct Cast {  // element type conversion; on devices only f32 <-> f32, the rest folds
  bool operator==(const Cast&) const = default;
};

using Op = std::variant<Conv2d, ConvTranspose2d, FullyConnected, MatMul, Pool2d, Reduce, Unary,
                        Binary, Softmax, LayerNorm, BatchNorm, Concat, Slice, Reshape, Transpose,
                        Expand, Gather, Pad, Resize, Quantize, Dequantize, Requantize, Cast>;

// "Conv2d", "Unary" ...
const char* op_name(const Op& op);

}  // namespace linnet
