// Columns of a depthwise convolution as 16-bit pairs: what dwconv2d_s8_3x3 and dwconv2d_s8_5x5 multiply.
//
// Four channels of the rows under a window are packed into scratch. A pair is two rows of one column (V) or two columns
// of one row (H). Four columns are a chunk; each channel has 24 bytes there:
//
//     bytes 0        4        8        12       16           20
//           V0       V1       V2       V3       H01          H23
//           a0,b0    a1,b1    a2,b2    a3,b3    c0,c1        c2,c3        rows a, b, c, columns 0..3
//
// One instruction on a whole word does two channels: PKHBT and PKHTB of two words of four channels give words of two
// channels by two values, of which SXTB16 and SXTB16 ROR #8 make the pairs. 53 instructions a chunk for V, 28 for H.
//
// Column 0 of chunk 1 is the image's first, if the padding allows (the kernels start to read at their own padding before
// it): chunks are then packed straight from the rows. In a chunk with columns on both sides of the image's edge only those
// of the image are packed for each row; what is padding is written once a call.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

constexpr std::int32_t kChannelWords = 6;                // of a chunk
constexpr std::int32_t kPlaneWords = 4 * kChannelWords;  // four channels
constexpr std::int32_t kPlaneBytes = 4 * kPlaneWords;

// Four channels of two values: a pair for each channel, kChannelWords apart.
inline void split(std::uint32_t a, std::uint32_t b, std::uint32_t* to) noexcept {
  const std::uint32_t low = dsp::pkhbt(a, b), high = dsp::pkhtb(b, a);
  to[0] = dsp::sxtb16(low);
  to[kChannelWords] = dsp::sxtb16_ror8(low);
  to[2 * kChannelWords] = dsp::sxtb16(high);
  to[3 * kChannelWords] = dsp::sxtb16_ror8(high);
}

// What a row or a pair of rows is packed from, four channels of it. Assembly reads it by offsets.
struct PackRow {
  const std::int8_t* a;  // the first column of the first full chunk
  const std::int8_t* b;  // V only
  std::uint32_t* to;     // the chunks [to, end), chunk_bytes apart
  const std::uint32_t* end;
  std::int32_t a_step, b_step;  // bytes from one pixel to the next
  std::int32_t chunk_bytes;
  void (*pack)(PackRow*);  // pack_vertical or pack_horizontal
};

// Pairs that are packed one by one, of V or H, one word of a channel after the other. Assembly reads it by offsets.
struct EdgeColumns {
  const std::int8_t *a, *b;  // the two values of the first pair; they move on by four channels
  std::uint32_t* to;
  std::int32_t count;
  std::int32_t a_step, b_step;  // bytes from a pair to the next
};

#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
#define LINNET_DW_ASSEMBLY 1
constexpr bool kAssembly = true;

#define LINNET_DW_FUNCTION LINNET_ASSEMBLY_FUNCTION inline

// clang-format off
#define LINNET_DW_HALF(to)                                              \
  "ldr r6, [r0, r10]\n"                                                 \
  "ldr r5, [r1]\n"                                                      \
  "ldr r4, [r0]\n"                                                      \
  "add r0, r0, r10, lsl #1\n"                                           \
  "pkhbt r8, r4, r5, lsl #16\n"                                         \
  "ldr r7, [r1, r11]\n"                                                 \
  "pkhtb r5, r5, r4, asr #16\n"                                         \
  "sxtb16 r4, r8\n"                                                     \
  "add r1, r1, r11, lsl #1\n"                                           \
  "pkhbt lr, r6, r7, lsl #16\n"                                         \
  "str r4, [r2, #" to "]\n"                                             \
  "pkhtb r7, r7, r6, asr #16\n"                                         \
  "sxtb16 r8, r8, ror #8\n"                                             \
  "str r8, [r2, #" to "+24]\n"                                          \
  "sxtb16 r6, lr\n"                                                     \
  "str r6, [r2, #" to "+4]\n"                                           \
  "sxtb16 r4, r5\n"                                                     \
  "str r4, [r2, #" to "+48]\n"                                          \
  "sxtb16 r5, r5, ror #8\n"                                             \
  "sxtb16 lr, lr, ror #8\n"                                             \
  "str lr, [r2, #" to "+28]\n"                                          \
  "sxtb16 r6, r7\n"                                                     \
  "str r6, [r2, #" to "+52]\n"                                          \
  "sxtb16 r7, r7, ror #8\n"                                             \
  "strd r5, r7, [r2, #" to "+72]\n"

// V of rows a and b, which then point at the next four channels. At least one chunk.
LINNET_DW_FUNCTION void pack_vertical(PackRow*) noexcept {
  __asm__(
      "push {r4-r11, lr}\n"
      "mov lr, r0\n"
      "ldm r0, {r0, r1, r2, r3, r10, r11, r12}\n"
      "add r4, r0, #4\n"
      "add r5, r1, #4\n"
      "strd r4, r5, [lr]\n"
      ".p2align 2\n"
      "1:\n"
      LINNET_DW_HALF("0")
      LINNET_DW_HALF("8")
      "add r2, r2, r12\n"
      "cmp r2, r3\n"
      "bne 1b\n"
      "pop {r4-r11, pc}\n");
}

// H of row a, which then points at the next four channels. At least one chunk.
LINNET_DW_FUNCTION void pack_horizontal(PackRow*) noexcept {
  __asm__(
      "push {r4-r11, lr}\n"
      "mov lr, r0\n"
      "ldm r0, {r0, r1, r2, r3, r10, r11, r12}\n"
      "add r4, r0, #4\n"
      "str r4, [lr]\n"
      "lsl r11, r10, #1\n"
      "add r1, r10, r10, lsl #1\n"
      ".p2align 2\n"
      "1:\n"
      "ldr r5, [r0, r10]\n"
      "ldr r4, [r0]\n"
      "ldr r6, [r0, r11]\n"
      "ldr r7, [r0, r1]\n"
      "pkhbt r8, r4, r5, lsl #16\n"
      "pkhtb r5, r5, r4, asr #16\n"
      "sxtb16 r4, r8\n"
      "sxtb16 r8, r8, ror #8\n"
      "str r8, [r2, #40]\n"
      "sxtb16 lr, r5\n"
      "str r4, [r2, #16]\n"
      "pkhbt r9, r6, r7, lsl #16\n"
      "pkhtb r7, r7, r6, asr #16\n"
      "str lr, [r2, #64]\n"
      "sxtb16 r5, r5, ror #8\n"
      "str r5, [r2, #88]\n"
      "sxtb16 r6, r9\n"
      "str r6, [r2, #20]\n"
      "sxtb16 r9, r9, ror #8\n"
      "str r9, [r2, #44]\n"
      "sxtb16 lr, r7\n"
      "str lr, [r2, #68]\n"
      "sxtb16 r7, r7, ror #8\n"
      "str r7, [r2, #92]\n"
      "add r2, r2, r12\n"
      "cmp r2, r3\n"
      "add r0, r0, r10, lsl #2\n"
      "bne 1b\n"
      "pop {r4-r11, pc}\n");
}

// Columns of chunks at the image's edge; 16 instructions a column.
LINNET_DW_FUNCTION void pack_edges(EdgeColumns* /*from*/, const EdgeColumns* /*end*/) noexcept {
  __asm__(
      "push {r4-r10, lr}\n"
      "1:\n"
      "ldm r0, {r2-r7}\n"
      "add r8, r2, #4\n"
      "add r9, r3, #4\n"
      "strd r8, r9, [r0], #24\n"
      "2:\n"
      "ldr r9, [r3]\n"
      "ldr r8, [r2]\n"
      "add r3, r3, r7\n"
      "add r2, r2, r6\n"
      "pkhbt r10, r8, r9, lsl #16\n"
      "subs r5, #1\n"
      "pkhtb r9, r9, r8, asr #16\n"
      "sxtb16 r8, r10\n"
      "str r8, [r4]\n"
      "sxtb16 r10, r10, ror #8\n"
      "str r10, [r4, #24]\n"
      "sxtb16 r8, r9\n"
      "str r8, [r4, #48]\n"
      "sxtb16 r9, r9, ror #8\n"
      "str r9, [r4, #72]\n"
      "add r4, #4\n"
      "bne 2b\n"
      "cmp r0, r1\n"
      "bne 1b\n"
      "pop {r4-r10, pc}\n");
}

// `pixels` pixels of four channels each from a buffer to pixels `pitch` bytes apart; eight instructions for four.
LINNET_DW_FUNCTION void store_pixels(const std::uint32_t* /*from*/, std::int8_t* /*to*/,
                                     std::int32_t /*pitch*/, std::int32_t /*pixels*/) noexcept {
  __asm__(
      "push {r4-r6, lr}\n"
      "subs r3, #4\n"
      "blt 2f\n"
      "add r12, r2, r2, lsl #1\n"
      ".p2align 2\n"
      "1:\n"
      "ldm r0!, {r4-r6, lr}\n"
      "subs r3, #4\n"
      "str r4, [r1]\n"
      "str r5, [r1, r2]\n"
      "str r6, [r1, r2, lsl #1]\n"
      "str lr, [r1, r12]\n"
      "add r1, r1, r2, lsl #2\n"
      "bge 1b\n"
      "2:\n"
      "adds r3, #4\n"
      "beq 4f\n"
      "3:\n"
      "ldr r4, [r0], #4\n"
      "subs r3, #1\n"
      "str r4, [r1]\n"
      "add r1, r2\n"
      "bne 3b\n"
      "4:\n"
      "pop {r4-r6, pc}\n");
}
// clang-format on
#undef LINNET_DW_HALF

#else

constexpr bool kAssembly = false;

// V of rows a and b, which then point at the next four channels.
inline void pack_vertical(PackRow* row) noexcept {
  const std::int8_t *a = row->a, *b = row->b;
  for (std::uint32_t* to = row->to; to != row->end; to += row->chunk_bytes / 4) {
    for (std::int32_t column = 0; column < 4; ++column, a += row->a_step, b += row->b_step)
      split(dsp::load_word(a), dsp::load_word(b), to + column);
  }
  row->a += 4, row->b += 4;
}

// H of row a, which then points at the next four channels.
inline void pack_horizontal(PackRow* row) noexcept {
  const std::int8_t* a = row->a;
  for (std::uint32_t* to = row->to; to != row->end; to += row->chunk_bytes / 4) {
    for (std::int32_t pair = 0; pair < 2; ++pair, a += 2 * row->a_step)
      split(dsp::load_word(a), dsp::load_word(a + row->a_step), to + 4 + pair);
  }
  row->a += 4;
}

// Columns of chunks at the image's edge.
inline void pack_edges(EdgeColumns* from, const EdgeColumns* end) noexcept {
  for (; from != end; ++from) {
    const std::int8_t *a = from->a, *b = from->b;
    for (std::int32_t i = 0; i < from->count; ++i, a += from->a_step, b += from->b_step)
      split(dsp::load_word(a), dsp::load_word(b), from->to + i);
    from->a += 4, from->b += 4;
  }
}

// `pixels` pixels of four channels each from a buffer to pixels `pitch` bytes apart.
inline void store_pixels(const std::uint32_t* from, std::int8_t* to, std::int32_t pitch,
                         std::int32_t pixels) noexcept {
  for (; pixels > 0; --pixels, to += pitch) dsp::store_word(to, *from++);
}

#endif

// Where the image's columns lie in the chunks of a row.
struct Columns {
  // Columns [first, last) that are packed one by one: those of the image in a chunk at its edge. x is the first one's.
  struct Partial {
    std::int32_t first, last, x;
  };
  std::int32_t chunk_words;
  std::int32_t full_first = 0, full_count = 0, full_x = 0;
  std::int32_t partial_count = 0;
  Partial partial[2] = {};

  // `origin`: column of the first chunk at which the image begins; `count`: chunks that are read; `one_by_one`: no chunk is
  // packed as a whole. Writes the pairs that are padding for all channels alike.
  Columns(std::int32_t origin, std::int32_t in_w, std::int32_t count, std::int32_t chunk_words_,
          std::int32_t zero, bool one_by_one, std::uint32_t* chunks) noexcept
      : chunk_words(chunk_words_) {
    for (std::int32_t chunk = 0; chunk < count; ++chunk, chunks += chunk_words) {
      const std::int32_t x = 4 * chunk - origin;
      const std::int32_t first = x < 0 ? -x : 0, last = in_w - x < 4 ? in_w - x : 4;
      if (first == 0 && last == 4 && !one_by_one) {
        if (full_count++ == 0) full_first = chunk, full_x = x;
        continue;
      }
      for (std::int32_t i = 0; i < chunk_words; ++i) chunks[i] = dsp::pair(zero, zero);
      if (first >= 4 || last <= 0) continue;
      if (one_by_one && partial_count == 1) {
        partial[0].last = 4 * chunk + last;
      } else {
        partial[partial_count++] = {4 * chunk + first, 4 * chunk + last, x + first};
      }
    }
  }
};

// A row: of the image (pixels `step` bytes apart), or of padding (step 0).
struct Row {
  const std::int8_t* data;
  std::int32_t step;
};

// The columns of a chunk at the image's edge: V of rows a and b, or H of row a, whose other columns are those of `zeros`. At
// most two entries; returns their end.
inline EdgeColumns* list_edge(const Columns::Partial& part, const Row& a, const Row& b,
                              bool vertical, const std::int8_t* zeros, std::uint32_t* chunk,
                              EdgeColumns* to) noexcept {
  const std::int32_t first = part.first & 3, last = first + part.last - part.first;
  const std::int32_t step = a.step;
  const std::int8_t* x = a.data + part.x * step;
  if (vertical) {
    *to++ = {x, b.data + part.x * b.step, chunk + first, last - first, step, b.step};
    return to;
  }
  chunk += 4 + first / 2;
  for (std::int32_t i = first / 2 * 2; i < last; i += 2, ++to, ++chunk) {
    to->a = zeros;
    if (i >= first) to->a = x, x += step;
    to->b = zeros;
    if (i + 1 < last) to->b = x, x += step;
    to->to = chunk, to->count = 1;
  }
  return to;
}

// The two or three channels of a pixel.
inline std::uint32_t load_channels(const std::int8_t* from, std::int32_t channels) noexcept {
  const auto byte = [from](std::int32_t c) { return static_cast<std::uint32_t>(from[c]) & 0xffu; };
  return byte(0) | byte(1) << 8 | (channels == 3 ? byte(2) << 16 : 0);
}

// All columns of an image with two or three channels: one run over many chunks. V of rows a and b, or H of row a, whose
// other columns are `zero_word`.
inline void pack_narrow(const Columns& columns, const Row& a, const Row& b, std::int32_t channels,
                        bool vertical, std::uint32_t zero_word, std::uint32_t* plane) noexcept {
  // The pairs' first values lie at x, their second ones at `other`.
  const Columns::Partial& part = columns.partial[0];
  const std::int32_t columns_of_pair = vertical ? 1 : 2;
  const std::int32_t begin = vertical ? part.first : part.first & ~1;
  const std::int32_t step = columns_of_pair * a.step, other_step = vertical ? b.step : step;
  const std::int8_t* x = a.data + (part.x + begin - part.first) * a.step;
  const std::int8_t* other = vertical ? b.data + part.x * b.step : x + a.step;
  const std::int32_t others = vertical ? part.last : part.last - 1;
  for (std::int32_t i = begin; i < part.last;
       i += columns_of_pair, x += step, other += other_step) {
    const std::int32_t word = vertical ? i & 3 : 4 + ((i & 3) >> 1);
    split(i < part.first ? zero_word : load_channels(x, channels),
          i < others ? load_channels(other, channels) : zero_word,
          plane + (i >> 2) * columns.chunk_words + word);
  }
}

}  // namespace dw
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
