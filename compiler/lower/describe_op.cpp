// See describe_op.h.
#include "compiler/lower/describe_op.h"

#include <fmt/format.h>

#include <array>

namespace linnet {
namespace {

std::string describe_window(const Window& window) {
  std::string text = fmt::format(" {}x{}", window.kernel[0], window.kernel[1]);
  if (window.stride == std::array{1, 1}) return text;
  if (window.stride[0] == window.stride[1]) return text + fmt::format(" s{}", window.stride[0]);
  return text + fmt::format(" s{}x{}", window.stride[0], window.stride[1]);
}

constexpr std::array kUnaryNames{"clamp",  "leaky_relu", "sigmoid", "hard_sigmoid", "hard_swish",
                                 "silu",   "tanh",       "elu",     "gelu",         "gelu_tanh",
                                 "erf",    "exp",        "log",     "sqrt",         "pow",
                                 "affine", "abs",        "neg",     "reciprocal"};
constexpr std::array kBinaryNames{"add", "sub", "mul", "div", "min", "max", "pow", "prelu"};
constexpr std::array kReduceNames{"mean", "sum", "max", "min", "l2"};

template <class Enum, std::size_t N>
const char* name_of(const std::array<const char*, N>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

// The part after the operator's name; operators without an overload have none.
template <class T>
std::string detail_of(const T&) {
  return {};
}
std::string detail_of(const Conv2d& op) {
  return describe_window(op.window) + (op.groups > 1 ? fmt::format(" g{}", op.groups) : "");
}
std::string detail_of(const ConvTranspose2d& op) { return describe_window(op.window); }
std::string detail_of(const Pool2d& op) {
  return (op.kind == Pool2d::Kind::max ? " max" : " average") + describe_window(op.window);
}
std::string detail_of(const Reduce& op) {
  return std::string(" ") + name_of(kReduceNames, op.kind);
}
std::string detail_of(const Unary& op) { return std::string(" ") + name_of(kUnaryNames, op.fn); }
std::string detail_of(const Binary& op) { return std::string(" ") + name_of(kBinaryNames, op.fn); }
std::string detail_of(const Resize& op) {
  return op.mode == Resize::Mode::nearest ? " nearest" : " linear";
}

}  // namespace

std::string describe_op(const Op& op) {
  return op_name(op) + std::visit([](const auto& kind) { return detail_of(kind); }, op);
}

}  // namespace linnet
