// Small models for operators and variants that ONNX's suite of Debian 12 (operator set 17) and models/quantized_ops lack.
#pragma once

#include <filesystem>
#include <vector>

namespace linnet::testing {

// One file each, in a folder that is made for them.
std::vector<std::filesystem::path> write_operator_models(const std::filesystem::path& folder);

}  // namespace linnet::testing
