// See memory.h.
#include "compiler/check/memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/check/needs.h"

namespace linnet {
namespace {

// Positions take 40 bits, tensors and calls 22; 0 is a byte that nobody wrote.
constexpr int kPositionBits = 40;
constexpr ByteTag kKept = ByteTag{1} << 62;
constexpr std::int32_t kNever = -2;

}  // namespace

ByteTag tensor_tag(TensorId tensor, std::int64_t position) {
  return ((ByteTag{tensor.value} + 1) << kPositionBits) | static_cast<ByteTag>(position);
}

ByteTag kept_tag(std::size_t call, std::int64_t image) {
  return kKept | (static_cast<ByteTag>(call) << kPositionBits) | static_cast<ByteTag>(image);
}

std::string describe_tag(const Graph& graph, ByteTag tag) {
  if (tag == 0) return "nothing";
  const auto position = static_cast<std::int64_t>(tag & ((ByteTag{1} << kPositionBits) - 1));
  const auto owner = static_cast<std::size_t>((tag & ~kKept) >> kPositionBits);
  if ((tag & kKept) != 0) return fmt::format("scratch of call {}", owner);
  const TensorId tensor{owner - 1};
  return fmt::format("row {} of '{}'", position / natural_row_bytes(graph.type(tensor)),
                     graph.tensors[tensor].name);
}

ArenaModel::ArenaModel(const std::vector<BankText>& banks, RecordLives record)
    : record_(record == RecordLives::yes) {
  for (const BankText& bank : banks) {
    const auto bytes = static_cast<std::size_t>(std::max<std::int64_t>(0, bank.bytes));
    const std::size_t recorded = record_ ? bytes : 0;
    banks_.push_back({std::vector<ByteTag>(bytes, 0), std::vector<std::int32_t>(bytes, 0),
                      std::vector<std::int32_t>(recorded, kNever),
                      std::vector<std::int32_t>(recorded, kNever)});
  }
}

bool ArenaModel::contains(const Span& span) const {
  return span.offset >= 0 &&
         span.offset + span.count <= static_cast<std::int64_t>(banks_[span.bank].tag.size());
}

std::int64_t ArenaModel::read(const Span& span, ByteTag first, std::int32_t step, bool guard,
                              ByteTag increment) {
  Bank& bank = banks_[span.bank];
  const auto begin = static_cast<std::size_t>(span.offset);
  const auto count = static_cast<std::size_t>(span.count);
  for (std::size_t i = 0; i < count; ++i)
    if (bank.tag[begin + i] != first + i * increment)
      return span.offset + static_cast<std::int64_t>(i);
  if (guard) std::fill_n(bank.block.begin() + span.offset, count, block_);
  if (record_) std::fill_n(bank.last_read.begin() + span.offset, count, step);
  return -1;
}

std::int64_t ArenaModel::write(const Span& span, ByteTag first, std::int32_t step,
                               ByteTag increment) {
  Bank& bank = banks_[span.bank];
  for (std::int64_t i = 0; i < span.count; ++i) {
    const auto at = static_cast<std::size_t>(span.offset + i);
    if (bank.block[at] == block_ && block_ > 0) return span.offset + i;
    bank.tag[at] = first + static_cast<ByteTag>(i) * increment;
    if (record_) end_life(span.bank, span.offset + i);
    if (record_) bank.written[at] = bank.last_read[at] = step;
  }
  return -1;
}

ByteTag ArenaModel::tag(std::size_t bank, std::int64_t offset) const {
  return banks_[bank].tag[static_cast<std::size_t>(offset)];
}

void ArenaModel::end_life(std::size_t bank, std::int64_t offset) {
  const auto at = static_cast<std::size_t>(offset);
  const std::int32_t written = banks_[bank].written[at];
  const std::int32_t last = banks_[bank].last_read[at];
  if (written == kNever) return;
  if (!lives_.empty()) {
    ByteLife& before = lives_.back();
    if (before.bank == static_cast<std::int32_t>(bank) && before.end == offset &&
        before.first_step == written && before.last_step == last) {
      ++before.end;
      return;
    }
  }
  lives_.push_back({static_cast<std::int32_t>(bank), offset, offset + 1, written, last});
}

std::vector<ByteLife> ArenaModel::lives() {
  for (std::size_t b = 0; b < banks_.size(); ++b) {
    for (std::size_t i = 0; i < banks_[b].written.size(); ++i) {
      end_life(b, static_cast<std::int64_t>(i));
      banks_[b].written[i] = kNever;
    }
  }
  std::stable_sort(lives_.begin(), lives_.end(), [](const ByteLife& a, const ByteLife& b) {
    return a.first_step < b.first_step;
  });
  return lives_;
}

}  // namespace linnet
