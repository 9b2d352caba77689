// Everything that a page shows, from a model (compiled, built and counted in the emulator, compared with float) or from a
// folder that `linnet compile` wrote (what report.json says, and its sources counted in the emulator).
#pragma once

#include <filesystem>

#include "compiler/report/page.h"

namespace linnet {

struct ReportOptions {
  bool profile = true;  // count instructions: needs the cross compiler and the emulator
  std::filesystem::path
      data;  // inputs to compare int8 with float on; empty: as `linnet verify` takes them
  std::size_t samples = 8;  // of them, at most
};

// A budget that is missed is in ReportPage::missed, and no failure.
Result<ReportPage> collect_page(const CompileOptions& compile, const ReportOptions& options,
                                const PipelineHooks& hooks = {});

}  // namespace linnet
