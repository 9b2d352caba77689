// Guarded memory, rings and blocks of rows; see kernel_harness.h.
#include "tests/kernels/kernel_harness.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace linnet::testing {
namespace {

std::size_t round_up(std::size_t value, std::size_t to) { return (value + to - 1) / to * to; }

// Input rows in memory: a ring of `capacity` rows.
struct Ring {
  Guarded memory;
  std::int32_t pitch_bytes;
  std::int32_t capacity;
};

std::int32_t random_pitch(std::int32_t row_bytes, std::int32_t alignment, Random& random) {
  return row_bytes + alignment * static_cast<std::int32_t>(random.integer(0, 5));
}

// The last row has no gap behind it.
Ring make_ring(std::int32_t capacity, std::int32_t row_bytes, std::int32_t alignment,
               Random& random) {
  const std::int32_t pitch = random_pitch(row_bytes, alignment, random);
  const auto bytes = static_cast<std::size_t>(pitch * (capacity - 1) + row_bytes);
  Ring ring{Guarded(bytes, random.chance(50)), pitch, capacity};
  for (std::size_t i = 0; i < bytes; ++i) {
    ring.memory.data()[i] = static_cast<std::byte>(random.integer(0, 255));
  }
  return ring;
}

void put_rows(Ring& ring, const JobInput& input, RowRange rows) {
  for (std::int32_t r = rows.first; r < rows.end; ++r) {
    std::memcpy(ring.memory.data() + (r % ring.capacity) * ring.pitch_bytes,
                input.bytes.data() + static_cast<std::ptrdiff_t>(r) * input.row_bytes,
                static_cast<std::size_t>(input.row_bytes));
  }
}

RowRange needed(const JobInput& input, RowRange output) {
  if (!input.needs) return {0, input.rows};
  return input.needs(output.first, output.end - output.first);
}

std::vector<RowRange> random_blocks(std::int32_t rows, Random& random) {
  std::vector<RowRange> blocks;
  const bool whole = random.chance(30);
  for (std::int32_t first = 0; first < rows;) {
    const std::int64_t most = std::min<std::int64_t>(rows - first, 4);
    const auto count = whole ? rows : static_cast<std::int32_t>(random.integer(1, most));
    blocks.push_back({first, first + count});
    first += count;
  }
  return blocks;
}

// What the ring of output rows must hold after a block, given what it held before.
void put_expected(std::vector<std::byte>& memory, const JobOutput& output, std::int32_t pitch,
                  std::int32_t capacity, RowRange rows) {
  for (std::int32_t r = rows.first; r < rows.end; ++r) {
    for (std::int32_t x = 0; x < output.pixels; ++x) {
      std::memcpy(memory.data() + (r % capacity) * pitch + x * output.pixel_pitch_bytes,
                  output.expected.data() +
                      (static_cast<std::ptrdiff_t>(r) * output.pixels + x) * output.pixel_bytes,
                  static_cast<std::size_t>(output.pixel_bytes));
    }
  }
}

}  // namespace

Guarded::Guarded(std::size_t bytes, bool guard_after) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t usable = std::max(page, round_up(bytes, page));
  map_bytes_ = usable + 2 * page;
  void* const map =
      mmap(nullptr, map_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert(map != MAP_FAILED);
  map_ = static_cast<std::byte*>(map);
  [[maybe_unused]] const int before = mprotect(map_, page, PROT_NONE);
  [[maybe_unused]] const int after = mprotect(map_ + page + usable, page, PROT_NONE);
  assert(before == 0 && after == 0);
  data_ = map_ + page + (guard_after ? usable - bytes : 0);
}

Guarded::Guarded(std::span<const std::byte> content, bool guard_after)
    : Guarded(content.size(), guard_after) {
  if (!content.empty()) std::memcpy(data_, content.data(), content.size());
}

Guarded::~Guarded() {
  if (map_ != nullptr) munmap(map_, map_bytes_);
}

std::string run_job(const Job& job, std::int32_t scratch_bytes, Random& random,
                    const RunRows& run) {
  const std::vector<RowRange> blocks = random_blocks(job.output.rows, random);
  std::vector<Ring> rings;
  for (const JobInput& input : job.inputs) {
    std::int32_t capacity = 1;
    for (const RowRange& block : blocks) {
      const RowRange rows = needed(input, block);
      capacity = std::max(capacity, rows.end - rows.first);
    }
    if (input.needs) capacity += static_cast<std::int32_t>(random.integer(0, 1));
    rings.push_back(make_ring(capacity, input.row_bytes, job.alignment, random));
  }
  std::int32_t most_rows = 1;
  for (const RowRange& block : blocks) most_rows = std::max(most_rows, block.end - block.first);
  const std::int32_t out_row_bytes =
      job.output.pixel_pitch_bytes * (job.output.pixels - 1) + job.output.pixel_bytes;
  Ring out = make_ring(most_rows, out_row_bytes, job.alignment, random);
  // Scratch is 8-byte aligned; the kernel may use what it asked for.
  Guarded scratch(round_up(static_cast<std::size_t>(scratch_bytes), 8), true);

  const auto out_bytes =
      static_cast<std::size_t>(out.pitch_bytes * (out.capacity - 1) + out_row_bytes);
  std::vector<std::byte> expected(out.memory.data(), out.memory.data() + out_bytes);
  for (const RowRange& block : blocks) {
    std::vector<RowsIn> in;
    for (std::size_t i = 0; i < rings.size(); ++i) {
      put_rows(rings[i], job.inputs[i], needed(job.inputs[i], block));
      in.push_back({rings[i].memory.data(), rings[i].pitch_bytes, rings[i].capacity});
    }
    for (std::int32_t i = 0; i < scratch_bytes; ++i) {
      scratch.data()[i] = static_cast<std::byte>(random.integer(0, 255));
    }
    run({in.data(), {out.memory.data(), out.pitch_bytes, out.capacity}, scratch.data()},
        block.first, block.end - block.first);
    put_expected(expected, job.output, out.pitch_bytes, out.capacity, block);
    for (std::size_t i = 0; i < out_bytes; ++i) {
      if (expected[i] != out.memory.data()[i]) {
        return fmt::format("rows [{}, {}): byte {} of the ring is {}, expected {}", block.first,
                           block.end, i, static_cast<int>(out.memory.data()[i]),
                           static_cast<int>(expected[i]));
      }
    }
  }
  return {};
}

}  // namespace linnet::testing
