// Placement by itself: the best pile for few items, what may overlap, and which items get the fast bank.
#include "compiler/plan/place.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

using namespace linnet;

namespace {

const MemoryBank kEndless{"ram", {}, 0, true};

PlaceItem item(std::int64_t bytes, std::int64_t first, std::int64_t last,
               std::int64_t moved_bytes = 0) {
  PlaceItem made;
  made.bytes = bytes;
  made.first_step = first;
  made.last_step = last;
  made.moved_bytes = moved_bytes;
  return made;
}

// The lowest pile of all orders of first fits, by trying them.
std::int64_t best_by_force(const std::vector<PlaceItem>& items) {
  std::vector<std::size_t> order(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::int64_t best = INT64_MAX;
  do {
    std::vector<std::int64_t> offset(items.size(), -1);
    std::int64_t height = 0;
    for (const std::size_t i : order) {
      std::int64_t at = 0;
      for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t k = 0; k < items.size(); ++k) {
          const bool together = items[i].first_step <= items[k].last_step &&
                                items[k].first_step <= items[i].last_step;
          if (offset[k] < 0 || !together || at >= offset[k] + items[k].bytes ||
              offset[k] >= at + items[i].bytes)
            continue;
          at = (offset[k] + items[k].bytes + 7) / 8 * 8;
          moved = true;
        }
      }
      offset[i] = at;
      height = std::max(height, (at + items[i].bytes + 7) / 8 * 8);
    }
    best = std::min(best, height);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

}  // namespace

TEST_CASE("few items are piled as low as any order piles them") {
  std::mt19937 random(3);
  const auto below = [&](std::int64_t limit) {
    return static_cast<std::int64_t>(random()) % limit;
  };
  for (int round = 0; round < 60; ++round) {
    std::vector<PlaceItem> items;
    for (int i = 0; i < 6; ++i) {
      const std::int64_t first = below(8);
      items.push_back(item(8 * (1 + below(12)), first, first + below(5)));
    }
    const PlaceResult result = place(items, {}, std::span(&kEndless, 1));
    CHECK(result.fits);
    CHECK(result.total_bytes == best_by_force(items));
  }
}

TEST_CASE("what grows as another dies overlaps it by all but the gap") {
  const std::vector<PlaceItem> items{item(100 * 8, 0, 4), item(60 * 8, 3, 6)};
  const std::vector<PlaceChase> chases{{1, 0, 5 * 8}};
  const PlaceResult result = place(items, chases, std::span(&kEndless, 1));
  CHECK(result.total_bytes == 105 * 8);
  CHECK(lower_bound(items, chases).bytes == 105 * 8);
  CHECK(result.places[0].offset - result.places[1].offset >= 5 * 8);
  CHECK(place(items, {}, std::span(&kEndless, 1)).total_bytes == 160 * 8);
}

TEST_CASE("the hottest items lie in the fast bank") {
  std::vector<PlaceItem> items;
  for (std::int64_t i = 0; i < 8; ++i) items.push_back(item(1024, 0, 10, i * 100'000));
  const std::vector<MemoryBank> banks{{"fast", 3 * 1024, 0, true}, {"slow", 64 * 1024, 1, true}};
  const PlaceResult result = place(items, {}, banks);
  REQUIRE(result.fits);
  for (std::size_t i = 0; i < items.size(); ++i) CHECK(result.places[i].bank == (i >= 5 ? 0 : 1));
}

TEST_CASE("what the slow banks cannot hold goes to the fast one, hot or not") {
  const std::vector<PlaceItem> items{item(4096, 0, 10, 0), item(512, 0, 10, 1'000'000)};
  const std::vector<MemoryBank> banks{{"fast", 4608, 0, true}, {"slow", 1024, 1, true}};
  const PlaceResult result = place(items, {}, banks);
  REQUIRE(result.fits);
  CHECK(result.places[0].bank == 0);
}
