// Digests of letterboxed frames: rows of random frames in both formats, for colour and grey inputs, as codes and as floats.
// Included by digests.cpp, once, after it has named the runtime's namespace.
#pragma once

#include "linnet/letterbox.h"
#include "tests/kernels/core/seeded.h"

namespace {

template <class T>
void digest_letterbox_as(Digests& digests, const char* name, linnet::PixelFormat format,
                         std::int32_t channels) {
  T tables[3][256];
  for (std::uint32_t index = 0; index < 8; ++index) {
    Numbers numbers{index * 91 + 7};
    fill(input, numbers);
    for (auto& table : tables) {
      for (T& value : table) value = static_cast<T>(numbers.integer(-128, 127));
    }
    const linnet::FrameSize size{numbers.integer(1, 90), numbers.integer(1, 90)};
    const linnet::FrameSize to{numbers.integer(1, 40), numbers.integer(1, 40)};
    const auto pitch = static_cast<std::size_t>(size.width * 3 + numbers.integer(0, 9));
    const linnet::Frame frame{static_cast<const std::uint8_t*>(static_cast<const void*>(input)),
                              size, pitch, format};
    const linnet::PixelCodes<T> codes{{tables[0], tables[1], tables[2]}, channels};
    const linnet::Letterbox box = linnet::fit(size, to);
    auto* row = static_cast<T*>(static_cast<void*>(output));
    Fnv fnv;
    for (std::int32_t y = 0; y < to.height; ++y) {
      linnet::letterbox_row(box, frame, codes, y, row);
      fnv.add(output, to.width * channels * static_cast<std::int32_t>(sizeof(T)));
    }
    fnv.add(linnet::frame_x(box, static_cast<float>(numbers.integer(-50, 450)) * 0.1f));
    fnv.add(linnet::frame_y(box, static_cast<float>(numbers.integer(-50, 450)) * 0.1f));
    digests.add(name, index, fnv.value);
  }
}

void digest_letterboxes(Digests& digests) {
  using linnet::PixelFormat;
  digest_letterbox_as<std::int8_t>(digests, "letterbox rgb888", PixelFormat::rgb888, 3);
  digest_letterbox_as<std::int8_t>(digests, "letterbox rgb565", PixelFormat::rgb565, 3);
  digest_letterbox_as<std::int8_t>(digests, "letterbox grey", PixelFormat::rgb888, 1);
  digest_letterbox_as<float>(digests, "letterbox rgb565 f32", PixelFormat::rgb565, 3);
}

}  // namespace
