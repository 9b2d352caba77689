// Expands the inputs of four output pixels to steps of 16-bit pairs (conv2d_s8_paired.h has the picture).
#pragma once

#include "linnet/kernels/conv2d_s8_paired.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {
namespace paired {

// `words` whole words (0: none) from p0, p1, p2, p3; returns where the next go. On the core 15 instructions for 16 values.
#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
[[gnu::naked, gnu::noipa, gnu::aligned(8)]] inline std::uint32_t* expand_words(
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

// Copies and fills in words; the barriers keep the compiler from calling memcpy and memset, which go byte by byte in
// newlib-nano.
[[gnu::noinline]] inline void copy_bytes(std::int8_t* to, const std::int8_t* from,
                                         std::int32_t count) noexcept {
#pragma GCC unroll 4
  for (const std::int8_t* const end = from + (count & ~3); from != end; to += 4, from += 4) {
    std::uint32_t word = dsp::load_word(from);
    __asm__("" : "+r"(word));
    dsp::store_word(to, word);
  }
  for (count &= 3; count > 0; --count) {
    std::int32_t byte = *from++;
    __asm__("" : "+r"(byte));
    *to++ = static_cast<std::int8_t>(byte);
  }
}
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
    copy_bytes(to, row + (x + before) * in_c, inside * in_c);
    if (behind > 0) fill_bytes(to + inside * in_c, layer.in_zero, behind * in_c);
    return;
  }
  for (; count > 0; --count, x += layer.dilation_w, to += in_c) {
    if (x < 0 || x >= layer.in_w) {
      fill_bytes(to, layer.in_zero, in_c);
    } else {
      copy_bytes(to, row + x * layer.in_pixel_bytes, in_c);
    }
  }
}

// Where the next value behind a half goes.
inline std::byte* next_half(std::byte* half) noexcept {
  return half + ((reinterpret_cast<std::uintptr_t>(half) & 2) == 0 ? 2 : kStepBytes - 2);
}

// One value of each pixel that is no part of a whole word, as a half of the step at `rest`; returns the next half. A half
// that no value comes to keeps what it has: it meets a weight of 0.
inline std::byte* put_rest(std::byte* rest, const std::int8_t* p0, const std::int8_t* p1,
                           const std::int8_t* p2, const std::int8_t* p3) noexcept {
  const std::int16_t halves[kPixels] = {*p0, *p1, *p2, *p3};
  for (std::int32_t p = 0; p < kPixels; ++p) std::memcpy(rest + 4 * p, &halves[p], 2);
  return next_half(rest);
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
  std::byte* rest;
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
// 28 instructions a run, 15 a word of each pixel, 15 a value behind the words.
[[gnu::naked, gnu::noipa, gnu::aligned(8)]] inline void expand_spaced(const Spaced&) noexcept {
  __asm__(
      "push {r4-r11, lr}\n"
      "sub sp, sp, #32\n"
      "ldm r0, {r4-r12}\n"
      "stm sp, {r4-r11}\n"
      "mov lr, r12\n"
      "1:\n"
      "ldrd r4, r6, [sp]\n"
      "ldrd r7, r12, [sp, #8]\n"
      "ldr r0, [r4], #4\n"
      "str r4, [sp]\n"
      "cmp r0, #0\n"
      "blt 5f\n"
      "add r0, r0, r6\n"
      "2:\n"
      "add r1, r0, r7\n"
      "add r2, r0, r7, lsl #1\n"
      "add r3, r1, r7, lsl #1\n"
      "cmp r12, #0\n"
      "beq 4f\n"
      "3:\n"
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
      "bne 3b\n"
      "4:\n"
      "ldrd r4, r5, [sp, #16]\n"
      "cbz r4, 7f\n"
      "ldr r10, [sp, #28]\n"
      "6:\n"
      "ldrsb r6, [r0, r12]\n"
      "ldrsb r7, [r1, r12]\n"
      "ldrsb r8, [r2, r12]\n"
      "ldrsb r9, [r3, r12]\n"
      "add r12, r12, #1\n"
      "strh r6, [r10]\n"
      "strh r7, [r10, #4]\n"
      "strh r8, [r10, #8]\n"
      "strh r9, [r10, #12]\n"
      "eor r10, r10, #2\n"
      "tst r10, #2\n"
      "it eq\n"
      "addeq r10, r10, #16\n"
      "cmp r12, r4\n"
      "bne 6b\n"
      "str r10, [sp, #28]\n"
      "7:\n"
      "subs r5, r5, #1\n"
      "str r5, [sp, #20]\n"
      "bne 1b\n"
      "add sp, sp, #32\n"
      "pop {r4-r11, pc}\n"
      "5:\n"
      "ldr r0, [sp, #24]\n"
      "mov r7, #0\n"
      "b 2b\n");
}

// The same for runs of nine bytes, a row of a 3x3 window over three channels: 50 instructions a run.
[[gnu::naked, gnu::noipa, gnu::aligned(8)]] inline void expand_spaced_nine(const Spaced&) noexcept {
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
#else
inline void expand_spaced(const Spaced& s) noexcept {
  std::byte* half = s.rest;
  std::uint32_t* to = s.to;
  for (std::int32_t run = 0; run < s.left; ++run) {
    const bool outside = s.row[run] == kOutside;
    const std::int8_t* const rest = outside ? s.zeros : s.first + s.row[run];
    const std::int8_t* const p = rest + s.minus_word_bytes;
    const std::int32_t step = outside ? 0 : s.step;
    to = expand_words(p, p + step, p + 2 * step, p + 3 * step, to, -s.minus_word_bytes / 4);
    for (const std::int8_t* q = rest; q != rest + s.rest_bytes; ++q) {
      half = put_rest(half, q, q + step, q + 2 * step, q + 3 * step);
    }
  }
}
inline void expand_spaced_nine(const Spaced& s) noexcept { expand_spaced(s); }
#endif

}  // namespace paired
}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
