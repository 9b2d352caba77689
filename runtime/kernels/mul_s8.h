// Product of two int8 tensors, tensor by tensor, by a gate or vector of channels, or by one code for all channels of a pixel;
// four elements a word. Runs in place.
//
//   words a3 a2 a1 a0, b3 b2 b1 b0     SXTAB16 and SXTAB16 ROR #8 take the zero points off: pairs (a0,a2) (a1,a3) ...
//   code                               SMULBB or SMULTT, SMMLA, ASR, SSAT, STRB
//
// 29 instructions for four elements; 18 cycles as llvm-mca models them. Where the shift is below 33 (a real multiplier of 1/4
// and more) products are shifted up to meet 33 first, in C++; below 19 (4096 and more) it goes element by element.
#pragma once

#include "linnet/kernels/binary_rows.h"

namespace linnet {
inline namespace LINNET_VERSION_NAMESPACE {

struct mul_s8 {
  using Layer = BinaryS8;
  static constexpr const char* name = "mul_s8";
  static constexpr bool supports(const Layer& layer) noexcept { return layer.function == 1; }
  static constexpr std::int32_t scratch_bytes(const Layer&) noexcept { return 0; }

  static void run(const Layer& layer, const Io& io, std::int32_t first_row,
                  std::int32_t row_count) noexcept {
    const dsp::Requantizer requantize(layer.shift, layer.out_zero, -128, 127);
    const dsp::Requantizer in_words(layer.shift < 33 ? 33 : layer.shift, layer.out_zero, -128, 127);
    const bool swapped = detail::change_places(layer);
    const std::int32_t za = swapped ? layer.b_zero : layer.a_zero;
    const std::int32_t zb = swapped ? layer.a_zero : layer.b_zero;
    const Self self{layer, requantize};
    Parameters parameters{nullptr,
                          dsp::pair(-za, -za),
                          dsp::pair(-zb, -zb),
                          layer.multiplier_a,
                          in_words.addend,
                          static_cast<std::uint32_t>(in_words.rest | detail::word_step(layer) << 8),
                          layer.shift < 33 ? 33 - layer.shift : 0};
    detail::for_each_word_row(layer, io, first_row, row_count,
                              {words_of(layer), &parameters, &parameters.end, &element, &self});
  }

 private:
  struct Self {
    const Layer& layer;
    const dsp::Requantizer& requantize;
  };
  static std::int32_t element(const void* self, std::int32_t a, std::int32_t b) noexcept {
    const Self& s = *static_cast<const Self*>(self);
    return s.requantize((a - s.layer.a_zero) * (b - s.layer.b_zero), s.layer.multiplier_a);
  }

  struct Parameters {
    const std::int8_t* end;  // of a
    std::uint32_t minus_a_zero, minus_b_zero;
    std::int32_t multiplier, addend;
    std::uint32_t rest;  // and b's step, eight bits higher
    std::int32_t up;     // what the shift lacks to 33
  };

  using Words = void (*)(const std::int8_t*, const std::int8_t*, std::int8_t*, const void*);
  static Words words_of(const Layer& layer) noexcept {
    if (layer.shift >= 33) return detail::kWordsAssembly ? &mul_words : nullptr;
    return layer.shift >= 19 ? &mul_words_up : nullptr;  // a product has 17 bits
  }

  // As mul_words, for shifts below 33.
  [[gnu::noinline]] static void mul_words_up(const std::int8_t* a, const std::int8_t* b,
                                             std::int8_t* y, const void* parameters) noexcept {
    const Parameters& p = *static_cast<const Parameters*>(parameters);
    const std::int8_t* const end = p.end;
    const std::uint32_t za = p.minus_a_zero, zb = p.minus_b_zero, step = p.rest >> 8;
    const std::int32_t multiplier = p.multiplier, addend = p.addend;
    const std::int32_t rest = static_cast<std::int32_t>(p.rest & 0xffu);
    const std::int32_t factor = 1 << p.up;
    const auto code = [=](std::int32_t product) {
      return static_cast<std::int8_t>(
          dsp::ssat8(dsp::smmla(product * factor, multiplier, addend) >> rest));
    };
    for (; a != end; a += 4, b += step, y += 4) {
      const std::uint32_t wa = dsp::load_word(a), wb = dsp::load_word(b);
      const std::uint32_t a02 = dsp::sxtab16(za, wa), a13 = dsp::sxtab16_ror8(za, wa);
      const std::uint32_t b02 = dsp::sxtab16(zb, wb), b13 = dsp::sxtab16_ror8(zb, wb);
      const std::int8_t code0 = code(dsp::smulbb(a02, b02)), code1 = code(dsp::smulbb(a13, b13));
      const std::int8_t code2 = code(dsp::smultt(a02, b02)), code3 = code(dsp::smultt(a13, b13));
      y[0] = code0, y[1] = code1, y[2] = code2, y[3] = code3;
    }
  }

#ifdef LINNET_WORDS_ASSEMBLY
  // r0 a, r1 b, r2 y, r3 end, r4 and r5 zero points, r6 multiplier, r7 addend, r8 rest and step. At least one word.
  // clang-format off
  LINNET_ASSEMBLY_FUNCTION static void mul_words(const std::int8_t* /*a*/, const std::int8_t* /*b*/,
                                                   std::int8_t* /*y*/,
                                                   const void* /*parameters*/) noexcept {
    __asm__(
      "push {r4-r11, lr}\n"
      "ldm r3, {r3-r8}\n"
      ".p2align 2\n"
      "1:\n"
      "ldr r10, [r1]\n"
      "add r1, r1, r8, lsr #8\n"
      "ldr r9, [r0], #4\n"
      "sxtab16 r12, r5, r10\n"
      "sxtab16 r11, r4, r9\n"
      "sxtab16 r10, r5, r10, ror #8\n"
      "smulbb lr, r11, r12\n"
      "sxtab16 r9, r4, r9, ror #8\n"
      "smultt r11, r11, r12\n"
      "smmla lr, lr, r6, r7\n"
      "smulbb r12, r9, r10\n"
      "asr lr, lr, r8\n"
      "smmla r11, r11, r6, r7\n"
      "ssat lr, #8, lr\n"
      "smmla r12, r12, r6, r7\n"
      "asr r11, r11, r8\n"
      "smultt r9, r9, r10\n"
      "asr r12, r12, r8\n"
      "strb lr, [r2], #4\n"
      "smmla r9, r9, r6, r7\n"
      "ssat r12, #8, r12\n"
      "asr r9, r9, r8\n"
      "cmp r0, r3\n"
      "ssat r9, #8, r9\n"
      "strb r12, [r2, #-3]\n"
      "ssat r11, #8, r11\n"
      "strb r9, [r2, #-1]\n"
      "strb r11, [r2, #-2]\n"
      "bne 1b\n"
      "pop {r4-r11, pc}\n");
  }
  // clang-format on
#else
  static void mul_words(const std::int8_t*, const std::int8_t*, std::int8_t*,
                        const void*) noexcept {}
#endif
};

}  // namespace LINNET_VERSION_NAMESPACE
}  // namespace linnet
