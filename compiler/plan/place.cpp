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
  Placer(std::span<const PlaceItem> items, std::span<const PlaceChase> chases,
         std::span<const MemoryBank> banks)
      : items_(items), banks_(banks) {
    for (const MemoryBank& bank : banks_) any_dma_ = any_dma_ || bank.dma;
    neighbours_.resize(items.size());
    grows_into_.assign(items.size(), items.size());
    for (std::size_t a = 0; a < items.size(); ++a) {
      for (std::size_t b = 0; b < items.size(); ++b) {
        if (a == b || !live_together(items[a], items[b])) continue;
        neighbours_[a].push_back({b, items[a].bytes, items[b].bytes});
      }
    }
    const auto neighbour = [&](std::size_t of, std::size_t item) -> Neighbour* {
      for (Neighbour& candidate : neighbours_[of]) {
        if (candidate.item == item) return &candidate;
      }
      return nullptr;
    };
    for (const PlaceChase& chase : chases) {
      Neighbour* const dies = neighbour(chase.grows, chase.dies);
      Neighbour* const grows = neighbour(chase.dies, chase.grows);
      if (dies == nullptr || grows == nullptr) continue;
      grows_into_[chase.dies] = chase.grows;
      dies->below = chase.gap_bytes;
      grows->above = chase.gap_bytes;
    }
  }

  std::size_t size() const { return items_.size(); }
  // The item that grows as this one dies; size() when there is none.
  std::size_t grows_into(std::size_t item) const { return grows_into_[item]; }

  // Pairs of items that live together.
  std::size_t pairs() const {
    std::size_t count = 0;
    for (const auto& list : neighbours_) count += list.size();
    return count;
  }

  // Its bank is as large as it is because of this item.
  bool is_highest(const PlaceResult& result, std::size_t item) const {
    const Place& place = result.places[item];
    return place.bank >= 0 && align_up(place.offset + items_[item].bytes, 8) ==
                                  result.bank_bytes[static_cast<std::size_t>(place.bank)];
  }

  // One greedy placement in this order.
  PlaceResult run(std::span<const std::size_t> order, Fit fit,
                  std::span<const std::int32_t> bank_order) const {
    PlaceResult result = nothing_placed();
    for (const std::size_t item : order) add(result, item, fit, bank_order);
    return result;
  }

  PlaceResult nothing_placed() const {
    PlaceResult result;
    result.places.resize(items_.size());
    result.bank_bytes.assign(banks_.size(), 0);
    result.fits = true;
    return result;
  }

  // Places one more item into the first bank that has room for it; false (and unplaced) when none has.
  bool add(PlaceResult& result, std::size_t item, Fit fit,
           std::span<const std::int32_t> bank_order) const {
    for (const std::int32_t bank : bank_order) {
      if (allowed(items_[item], bank) && try_bank(result, item, bank, fit)) return true;
    }
    result.fits = false;
    result.unplaced_bytes += items_[item].bytes;
    return false;
  }

  bool allowed(const PlaceItem& item, std::int32_t bank) const {
    if (item.only_bank >= 0) return bank == item.only_bank;
    return !item.needs_dma || !any_dma_ || banks_[static_cast<std::size_t>(bank)].dma;
  }

 private:
  // An item that lives meanwhile: this one may begin `below` bytes or more below its beginning, or `above` or more above.
  struct Neighbour {
    std::size_t item;
    std::int64_t below, above;
  };

  bool try_bank(PlaceResult& result, std::size_t item, std::int32_t bank, Fit fit) const {
    struct Forbidden {
      std::int64_t after, before;  // no start strictly between
    };
    std::vector<Forbidden> forbidden;
    for (const Neighbour& other : neighbours_[item]) {
      const Place& place = result.places[other.item];
      if (place.bank == bank)
        forbidden.push_back({place.offset - other.below, place.offset + other.above});
    }
    std::sort(forbidden.begin(), forbidden.end(),
              [](const Forbidden& a, const Forbidden& b) { return a.after < b.after; });
    const PlaceItem& wanted = items_[item];
    std::int64_t best = -1;
    std::int64_t best_gap = std::numeric_limits<std::int64_t>::max();
    std::int64_t start = 0;
    for (const auto& [after, before] : forbidden) {
      const std::int64_t gap = after - start;
      if (gap >= 0 && gap < best_gap) {
        best = start;
        best_gap = gap;
        if (fit == Fit::first) break;
      }
      start = std::max(start, align_up(before, wanted.alignment));
    }
    if (best < 0) best = start;
    const auto index = static_cast<std::size_t>(bank);
    const std::int64_t end = align_up(best + wanted.bytes, 8);
    if (banks_[index].size_bytes && end > *banks_[index].size_bytes) return false;
    result.places[item] = {bank, best};
    const std::int64_t grown = std::max(result.bank_bytes[index], end);
    result.total_bytes += grown - result.bank_bytes[index];
    result.bank_bytes[index] = grown;
    return true;
  }

  std::span<const PlaceItem> items_;
  std::span<const MemoryBank> banks_;
  std::vector<std::vector<Neighbour>> neighbours_;
  std::vector<std::size_t> grows_into_;
  bool any_dma_ = false;
};

bool better(const PlaceResult& a, const PlaceResult& b) {
  if (a.fits != b.fits) return a.fits;
  if (!a.fits && a.unplaced_bytes != b.unplaced_bytes) return a.unplaced_bytes < b.unplaced_bytes;
  return a.total_bytes < b.total_bytes;
}

// Items sorted by each of several keys: size, size times lifetime, lifetime, and items of the peak
// first.
std::vector<Order> greedy_orders(std::span<const PlaceItem> items, const Order& start) {
  const LowerBound bound = lower_bound(items);
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

// Moves one item in the order at a time, more often than not one that makes an arena as large as it is, and keeps what is no
// worse.
void improve(const Placer& placer, std::span<const std::int32_t> bank_order, std::int64_t goal,
             Candidate& best) {
  if (best.order.size() < 3) return;
  constexpr std::size_t kWork = 8'000'000;  // pairs of items looked at: bounds the time
  const std::size_t rounds = std::min<std::size_t>(4000, kWork / (placer.pairs() + 1) + 20);
  Random random;
  std::vector<std::size_t> highest;  // positions in the order
  for (std::size_t i = 0; i < rounds; ++i) {
    if (best.result.fits && best.result.total_bytes <= goal) return;
    highest.clear();
    for (std::size_t p = 0; p < best.order.size(); ++p) {
      if (placer.is_highest(best.result, best.order[p])) highest.push_back(p);
    }
    Order order = best.order;
    const bool aimed = !highest.empty() && random.below(4) != 0;
    const std::size_t from =
        aimed ? highest[random.below(highest.size())] : random.below(order.size());
    const std::size_t to = random.below(aimed && from > 0 ? from + 1 : order.size());
    const std::size_t moved = order[from];
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(from));
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(to), moved);
    PlaceResult result = placer.run(order, best.fit, bank_order);
    if (better(best.result, result)) continue;
    best.order = std::move(order);
    best.result = std::move(result);
  }
}

// The lowest pile there is, for few items: some order of first fits is that of the best piles' offsets.
class ExactSearch {
 public:
  ExactSearch(const Placer& placer, std::span<const std::int32_t> bank_order, std::int64_t goal,
              Candidate& best)
      : placer_(placer), bank_order_(bank_order), goal_(goal), best_(best) {}

  void run() {
    left_ = best_.order;
    std::sort(left_.begin(), left_.end());
    extend(placer_.nothing_placed());
  }

 private:
  static constexpr std::int64_t kNodes = 60'000;

  void extend(const PlaceResult& placed) {
    if (left_.empty()) {
      if (better(placed, best_.result)) best_.result = placed;
      return;
    }
    for (std::size_t i = 0; i < left_.size(); ++i) {
      if (++nodes_ > kNodes || (best_.result.fits && best_.result.total_bytes <= goal_)) return;
      PlaceResult next = placed;
      if (!placer_.add(next, left_[i], Fit::first, bank_order_)) continue;
      if (best_.result.fits && next.total_bytes >= best_.result.total_bytes) continue;
      const std::size_t item = left_[i];
      left_.erase(left_.begin() + static_cast<std::ptrdiff_t>(i));
      extend(next);
      left_.insert(left_.begin() + static_cast<std::ptrdiff_t>(i), item);
    }
  }

  const Placer& placer_;
  std::span<const std::int32_t> bank_order_;
  std::int64_t goal_;
  Candidate& best_;
  Order left_;
  std::int64_t nodes_ = 0;
};

}  // namespace

LowerBound lower_bound(std::span<const PlaceItem> items, std::span<const PlaceChase> chases) {
  std::map<std::int64_t, std::int64_t> change;  // bytes that come (or go) at a step
  const auto live = [&](std::int64_t first, std::int64_t last, std::int64_t bytes) {
    change[first] += bytes;
    change[last + 1] -= bytes;
  };
  for (const PlaceItem& item : items) live(item.first_step, item.last_step, item.bytes);
  for (const PlaceChase& chase : chases) {
    const PlaceItem& grows = items[chase.grows];
    const PlaceItem& dies = items[chase.dies];
    const std::int64_t together = std::max(chase.gap_bytes + dies.bytes, grows.bytes);
    live(std::max(grows.first_step, dies.first_step), std::min(grows.last_step, dies.last_step),
         together - grows.bytes - dies.bytes);
  }
  LowerBound bound;
  std::int64_t bytes = 0;
  for (const auto& [step, by] : change) {
    bytes += by;
    if (bytes > bound.bytes) bound = {bytes, step};
  }
  return bound;
}

namespace {

constexpr std::size_t kFewItems = 9;  // for which all orders are tried

// The order, but what grows into an item comes before it: it lies lower, and the item finds its place above it. Either all
// such pairs, or those whose growing item is the smaller one: a chain of growing ones is a stair that leads up.
Order growing_first(std::span<const PlaceItem> items, const Placer& placer, const Order& order,
                    bool only_smaller) {
  Order result;
  std::vector<bool> wanted(placer.size(), false), taken(placer.size(), false);
  for (const std::size_t item : order) wanted[item] = true;
  Order chain;
  for (const std::size_t first : order) {
    for (std::size_t item = first; item < placer.size() && wanted[item] && !taken[item];) {
      chain.push_back(item);
      taken[item] = true;
      const std::size_t next = placer.grows_into(item);
      if (only_smaller && next < placer.size() && items[next].bytes > items[item].bytes) break;
      item = next;
    }
    result.insert(result.end(), chain.rbegin(), chain.rend());
    chain.clear();
  }
  return result;
}

// The best placement of the items of `which` with these banks, filled in this order. It is not improved below `goal`.
Candidate best_placement(std::span<const PlaceItem> items, const Placer& placer, const Order& which,
                         std::span<const std::int32_t> bank_order, std::int64_t goal) {
  Candidate best;
  bool have = false;
  const auto attempt = [&](const Order& order) {
    for (const Fit fit : {Fit::first, Fit::best}) {
      Candidate candidate{order, fit, placer.run(order, fit, bank_order)};
      if (have && !better(candidate.result, best.result)) continue;
      best = std::move(candidate);
      have = true;
    }
  };
  for (const Order& order : greedy_orders(items, which)) {
    attempt(order);
    for (const bool only_smaller : {true, false}) {
      const Order chained = growing_first(items, placer, order, only_smaller);
      if (chained != order) attempt(chained);
    }
  }
  improve(placer, bank_order, goal, best);
  const bool at_goal = best.result.fits && best.result.total_bytes <= goal;
  if (!at_goal && which.size() <= kFewItems) ExactSearch(placer, bank_order, goal, best).run();
  return best;
}

// The items that the first bank holds when the hottest come first: most bytes moved a byte held.
std::vector<bool> hottest(std::span<const PlaceItem> items, const Placer& placer) {
  Order order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return items[a].moved_bytes * items[b].bytes > items[b].moved_bytes * items[a].bytes;
  });
  std::vector<bool> chosen(items.size(), false);
  PlaceResult pile = placer.nothing_placed();
  constexpr std::int32_t kFirst[] = {0};
  for (const std::size_t item : order) chosen[item] = placer.add(pile, item, Fit::first, kFirst);
  return chosen;
}

// The lower bound of some of the items.
std::int64_t bound_of(std::span<const PlaceItem> items, std::span<const PlaceChase> chases,
                      const Order& which) {
  std::vector<PlaceItem> chosen;
  std::vector<std::size_t> index(items.size(), items.size());
  for (const std::size_t item : which) {
    index[item] = chosen.size();
    chosen.push_back(items[item]);
  }
  std::vector<PlaceChase> kept;
  for (const PlaceChase& chase : chases) {
    if (index[chase.grows] == items.size() || index[chase.dies] == items.size()) continue;
    kept.push_back({index[chase.grows], index[chase.dies], chase.gap_bytes});
  }
  return align_up(lower_bound(chosen, kept).bytes, 8);
}

struct BankedResult {
  PlaceResult result;
  std::int64_t moved_bytes = 0;  // to and from the first bank
};

// The hottest items in the first bank, the others in the rest (or in what the first has left).
BankedResult place_hottest_first(std::span<const PlaceItem> items,
                                 std::span<const PlaceChase> chases, const Placer& placer,
                                 std::size_t banks, std::int64_t goal) {
  const std::vector<bool> chosen = hottest(items, placer);
  Order fast, others;
  for (std::size_t i = 0; i < items.size(); ++i) (chosen[i] ? fast : others).push_back(i);
  std::vector<std::int32_t> rest(banks - 1);
  std::iota(rest.begin(), rest.end(), 1);
  constexpr std::int32_t kFirst[] = {0};
  Candidate best = best_placement(items, placer, fast, kFirst, bound_of(items, chases, fast));
  const Candidate slow =
      best_placement(items, placer, others, rest, bound_of(items, chases, others));
  BankedResult banked;
  if (best.result.fits && slow.result.fits) {
    banked.result = std::move(best.result);
    for (const std::size_t item : others) banked.result.places[item] = slow.result.places[item];
    for (std::size_t b = 1; b < banks; ++b) banked.result.bank_bytes[b] = slow.result.bank_bytes[b];
    banked.result.total_bytes += slow.result.total_bytes;
  } else {  // what no other bank takes may still find room in the first
    Order order = fast;
    order.insert(order.end(), others.begin(), others.end());
    std::vector<std::int32_t> all(banks);
    std::iota(all.begin(), all.end(), 0);
    banked.result = best_placement(items, placer, order, all, goal).result;
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (banked.result.places[i].bank == 0) banked.moved_bytes += items[i].moved_bytes;
  }
  return banked;
}

}  // namespace

// Banks cannot lend each other bytes, so a fast bank that takes all it can makes the sum larger than need be. The first
// bank is therefore tried at several sizes. Of the sums that are within the limits, the one is taken whose first bank
// sees the most traffic: fast memory where that costs little.
PlaceResult place(std::span<const PlaceItem> items, std::span<const PlaceChase> chases,
                  std::span<const MemoryBank> banks, const PlaceLimits& limits) {
  const std::int64_t goal = align_up(lower_bound(items, chases).bytes, 8);
  Order all(items.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  constexpr std::int32_t kFirst[] = {0};
  if (banks.size() == 1) {
    return best_placement(items, Placer(items, chases, banks), all, kFirst, goal).result;
  }
  constexpr std::int64_t kSizes = 8;
  std::vector<BankedResult> results;
  for (std::int64_t size = kSizes + 1; size >= 0; --size) {
    std::vector<MemoryBank> capped(banks.begin(), banks.end());
    if (size <= kSizes) {
      const std::int64_t cap = goal * size / kSizes;
      MemoryBank& first = capped.front();
      if (first.size_bytes && *first.size_bytes <= cap) continue;
      first.size_bytes = cap;
    }
    results.push_back(
        place_hottest_first(items, chases, Placer(items, chases, capped), banks.size(), goal));
  }
  const PlaceResult& smallest =
      std::min_element(results.begin(), results.end(), [](const auto& a, const auto& b) {
        return better(a.result, b.result);
      })->result;
  if (!smallest.fits) return smallest;
  std::int64_t enough = smallest.total_bytes + smallest.total_bytes * limits.percent_more / 100;
  if (limits.most_bytes)
    enough = std::max(smallest.total_bytes, std::min(enough, *limits.most_bytes));
  const BankedResult* chosen = nullptr;
  for (const BankedResult& banked : results) {
    if (!banked.result.fits || banked.result.total_bytes > enough) continue;
    if (chosen == nullptr || banked.moved_bytes > chosen->moved_bytes) chosen = &banked;
  }
  return chosen->result;
}

}  // namespace linnet
