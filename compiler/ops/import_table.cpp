// The families' entries put together: which ONNX operators Linnet imports, and by which function.
#include <algorithm>

#include "compiler/ops/operator_table.h"

namespace linnet {

std::vector<OperatorSet> operator_sets() {
  return {{"", elementwise_operators()},
          {"", conv_operators()},
          {"", matmul_operators()},
          {"", pool_operators()},
          {"", norm_operators()},
          {"", shape_operators()},
          {"", slice_operators()},
          {"", resize_operators()},
          {"", constant_operators()},
          {"", quant_operators()},
          {"com.microsoft", microsoft_operators()}};
}

const OperatorEntry* find_operator(std::string_view domain, std::string_view op_type) {
  for (const OperatorSet& set : operator_sets()) {
    if (set.domain != domain) continue;
    const auto found =
        std::find_if(set.entries.begin(), set.entries.end(),
                     [&](const OperatorEntry& entry) { return entry.op_type == op_type; });
    if (found != set.entries.end()) return &*found;
  }
  return nullptr;
}

bool is_operator(std::string_view op_type) {
  return find_operator("", op_type) != nullptr ||
         find_operator("com.microsoft", op_type) != nullptr;
}

ImportFunction find_import_function(std::string_view domain, std::string_view op_type) {
  const OperatorEntry* entry = find_operator(domain, op_type);
  return entry == nullptr ? nullptr : entry->function;
}

}  // namespace linnet
