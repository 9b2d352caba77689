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
// channels by two values, of which SXTB16 and SXTB16 ROR #8 make the pairs. 47 instructions a chunk for V, 25 for H.
//
// Column 0 of chunk 1 is the image's first, if the padding allows (the kernels start to read at their own padding before
// it): chunks are then packed straight from the rows. A chunk with columns on both sides of the image's edge is gathered
// into a small buffer first; one that is all padding is written once a call.
#pragma once

#include "linnet/dsp/dsp.h"
#include "linnet/rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace dw {

constexpr std::int32_t kChannelWords = 6;                // of a chunk
constexpr std::int32_t kPlaneWords = 4 * kChannelWords;  // four channels
constexpr std::int32_t kPlaneBytes = 4 * kPlaneWords;

#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
#define LINNET_DW_ASSEMBLY 1

// Whole functions in assembly: GCC must neither look at their parameters nor make copies of them.
#define LINNET_DW_FUNCTION [[gnu::naked, gnu::noipa]] inline

// clang-format off
#define LINNET_DW_HALF(to)                                              \
  "ldr r4, [r0]\n"                                                      \
  "ldr r5, [r1]\n"                                                      \
  "ldr r6, [r0, r10]\n"                                                 \
  "ldr r7, [r1, r11]\n"                                                 \
  "pkhbt r8, r4, r5, lsl #16\n"                                         \
  "add r0, r0, r10, lsl #1\n"                                           \
  "pkhbt lr, r6, r7, lsl #16\n"                                         \
  "add r1, r1, r11, lsl #1\n"                                           \
  "pkhtb r5, r5, r4, asr #16\n"                                         \
  "pkhtb r7, r7, r6, asr #16\n"                                         \
  "sxtb16 r4, r8\n"                                                     \
  "sxtb16 r6, lr\n"                                                     \
  "strd r4, r6, [r2, #" to "]\n"                                        \
  "sxtb16 r8, r8, ror #8\n"                                             \
  "sxtb16 lr, lr, ror #8\n"                                             \
  "strd r8, lr, [r2, #" to "+24]\n"                                     \
  "sxtb16 r4, r5\n"                                                     \
  "sxtb16 r6, r7\n"                                                     \
  "strd r4, r6, [r2, #" to "+48]\n"                                     \
  "sxtb16 r5, r5, ror #8\n"                                             \
  "sxtb16 r7, r7, ror #8\n"                                             \
  "strd r5, r7, [r2, #" to "+72]\n"

// V of rows a and b: chunks [to, end), chunk_bytes apart. `a_step`, `b_step`: bytes from one pixel to the next.
LINNET_DW_FUNCTION void pack_vertical(const std::int8_t* /*a*/, const std::int8_t* /*b*/,
                                      std::uint32_t* /*to*/, const std::uint32_t* /*end*/,
                                      std::int32_t /*a_step*/, std::int32_t /*b_step*/,
                                      std::int32_t /*chunk_bytes*/) noexcept {
  __asm__(
      "push {r4-r11, lr}\n"
      "add r12, sp, #36\n"
      "ldm r12, {r10, r11, r12}\n"
      ".p2align 2\n"
      "1:\n"
      LINNET_DW_HALF("0")
      LINNET_DW_HALF("8")
      "add r2, r2, r12\n"
      "cmp r2, r3\n"
      "bne 1b\n"
      "pop {r4-r11, pc}\n");
}

// H of row c.
LINNET_DW_FUNCTION void pack_horizontal(const std::int8_t* /*c*/, std::int32_t /*c_step*/,
                                        std::uint32_t* /*to*/, const std::uint32_t* /*end*/,
                                        std::int32_t /*chunk_bytes*/) noexcept {
  __asm__(
      "push {r4-r9, lr}\n"
      "ldr r12, [sp, #28]\n"
      ".p2align 2\n"
      "1:\n"
      "ldr r4, [r0]\n"
      "ldr r5, [r0, r1]\n"
      "add r0, r0, r1, lsl #1\n"
      "pkhbt r8, r4, r5, lsl #16\n"
      "ldr r6, [r0]\n"
      "pkhtb r5, r5, r4, asr #16\n"
      "ldr r7, [r0, r1]\n"
      "add r0, r0, r1, lsl #1\n"
      "sxtb16 r4, r8\n"
      "pkhbt r9, r6, r7, lsl #16\n"
      "sxtb16 r8, r8, ror #8\n"
      "pkhtb r7, r7, r6, asr #16\n"
      "sxtb16 r6, r9\n"
      "strd r4, r6, [r2, #16]\n"
      "sxtb16 r9, r9, ror #8\n"
      "strd r8, r9, [r2, #40]\n"
      "sxtb16 r4, r5\n"
      "sxtb16 r6, r7\n"
      "strd r4, r6, [r2, #64]\n"
      "sxtb16 r5, r5, ror #8\n"
      "sxtb16 r7, r7, ror #8\n"
      "strd r5, r7, [r2, #88]\n"
      "add r2, r2, r12\n"
      "cmp r2, r3\n"
      "bne 1b\n"
      "pop {r4-r9, pc}\n");
}
// clang-format on
#undef LINNET_DW_HALF

#else

// Four words of two values by four channels: a pair for each channel, kChannelWords apart.
inline void split(std::uint32_t a, std::uint32_t b, std::uint32_t* to) noexcept {
  const std::uint32_t low = dsp::pkhbt(a, b), high = dsp::pkhtb(b, a);
  to[0] = dsp::sxtb16(low);
  to[kChannelWords] = dsp::sxtb16_ror8(low);
  to[2 * kChannelWords] = dsp::sxtb16(high);
  to[3 * kChannelWords] = dsp::sxtb16_ror8(high);
}

// V of rows a and b: chunks [to, end), chunk_bytes apart. `a_step`, `b_step`: bytes from one pixel to the next.
inline void pack_vertical(const std::int8_t* a, const std::int8_t* b, std::uint32_t* to,
                          const std::uint32_t* end, std::int32_t a_step, std::int32_t b_step,
                          std::int32_t chunk_bytes) noexcept {
  for (; to != end; to += chunk_bytes / 4) {
    for (std::int32_t column = 0; column < 4; ++column, a += a_step, b += b_step)
      split(dsp::load_word(a), dsp::load_word(b), to + column);
  }
}

// H of row c.
inline void pack_horizontal(const std::int8_t* c, std::int32_t c_step, std::uint32_t* to,
                            const std::uint32_t* end, std::int32_t chunk_bytes) noexcept {
  for (; to != end; to += chunk_bytes / 4) {
    for (std::int32_t pair = 0; pair < 2; ++pair, c += 2 * c_step)
      split(dsp::load_word(c), dsp::load_word(c + c_step), to + 4 + pair);
  }
}

#endif

// Where the image's columns lie in the chunks of a row.
struct Columns {
  static constexpr std::int32_t kBufferBytes = 64;  // two chunks by two rows by four words

  struct Partial {
    std::int32_t chunk, first, last;  // columns [first, last) of the chunk are in the image
    std::int32_t x;                   // of column `first`
  };
  std::int32_t chunk_bytes;
  std::int32_t full_first = 0, full_count = 0, full_x = 0;
  std::int32_t partial_count = 0;
  Partial partial[2] = {};

  // `origin`: column of the first chunk at which the image begins; `count`: chunks that are read. Writes what is padding.
  Columns(std::int32_t origin, std::int32_t in_w, std::int32_t count, std::int32_t chunk_bytes_,
          std::int32_t zero, std::uint32_t* chunks, std::uint32_t* buffers) noexcept
      : chunk_bytes(chunk_bytes_) {
    const std::uint32_t zero_pair = dsp::pair(zero, zero);
    const std::uint32_t zero_word = (static_cast<std::uint32_t>(zero) & 0xffu) * 0x01010101u;
    for (std::int32_t i = 0; i < kBufferBytes / 4; ++i) buffers[i] = zero_word;
    for (std::int32_t chunk = 0; chunk < count; ++chunk) {
      const std::int32_t x = 4 * chunk - origin;
      const std::int32_t first = x < 0 ? -x : 0, last = in_w - x < 4 ? in_w - x : 4;
      if (first >= 4 || last <= 0) {
        std::uint32_t* const words = chunks + chunk * (chunk_bytes / 4);
        for (std::int32_t i = 0; i < chunk_bytes / 4; ++i) words[i] = zero_pair;
      } else if (first == 0 && last == 4) {
        if (full_count++ == 0) full_first = chunk, full_x = x;
      } else {
        partial[partial_count++] = {chunk, first, last, x + first};
      }
    }
  }
};

// A row of four channels: of the image (pixels `step` bytes apart), or of padding (step 0).
struct Row {
  const std::int8_t* data;
  std::int32_t step;
};

inline const std::int8_t* gather(const Row& row, const Columns::Partial& part,
                                 std::uint32_t* buffer) noexcept {
  const std::int8_t* from = row.data + part.x * row.step;
  for (std::int32_t i = part.first; i < part.last; ++i, from += row.step)
    buffer[i] = dsp::load_word(from);
  return static_cast<const std::int8_t*>(static_cast<const void*>(buffer));
}

// Packs V of rows a and b into a plane of the chunks.
[[gnu::noinline]] inline void pack_vertical(const Columns& columns, const Row& a, const Row& b,
                                            std::uint32_t* plane, std::uint32_t* buffers) noexcept {
  const std::int32_t chunk_words = columns.chunk_bytes / 4;
  if (columns.full_count > 0) {
    std::uint32_t* const to = plane + columns.full_first * chunk_words;
    pack_vertical(a.data + columns.full_x * a.step, b.data + columns.full_x * b.step, to,
                  to + columns.full_count * chunk_words, a.step, b.step, columns.chunk_bytes);
  }
  for (std::int32_t i = 0; i < columns.partial_count; ++i, buffers += 8) {
    const Columns::Partial& part = columns.partial[i];
    std::uint32_t* const to = plane + part.chunk * chunk_words;
    pack_vertical(gather(a, part, buffers), gather(b, part, buffers + 4), to, to + chunk_words, 4,
                  4, columns.chunk_bytes);
  }
}

// Packs H of row c.
[[gnu::noinline]] inline void pack_horizontal(const Columns& columns, const Row& c,
                                              std::uint32_t* plane,
                                              std::uint32_t* buffers) noexcept {
  const std::int32_t chunk_words = columns.chunk_bytes / 4;
  if (columns.full_count > 0) {
    std::uint32_t* const to = plane + columns.full_first * chunk_words;
    pack_horizontal(c.data + columns.full_x * c.step, c.step, to,
                    to + columns.full_count * chunk_words, columns.chunk_bytes);
  }
  for (std::int32_t i = 0; i < columns.partial_count; ++i, buffers += 8) {
    const Columns::Partial& part = columns.partial[i];
    std::uint32_t* const to = plane + part.chunk * chunk_words;
    pack_horizontal(gather(c, part, buffers), 4, to, to + chunk_words, columns.chunk_bytes);
  }
}

}  // namespace dw
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
