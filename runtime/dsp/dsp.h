// The primitives that int8 kernels are written on: loads of words, packed 16-bit arithmetic,
// requantization.
//
// armv7em.h has them as Cortex-M7 instructions, portable.h in plain C++; both give the same bits
// for all inputs, so one kernel source runs under sanitizers on the host and at full speed on the
// core. LINNET_PORTABLE_DSP selects the plain ones everywhere (the tests compare the two on the
// core).
//
// A "pair" is two signed 16-bit numbers in one 32-bit word, "low" in bits 0..15 and "high" in
// bits 16..31:
//
//   word  b3 b2 b1 b0   sxtb16 -> (b0, b2)   sxtb16_ror8 -> (b1, b3)        (low, high)
//   smlad(p, q, acc) = acc + p.low * q.low + p.high * q.high
#pragma once

#if defined(__ARM_FEATURE_SIMD32) && !defined(LINNET_PORTABLE_DSP)
#include "linnet/dsp/armv7em.h"
#else
#include "linnet/dsp/portable.h"
#endif

#include "linnet/dsp/requantize.h"
