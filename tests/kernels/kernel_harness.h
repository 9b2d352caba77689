// Runs one kernel as hostile memory: every buffer ends (or begins) at a page that may not be touched, input rows live in
// rings of just the rows that a step needs, rows have odd pitches, and output rows come in blocks of random size.
//
//   Job job;  job.inputs = {{bytes, rows, row_bytes, needs}};  job.output = {...};
//   CHECK(run_kernel<conv2d_s8_1x1>(layer, job, random) == "");
//
// The answer is empty, or says the first byte that is wrong (bytes beside the output pixels count as well).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "linnet/rows.h"
#include "tests/support/single_op.h"

namespace linnet::testing {

// Memory whose last byte lies before a page without access (or whose first lies after one), 8-byte aligned when the
// size is a multiple of 8.
class Guarded {
 public:
  Guarded(std::size_t bytes, bool guard_after);
  explicit Guarded(std::span<const std::byte> content, bool guard_after = true);
  ~Guarded();
  Guarded(Guarded&& other) noexcept
      : map_(std::exchange(other.map_, nullptr)),
        map_bytes_(other.map_bytes_),
        data_(other.data_) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  Guarded& operator=(Guarded&&) = delete;

  std::byte* data() { return data_; }

 private:
  std::byte* map_ = nullptr;
  std::size_t map_bytes_ = 0;
  std::byte* data_ = nullptr;
};

struct JobInput {
  std::span<const std::byte> bytes;
  std::int32_t rows = 1, row_bytes = 0;
  // Rows that the output rows [first, first + count) read; none: all, so the input is no ring.
  std::function<RowRange(std::int32_t first, std::int32_t count)> needs;
};

struct JobOutput {
  std::span<const std::byte> expected;
  std::int32_t rows = 1, pixels = 1, pixel_bytes = 0;
  std::int32_t pixel_pitch_bytes = 0;  // from pixel to pixel in memory
};

struct Job {
  std::vector<JobInput> inputs;
  JobOutput output;
  std::int32_t alignment = 1;  // of rows: the element's size
};

// How the kernel of a job is called; tests of the tests put a fault in here.
using RunRows = std::function<void(const Io& io, std::int32_t first_row, std::int32_t row_count)>;

std::string run_job(const Job& job, std::int32_t scratch_bytes, Random& random, const RunRows& run);

template <class Kernel>
std::string run_kernel(const typename Kernel::Layer& layer, const Job& job, Random& random) {
  return run_job(job, Kernel::scratch_bytes(layer), random,
                 [&](const Io& io, std::int32_t first_row, std::int32_t row_count) {
                   Kernel::run(layer, io, first_row, row_count);
                 });
}

// The layer that a lowered call describes, without its constants.
template <class Layer>
Layer layer_of(const KernelCall& call) {
  Layer layer;
  Layer::fields(layer, [&](const char* name, auto& member) {
    using Member = std::remove_reference_t<decltype(member)>;
    if constexpr (!std::is_same_v<Member, const void*>) {
      for (const Field& field : call.fields) {
        if (field.name != name) continue;
        if constexpr (std::is_floating_point_v<Member>) {
          member = std::get<float>(field.value);
        } else {
          member = static_cast<Member>(std::get<std::int64_t>(field.value));
        }
      }
    }
  });
  return layer;
}

}  // namespace linnet::testing
