// Expands the inputs of four output pixels to steps of 16-bit pairs (conv2d_s8_paired.h has the picture).
#pragma once

#include "linnet/kernels/conv2d_s8_paired.h"
#include "linnet/kernels/copy_bytes.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace paired {

// `words` whole words (0: none) from p0, p1, p2, p3; returns where the next go. On the core 15 instructions for 16 values.
#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
LINNET_ASSEMBLY_FUNCTION inline std::uint32_t* expand_words(
    const std::int8_t* /*p0*/, const std::int8_t* /*p1*/, const std::int8_t* /*p2*/,
    const std::int8_t* /*p3*/, std::uint32_t* /*to*/, std::int32_t /*words*/) noexcept {
  __asm__(
      "push {r4-r11, lr}\n"
      "ldrd lr, r12, [sp, #36]\n"
      "add r0, r0, r12, lsl #2\n"
      "add r1, r1, r12, lsl #2\n"
      "add r2, r2, r12, lsl #2\n"
      "add r3, r3, r12, lsl #2\n"
      "negs r12, r12\n"  // index of the next word, from the end
      "lsl r12, r12, #2\n"
      "beq 2f\n"
      "1:\n"
      "ldr r8, [r0, r12]\n"
      "ldr r9, [r1, r12]\n"
      "sxtb16 r4, r8\n"
      "ldr r10, [r2, r12]\n"
      "sxtb16 r5, r9\n"
      "ldr r11, [r3, r12]\n"
      "sxtb16 r6, r10\n"
      "adds r12, r12, #4\n"
      "sxtb16 r7, r11\n"
      "sxtb16 r8, r8, ror #8\n"
      "sxtb16 r9, r9, ror #8\n"
      "sxtb16 r10, r10, ror #8\n"
      "sxtb16 r11, r11, ror #8\n"
      "stm lr!, {r4-r11}\n"
      "bne 1b\n"
      "2:\n"
      "mov r0, lr\n"
      "pop {r4-r11, pc}\n");
}
#else
inline std::uint32_t* expand_words(const std::int8_t* p0, const std::int8_t* p1,
                                   const std::int8_t* p2, const std::int8_t* p3, std::uint32_t* to,
                                   std::int32_t words) noexcept {
  const std::int8_t* const from[kPixels] = {p0, p1, p2, p3};
  for (std::int32_t i = 0; i < words; ++i, to += 2 * kPixels) {
    for (std::int32_t p = 0; p < kPixels; ++p) {
      const std::uint32_t word = dsp::load_word(from[p] + 4 * i);
      to[p] = dsp::sxtb16(word);
      to[kPixels + p] = dsp::sxtb16_ror8(word);
    }
  }
  return to;
}
#endif

// In words; the barriers keep the compiler from calling memset, which goes byte by byte in newlib-nano.
[[gnu::noinline]] inline void fill_bytes(std::int8_t* to, std::int32_t value,
                                         std::int32_t count) noexcept {
  std::uint32_t word = static_cast<std::uint8_t>(value) * 0x01010101u;
  for (const std::int8_t* const end = to + (count & ~3); to != end; to += 4) {
    __asm__("" : "+r"(word));
    dsp::store_word(to, word);
  }
  for (count &= 3; count > 0; --count) {
    __asm__("" : "+r"(value));
    *to++ = static_cast<std::int8_t>(value);
  }
}

// `count` columns of an input row, dilation_w apart from column x on, side by side; zero points where they lie outside, or
// everywhere without a row.
[[gnu::noinline]] inline void gather_columns(const Conv2dS8& layer, const std::int8_t* row,
                                             std::int32_t x, std::int32_t count,
                                             std::int8_t* to) noexcept {
  const std::int32_t in_c = layer.in_c;
  if (row == nullptr) return fill_bytes(to, layer.in_zero, count * in_c);
  if (layer.dilation_w == 1 && layer.in_pixel_bytes == in_c) {  // one run of bytes
    const std::int32_t before = x < 0 ? (-x < count ? -x : count) : 0;
    const std::int32_t room = layer.in_w - x < count ? layer.in_w - x : count;
    const std::int32_t inside = room > before ? room - before : 0;
    const std::int32_t behind = count - before - inside;
    if (before > 0) fill_bytes(to, layer.in_zero, before * in_c);
    to += before * in_c;
    detail::copy_bytes(to, row + (x + before) * in_c, inside * in_c);
    if (behind > 0) fill_bytes(to + inside * in_c, layer.in_zero, behind * in_c);
    return;
  }
  for (; count > 0; --count, x += layer.dilation_w, to += in_c) {
    if (x < 0 || x >= layer.in_w) {
      fill_bytes(to, layer.in_zero, in_c);
    } else {
      detail::copy_bytes(to, row + x * layer.in_pixel_bytes, in_c);
    }
  }
}

// What is left of runs, in the order of Runs::half_of_rest(). A half that no byte comes to gets any value: it meets a weight
// of 0.

// A step of each pixel's byte `i` at a and byte `j` at b.
inline std::uint32_t* put_step(std::uint32_t* to, const std::int8_t* const* a,
                               const std::int8_t* const* b, std::int32_t i,
                               std::int32_t j) noexcept {
  for (std::int32_t p = 0; p < kPixels; ++p) *to++ = dsp::pair(a[p][i], b[p][j]);
  return to;
}

// Windows of four pixels of one row, `step` bytes apart, all of them inside the image, run by run. Pointers to values point
// behind the whole words of a run; the order of the members is that of expand_spaced()'s frame.
struct Spaced {
  const std::int32_t* row;  // of the next run: bytes from `first`, or kOutside
  const std::int8_t* first;
  std::int32_t step;
  std::int32_t minus_word_bytes, rest_bytes;  // of a run
  std::int32_t left;                          // runs
  const std::int8_t* zeros;                   // a run for rows outside
  std::uint32_t* rest;                        // where the steps behind the words go
  std::uint32_t* to;
};
constexpr std::int32_t kOutside = -1;

// Bytes from the input's base to each of the kernel_h rows under output row r, or kOutside.
inline void rows_under(const Conv2dS8& layer, const RowsIn& in, std::int32_t r,
                       std::int32_t* rows) noexcept {
  const std::int32_t image_row = r / layer.out_h * layer.in_h;
  std::int32_t iy = r % layer.out_h * layer.stride_h - layer.pad_top;
  for (std::int32_t ky = 0; ky < layer.kernel_h; ++ky, iy += layer.dilation_h) {
    const bool inside = iy >= 0 && iy < layer.in_h;
    rows[ky] = inside ? (image_row + iy) % in.capacity_rows * in.pitch_bytes : kOutside;
  }
}

#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
// Two runs at a time: 15 instructions for a word of each pixel, 23 for two bytes behind the words of both, 16 for one.
LINNET_ASSEMBLY_FUNCTION inline void expand_spaced(const Spaced&) noexcept {
  __asm__(
      ".macro linnet_run at\n"
      "ldrd r4, r5, [sp]\n"
      "ldrd r7, r12, [sp, #8]\n"
      "ldr r0, [r4], #4\n"
      "str r4, [sp]\n"
      "cmp r0, #0\n"
      "itte lt\n"
      "ldrlt r0, [sp, #24]\n"
      "movlt r7, #0\n"
      "addge r0, r0, r5\n"
      "strd r0, r7, [sp, #\\at]\n"
      "cmp r12, #0\n"
      "beq 2f\n"
      "add r1, r0, r7\n"
      "add r2, r0, r7, lsl #1\n"
      "add r3, r1, r7, lsl #1\n"
      "1:\n"
      "ldr r8, [r0, r12]\n"
      "ldr r9, [r1, r12]\n"
      "sxtb16 r4, r8\n"
      "ldr r10, [r2, r12]\n"
      "sxtb16 r5, r9\n"
      "ldr r11, [r3, r12]\n"
      "sxtb16 r6, r10\n"
      "adds r12, r12, #4\n"
      "sxtb16 r7, r11\n"
      "sxtb16 r8, r8, ror #8\n"
      "sxtb16 r9, r9, ror #8\n"
      "sxtb16 r10, r10, ror #8\n"
      "sxtb16 r11, r11, ror #8\n"
      "stm lr!, {r4-r11}\n"
      "bne 1b\n"
      "2:\n"
      ".endm\n"
      "push {r4-r11, lr}\n"
      "sub sp, sp, #52\n"
      "ldm r0, {r4-r12}\n"
      "stm sp, {r4-r11}\n"
      "mov lr, r12\n"
      "3:\n"
      "linnet_run 32\n"
      "ldr r4, [sp, #20]\n"
      "subs r4, r4, #2\n"
      "str r4, [sp, #20]\n"
      "blt 7f\n"
      "linnet_run 40\n"
      "ldr r11, [sp, #16]\n"
      "cmp r11, #0\n"
      "beq 6f\n"
      "str lr, [sp, #48]\n"
      "ldr lr, [sp, #28]\n"
      "ldrd r0, r1, [sp, #32]\n"
      "ldrd r2, r3, [sp, #40]\n"
      "tst r11, #2\n"
      "beq 4f\n"
      "ldrh r4, [r0]\n"
      "ldrh r8, [r2]\n"
      "ldrh r5, [r0, r1]\n"
      "orr r4, r4, r8, lsl #16\n"
      "ldrh r9, [r2, r3]\n"
      "ldrh r6, [r0, r1, lsl #1]\n"
      "orr r5, r5, r9, lsl #16\n"
      "ldrh r10, [r2, r3, lsl #1]\n"
      "add r7, r0, r1\n"
      "orr r6, r6, r10, lsl #16\n"
      "add r11, r2, r3\n"
      "ldrh r7, [r7, r1, lsl #1]\n"
      "ldrh r11, [r11, r3, lsl #1]\n"
      "sxtb16 r8, r4, ror #8\n"
      "sxtb16 r4, r4\n"
      "sxtb16 r9, r5, ror #8\n"
      "orr r7, r7, r11, lsl #16\n"
      "sxtb16 r5, r5\n"
      "sxtb16 r10, r6, ror #8\n"
      "sxtb16 r6, r6\n"
      "sxtb16 r11, r7, ror #8\n"
      "sxtb16 r7, r7\n"
      "stm lr!, {r4-r11}\n"
      "ldr r11, [sp, #16]\n"
      "tst r11, #1\n"
      "beq 5f\n"
      "add r0, r0, #2\n"
      "add r2, r2, #2\n"
      "4:\n"
      "mov r10, #0\n"
      "8:\n"
      "ldrsb r4, [r0]\n"
      "ldrsb r8, [r2]\n"
      "ldrsb r5, [r0, r1]\n"
      "pkhbt r4, r4, r8, lsl #16\n"
      "ldrsb r9, [r2, r3]\n"
      "ldrsb r6, [r0, r1, lsl #1]\n"
      "pkhbt r5, r5, r9, lsl #16\n"
      "ldrsb r8, [r2, r3, lsl #1]\n"
      "add r7, r0, r1\n"
      "pkhbt r6, r6, r8, lsl #16\n"
      "add r9, r2, r3\n"
      "ldrsb r7, [r7, r1, lsl #1]\n"
      "ldrsb r9, [r9, r3, lsl #1]\n"
      "subs r10, r10, #2\n"
      "pkhbt r7, r7, r9, lsl #16\n"
      "stm lr!, {r4-r7}\n"
      "ble 5f\n"
      "add r0, r0, #2\n"
      "b 8b\n"
      "5:\n"
      "str lr, [sp, #28]\n"
      "ldr lr, [sp, #48]\n"
      "6:\n"
      "ldr r4, [sp, #20]\n"
      "cmp r4, #0\n"
      "bgt 3b\n"
      "add sp, sp, #52\n"
      "pop {r4-r11, pc}\n"
      // A run alone: bytes 0 and 1, then 2, or byte 0.
      "7:\n"
      "ldr r10, [sp, #16]\n"
      "cmp r10, #0\n"
      "beq 6b\n"
      "str lr, [sp, #48]\n"
      "ldr lr, [sp, #28]\n"
      "ldrd r0, r1, [sp, #32]\n"
      "add r2, r0, r10, lsr #1\n"
      "mov r3, r1\n"
      "b 8b\n"
      ".purgem linnet_run\n");
}

// The same for runs of nine bytes, a row of a 3x3 window over three channels: 50 instructions a run.
LINNET_ASSEMBLY_FUNCTION inline void expand_spaced_nine(const Spaced&) noexcept {
  __asm__(
      "push {r4-r11, lr}\n"
      "sub sp, sp, #32\n"
      "ldm r0, {r4-r12}\n"
      "stm sp, {r4-r11}\n"
      "mov lr, r12\n"
      "mov r12, r4\n"
      "1:\n"
      "ldrd r4, r5, [sp, #4]\n"
      "ldr r0, [r12], #4\n"
      "cmp r0, #0\n"
      "blt 3f\n"
      "add r0, r0, r4\n"
      "2:\n"
      "ldr r8, [r0, #-8]\n"
      "add r1, r0, r5\n"
      "sxtb16 r4, r8\n"
      "add r2, r0, r5, lsl #1\n"
      "add r3, r1, r5, lsl #1\n"
      "ldr r9, [r1, #-8]\n"
      "sxtb16 r8, r8, ror #8\n"
      "ldr r10, [r2, #-8]\n"
      "sxtb16 r5, r9\n"
      "ldr r11, [r3, #-8]\n"
      "sxtb16 r6, r10\n"
      "sxtb16 r7, r11\n"
      "sxtb16 r9, r9, ror #8\n"
      "sxtb16 r10, r10, ror #8\n"
      "sxtb16 r11, r11, ror #8\n"
      "stm lr!, {r4-r11}\n"
      "ldr r8, [r0, #-4]\n"
      "ldr r9, [r1, #-4]\n"
      "sxtb16 r4, r8\n"
      "ldr r10, [r2, #-4]\n"
      "sxtb16 r5, r9\n"
      "ldr r11, [r3, #-4]\n"
      "sxtb16 r7, r11\n"
      "sxtb16 r11, r11, ror #8\n"
      "sxtb16 r6, r10\n"
      "sxtb16 r9, r9, ror #8\n"
      "sxtb16 r10, r10, ror #8\n"
      "sxtb16 r8, r8, ror #8\n"
      "stm lr!, {r4-r11}\n"
      "ldr r8, [sp, #28]\n"
      "ldrsb r0, [r0]\n"
      "ldrsb r1, [r1]\n"
      "ldrsb r2, [r2]\n"
      "ldrsb r3, [r3]\n"
      "strh r0, [r8]\n"
      "strh r3, [r8, #12]\n"
      "strh r1, [r8, #4]\n"
      "strh r2, [r8, #8]\n"
      "eor r8, r8, #2\n"
      "tst r8, #2\n"
      "ldr r9, [sp, #20]\n"
      "it eq\n"
      "addeq r8, r8, #16\n"
      "str r8, [sp, #28]\n"
      "subs r9, r9, #1\n"
      "str r9, [sp, #20]\n"
      "bne 1b\n"
      "add sp, sp, #32\n"
      "pop {r4-r11, pc}\n"
      "3:\n"
      "ldr r0, [sp, #24]\n"
      "mov r5, #0\n"
      "b 2b\n");
}

// The same for three runs of three bytes, a 3x3 window over one channel, where no row is outside and the byte before each window
// can be read: 89 instructions in all.
LINNET_ASSEMBLY_FUNCTION inline void expand_spaced_three(const Spaced&) noexcept {
  __asm__(
      "push {r4-r11, lr}\n"
      "ldrd r4, r5, [r0]\n"
      "ldr r3, [r0, #8]\n"
      "ldr lr, [r0, #32]\n"
      "ldm r4, {r0, r1, r2}\n"
      "sub r5, r5, #1\n"
      "mov r12, #2\n"
      "add r0, r0, r5\n"
      "add r1, r1, r5\n"
      "add r2, r2, r5\n"
      "1:\n"
      "ldr r4, [r0]\n"
      "ldr r5, [r1]\n"
      "ldr r6, [r0, r3]\n"
      "sxtb16 r8, r4, ror #8\n"  // a0, a2
      "ldr r7, [r1, r3]\n"
      "sxtb16 r9, r5, ror #8\n"
      "add r0, r0, r3, lsl #1\n"
      "sxtb16 r4, r4\n"  // before a, a1
      "sxtb16 r10, r6, ror #8\n"
      "add r1, r1, r3, lsl #1\n"
      "sxtb16 r5, r5\n"
      "sxtb16 r11, r7, ror #8\n"
      "sxtb16 r6, r6\n"
      "sxtb16 r7, r7\n"
      "pkhtb r4, r5, r4, asr #16\n"
      "pkhtb r6, r7, r6, asr #16\n"
      "pkhbt r5, r8, r9, lsl #16\n"
      "strd r4, r6, [lr, #16]\n"
      "pkhbt r7, r10, r11, lsl #16\n"
      "ldr r4, [r2]\n"
      "pkhtb r8, r9, r8, asr #16\n"
      "strd r5, r7, [lr]\n"
      "pkhtb r10, r11, r10, asr #16\n"
      "ldr r5, [r2, r3]\n"
      "sxtb16 r6, r4, ror #8\n"
      "strd r8, r10, [lr, #32]\n"
      "sxtb16 r7, r5, ror #8\n"
      "add r2, r2, r3, lsl #1\n"
      "sxtb16 r4, r4\n"
      "sxtb16 r5, r5\n"
      "pkhbt r4, r6, r4\n"
      "asr r6, r6, #16\n"
      "pkhbt r5, r7, r5\n"
      "asr r7, r7, #16\n"
      "strd r4, r5, [lr, #48]\n"
      "subs r12, r12, #1\n"
      "strd r6, r7, [lr, #64]\n"
      "add lr, lr, #8\n"
      "bne 1b\n"
      "pop {r4-r11, pc}\n");
}
#else
inline void expand_spaced(const Spaced& s) noexcept {
  std::uint32_t *to = s.to, *rest = s.rest;
  const std::int8_t* ends[2][kPixels];  // behind the words
  for (std::int32_t run = 0; run < s.left; ++run) {
    const bool outside = s.row[run] == kOutside;
    const std::int8_t** const p = ends[run % 2];
    for (std::int32_t i = 0; i < kPixels; ++i)
      p[i] = outside ? s.zeros : s.first + s.row[run] + i * s.step;
    const std::int32_t back = s.minus_word_bytes;
    to = expand_words(p[0] + back, p[1] + back, p[2] + back, p[3] + back, to, -back / 4);
    if (run % 2 == 1) {
      for (std::int32_t i = 0; i < s.rest_bytes; ++i) rest = put_step(rest, ends[0], p, i, i);
    } else if (run + 1 == s.left) {
      for (std::int32_t i = 0; i < s.rest_bytes; i += 2)
        rest = put_step(rest, p, p, i, i + 1 < s.rest_bytes ? i + 1 : i);
    }
  }
}
inline void expand_spaced_nine(const Spaced& s) noexcept { expand_spaced(s); }
inline void expand_spaced_three(const Spaced& s) noexcept { expand_spaced(s); }
#endif

}  // namespace paired
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
