// Builds generated networks, with a harness around them, into one program for the host or the emulated board.
//
//   FOLDER/linnet/...             the runtime files that any of them needs
//   FOLDER/NAME/NAME.cpp ...      the generated files of each network
//   FOLDER/harness/...            templates/harness: reads inputs, runs, writes outputs
//   FOLDER/image
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compiler/emit/emit.h"
#include "compiler/support/result.h"
#include "compiler/verify/toolchain.h"

namespace linnet {

inline constexpr std::int64_t kDetectionCapacity = 100;  // boxes of a sample

// How detect() is called.
struct DetectionUnderTest {
  float score_threshold = 0, iou_threshold = 0;
  std::int64_t capacity = 0;
  std::int64_t detection_bytes = 0;  // sizeof(Detection)
  std::int64_t mask_bytes = 0;       // of detection_mask(); 0: there are no masks
};

// A generated network and what the harness must know of it.
struct NetworkUnderTest {
  std::string name;                                  // its namespace
  Files files;                                       // as emitted
  std::vector<std::string> banks;                    // the members of Arenas
  std::vector<TensorType> inputs, outputs;           // on the device
  bool input_rows = false;                           // the input is given row by row
  std::optional<DetectionUnderTest> detection = {};  // detect() follows each run()
};

enum class LinkerScript { banks, open };
const char* file_name(LinkerScript script);  // "banks.ld"

// The target's true banks where the board has them, all memory otherwise.
LinkerScript linker_script_for(std::string_view target);

struct BuildOptions {
  bool trace = false;                        // with LINNET_TRACE: rows of every layer are stored
  bool profile = false;                      // with marks for `linnet profile`
  LinkerScript script = LinkerScript::open;  // of the emulated board
  std::size_t networks_per_unit = 8;         // many small networks to a translation unit save time
  std::vector<std::string> extra_flags;      // of compiler and linker
};

struct FlashUse {
  std::int64_t image_bytes = 0;  // everything that is in flash
  std::int64_t generated_bytes =
      0;  // of that, what was generated; the rest is start-up and harness
};

struct Image {
  std::filesystem::path folder;  // the program runs here
  std::filesystem::path executable;
  FlashUse flash;  // zero on the host
};

// Writes everything below `folder`, which exists, and builds. What does not compile or link is our defect (E910).
Result<Image> build(const std::vector<NetworkUnderTest>& networks,
                    const std::filesystem::path& folder, const Toolchain& tools,
                    const BuildOptions& options);

}  // namespace linnet
