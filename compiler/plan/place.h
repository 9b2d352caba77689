// Placement: gives every item (a buffer or a scratch area with a lifetime) a bank and an offset, so
// that no two items that live at the same step overlap and the banks' arenas are small.
//
//   bytes ▲  ┌──────┐                 One item is a box: its lifetime wide, its bytes high. Boxes
//   may
//         │  │  C   │┌────┐           not overlap; the arena is the height of the pile.
//         │┌─┴──┬───┴┤ D  │
//         ││ A  │ B  └────┤
//         └┴────┴─────────┴──► steps
//
// Optimal placement is NP-hard; several greedy orders and a small deterministic search come close
// to the lower bound (most bytes live at one step) on real networks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compiler/plan/plan.h"

namespace linnet {

struct PlaceItem {
  std::int64_t bytes = 0;
  std::int64_t first_step = 0, last_step = 0;  // inclusive
  std::int32_t alignment = 8;
  bool needs_dma = false;  // prefers banks that peripherals reach
  // The one bank that it may lie in; it then need not be one that peripherals reach.
  std::int32_t only_bank = -1;
  std::int64_t moved_bytes =
      0;  // read and written in one inference: what is hot lies in fast memory
};

// Item `grows` is filled as item `dies` is read for the last time, so that their bytes may overlap: when `dies` begins at
// least `gap_bytes` above the beginning of `grows`, and both lie in one bank.
struct PlaceChase {
  std::size_t grows = 0, dies = 0;
  std::int64_t gap_bytes = 0;
};

struct Place {
  std::int32_t bank = -1;
  std::int64_t offset = 0;
};

struct PlaceResult {
  std::vector<Place> places;             // one for each item
  std::vector<std::int64_t> bank_bytes;  // arena of each bank
  std::int64_t total_bytes = 0;
  bool fits = false;                // within the banks' sizes; when not, places are partly unset
  std::int64_t unplaced_bytes = 0;  // of the items that found no room
};

// What fast memory may cost: the sum of the arenas over the smallest that was found.
struct PlaceLimits {
  std::int64_t percent_more = 25;
  std::optional<std::int64_t> most_bytes = {};  // aimed at where a smaller sum is possible
};

// The first bank (the fastest) takes the hottest items, as far as `limits` allow; the others are filled in the order given.
// Deterministic.
PlaceResult place(std::span<const PlaceItem> items, std::span<const PlaceChase> chases,
                  std::span<const MemoryBank> banks, const PlaceLimits& limits = {});

// Most bytes live at one step, and the first step where that is so. Items that chase each other count as what the two take
// together.
struct LowerBound {
  std::int64_t bytes = 0;
  std::int64_t step = -1;
};
LowerBound lower_bound(std::span<const PlaceItem> items, std::span<const PlaceChase> chases = {});

}  // namespace linnet
