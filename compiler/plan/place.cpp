// See place.h.
#include "compiler/plan/place.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

namespace linnet {
namespace {

using Order = std::vector<std::size_t>;

std::int64_t align_up(std::int64_t value, std::int64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

bool live_together(const PlaceItem& a, const PlaceItem& b) {
  return a.first_step <= b.last_step && b.first_step <= a.last_step;
}

// How a gap is chosen among those that are large enough: the lowest, or the tightest.
enum class Fit : std::uint8_t { first, best };

class Placer {
 public:
  Placer(std::span<const PlaceItem> items, std::span<const MemoryBank> banks)
      : items_(items), banks_(banks) {
    for (const MemoryBank& bank : banks_) any_dma_ = any_dma_ || bank.dma;
    neighbours_.resize(items.size());
    for (std::size_t a = 0; a < items.size(); ++a) {
      for (std::size_t b = 0; b < items.size(); ++b) {
        if (a != b && live_together(items[a], items[b])) neighbours_[a].push_back(b);
      }
    }
  }

  // One greedy placement in this order.
  PlaceResult run(const Order& order, Fit fit, std::span<const std::int32_t> bank_order) const {
    PlaceResult result;
    result.places.resize(items_.size());
    result.bank_bytes.assign(banks_.size(), 0);
    result.fits = true;
    for (const std::size_t item : order) {
      bool placed = false;
      for (const std::int32_t bank : bank_order) {
        if (!allowed(items_[item], bank)) continue;
        placed = try_bank(result, item, bank, fit);
        if (placed) break;
      }
      if (!placed) {
        result.fits = false;
        result.unplaced_bytes += items_[item].bytes;
      }
    }
    for (const std::int64_t bytes : result.bank_bytes) result.total_bytes += bytes;
    return result;
  }

 private:
  bool allowed(const PlaceItem& item, std::int32_t bank) const {
    if (item.only_bank >= 0) return bank == item.only_bank;
    return !item.needs_dma || !any_dma_ || banks_[static_cast<std::size_t>(bank)].dma;
  }

  bool try_bank(PlaceResult& result, std::size_t item, std::int32_t bank, Fit fit) const {
    std::vector<std::pair<std::int64_t, std::int64_t>>
        taken;  // [begin, end) of what lives meanwhile
    for (const std::size_t other : neighbours_[item]) {
      const Place& place = result.places[other];
      if (place.bank == bank) taken.emplace_back(place.offset, place.offset + items_[other].bytes);
    }
    std::sort(taken.begin(), taken.end());
    const PlaceItem& wanted = items_[item];
    std::int64_t best = -1;
    std::int64_t best_gap = std::numeric_limits<std::int64_t>::max();
    std::int64_t cursor = 0;
    for (const auto& [begin, end] : taken) {
      const std::int64_t start = align_up(cursor, wanted.alignment);
      const std::int64_t gap = begin - start;
      if (gap >= wanted.bytes && gap < best_gap) {
        best = start;
        best_gap = gap;
        if (fit == Fit::first) break;
      }
      cursor = std::max(cursor, end);
    }
    if (best < 0) best = align_up(cursor, wanted.alignment);
    const auto index = static_cast<std::size_t>(bank);
    const std::int64_t end = align_up(best + wanted.bytes, 8);
    if (banks_[index].size_bytes && end > *banks_[index].size_bytes) return false;
    result.places[item] = {bank, best};
    result.bank_bytes[index] = std::max(result.bank_bytes[index], end);
    return true;
  }

  std::span<const PlaceItem> items_;
  std::span<const MemoryBank> banks_;
  std::vector<std::vector<std::size_t>> neighbours_;
  bool any_dma_ = false;
};

bool better(const PlaceResult& a, const PlaceResult& b) {
  if (a.fits != b.fits) return a.fits;
  if (!a.fits && a.unplaced_bytes != b.unplaced_bytes) return a.unplaced_bytes < b.unplaced_bytes;
  return a.total_bytes < b.total_bytes;
}

// Items sorted by each of several keys: size, size times lifetime, lifetime, and items of the peak
// first.
std::vector<Order> greedy_orders(std::span<const PlaceItem> items) {
  const LowerBound bound = lower_bound(items);
  Order start(items.size());
  std::iota(start.begin(), start.end(), std::size_t{0});
  const auto life = [&](std::size_t i) { return items[i].last_step - items[i].first_step + 1; };
  const auto at_peak = [&](std::size_t i) {
    return items[i].first_step <= bound.step && bound.step <= items[i].last_step;
  };
  const auto sorted = [&](auto less) {
    Order order = start;
    std::stable_sort(order.begin(), order.end(), less);
    return order;
  };
  std::vector<Order> orders;
  orders.push_back(sorted([&](auto a, auto b) { return items[a].bytes > items[b].bytes; }));
  orders.push_back(sorted([&](auto a, auto b) {
    return at_peak(a) != at_peak(b) ? at_peak(a) : items[a].bytes > items[b].bytes;
  }));
  orders.push_back(
      sorted([&](auto a, auto b) { return items[a].bytes * life(a) > items[b].bytes * life(b); }));
  orders.push_back(sorted([&](auto a, auto b) {
    return life(a) != life(b) ? life(a) > life(b) : items[a].bytes > items[b].bytes;
  }));
  orders.push_back(
      sorted([&](auto a, auto b) { return items[a].first_step < items[b].first_step; }));
  return orders;
}

// xorshift: the search must give the same plan everywhere.
class Random {
 public:
  std::size_t below(std::size_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::size_t>(state_ % limit);
  }

 private:
  std::uint64_t state_ = 0x9E3779B97F4A7C15u;
};

struct Candidate {
  Order order;
  Fit fit = Fit::first;
  PlaceResult result;
};

// Moves one item earlier in the order at a time and keeps what is no worse.
void improve(const Placer& placer, std::span<const std::int32_t> bank_order, std::int64_t goal,
             Candidate& best) {
  if (best.order.size() < 3) return;
  constexpr std::size_t kWork =
      4'000'000;  // pairs of items looked at: bounds the time on deep networks
  const std::size_t pairs = best.order.size() * best.order.size();
  const std::size_t rounds = std::min<std::size_t>(600, kWork / pairs + 20);
  Random random;
  for (std::size_t i = 0; i < rounds; ++i) {
    if (best.result.fits && best.result.total_bytes <= goal) return;
    Order order = best.order;
    const std::size_t from = random.below(order.size());
    const std::size_t to = random.below(order.size());
    const std::size_t moved = order[from];
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(from));
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(to), moved);
    PlaceResult result = placer.run(order, best.fit, bank_order);
    if (better(best.result, result)) continue;
    best.order = std::move(order);
    best.result = std::move(result);
  }
}

}  // namespace

LowerBound lower_bound(std::span<const PlaceItem> items) {
  std::map<std::int64_t, std::int64_t> change;  // bytes that come (or go) at a step
  for (const PlaceItem& item : items) {
    change[item.first_step] += item.bytes;
    change[item.last_step + 1] -= item.bytes;
  }
  LowerBound bound;
  std::int64_t live = 0;
  for (const auto& [step, bytes] : change) {
    live += bytes;
    if (live > bound.bytes) bound = {live, step};
  }
  return bound;
}

namespace {

// The best greedy placement with these banks, filled in this order.
Candidate best_greedy(std::span<const PlaceItem> items, const Placer& placer,
                      std::span<const std::int32_t> ranks) {
  Candidate best;
  bool have = false;
  for (const Order& order : greedy_orders(items)) {
    for (const Fit fit : {Fit::first, Fit::best}) {
      Candidate candidate{order, fit, placer.run(order, fit, ranks)};
      if (have && !better(candidate.result, best.result)) continue;
      best = std::move(candidate);
      have = true;
    }
  }
  return best;
}

}  // namespace

// Banks cannot lend each other bytes, so a fast bank that takes all it can makes the sum larger than need be. The first
// bank is therefore tried at several sizes, the whole one first, and the first sum that is within a sixteenth of the
// smallest is taken: fast memory where that costs little.
PlaceResult place(std::span<const PlaceItem> items, std::span<const MemoryBank> banks,
                  std::optional<std::int64_t> limit_bytes) {
  const std::int64_t goal = align_up(lower_bound(items).bytes, 8);
  std::vector<std::int32_t> ranks(banks.size());
  std::iota(ranks.begin(), ranks.end(), 0);

  constexpr std::int64_t kSizes = 8;
  std::vector<PlaceResult> results;
  for (std::int64_t size = kSizes + 1; size >= 0; --size) {
    std::vector<MemoryBank> capped(banks.begin(), banks.end());
    if (size <= kSizes) {
      if (banks.size() < 2) break;
      const std::int64_t cap = goal * size / kSizes;
      MemoryBank& first = capped.front();
      if (first.size_bytes && *first.size_bytes <= cap) continue;
      first.size_bytes = cap;
    }
    const Placer placer(items, capped);
    Candidate candidate = best_greedy(items, placer, ranks);
    improve(placer, ranks, goal, candidate);
    results.push_back(std::move(candidate.result));
  }
  const PlaceResult& smallest = *std::min_element(results.begin(), results.end(), better);
  if (!smallest.fits) return smallest;
  std::int64_t enough = smallest.total_bytes + smallest.total_bytes / 16;
  if (limit_bytes) enough = std::max(smallest.total_bytes, std::min(enough, *limit_bytes));
  const auto chosen = std::find_if(results.begin(), results.end(), [&](const PlaceResult& result) {
    return result.fits && result.total_bytes <= enough;
  });
  return *chosen;
}

}  // namespace linnet
