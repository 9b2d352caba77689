// Result<T>: a value, or the diagnostics that say why there is none.
//
//   Result<Graph> graph = import_model(path);
//   if (!graph) return graph.diagnostics();
//   use(*graph);
//
// The user's faults travel in a Result; our own faults are assertions.
#pragma once

#include <cassert>
#include <optional>
#include <utility>

#include "compiler/support/diagnostic.h"

namespace linnet {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}  // NOLINT: implicit by design
  Result(Diagnostic diagnostic) { diagnostics_.push_back(std::move(diagnostic)); }  // NOLINT
  Result(Diagnostics diagnostics) : diagnostics_(std::move(diagnostics)) {          // NOLINT
    assert(!diagnostics_.empty() && "a failed Result says why");
  }

  explicit operator bool() const { return value_.has_value(); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  const Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  std::optional<T> value_;
  Diagnostics diagnostics_;
};

// For functions that give nothing but may fail: `return ok();`
struct Nothing {};
inline Result<Nothing> ok() { return Nothing{}; }

}  // namespace linnet
