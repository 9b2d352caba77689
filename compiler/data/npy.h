// NumPy's .npy files, versions 1 and 2: little-endian f4 f8 i1 u1 i2 i4 i8, C order.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "compiler/ir/tensor_type.h"
#include "compiler/support/result.h"

namespace linnet {

// The array; f8 becomes f32. E208 when the file is not such an array.
Result<TensorValue> read_npy(const std::filesystem::path& path);

// The file's bytes, or E202.
Result<std::vector<std::byte>> read_bytes(const std::filesystem::path& path);

// A float32 array as a version 1 file.
std::vector<std::byte> npy_bytes(const Shape& shape, std::span<const float> values);

}  // namespace linnet
