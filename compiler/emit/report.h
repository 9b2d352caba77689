// The report: what a compilation gave, as plain numbers; report.json is this struct.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compiler/emit/code_costs.h"
#include "compiler/emit/emit.h"
#include "compiler/emit/report_plan.h"
#include "compiler/support/result.h"

namespace linnet {

struct ReportBank {
  std::string name;
  std::int64_t used_bytes = 0;
  std::optional<std::int64_t> size_bytes;
};

struct ReportLayer {
  std::string name, op, kernel;
  Shape output_shape;
  std::string dtype;
  std::string weights_format;  // "int8", "int4", "float32"; empty without weights
  std::int64_t macs = 0, weights_bytes = 0, output_bytes = 0, scratch_bytes = 0;
  std::int64_t first_step = 0, last_step = 0;  // of the calls that make it
  std::optional<float> scale{};                // of an output with one scale for all channels
  std::int32_t zero_point = 0;
};

struct ReportPort {
  std::string name, dtype;
  Shape shape;  // on the device
  float scale = 1;
  std::int32_t zero_point = 0;
  // Of an input that is mapped by column (compiler/ir/columns.h): what its header calls kInputColumnScale and Offset.
  std::vector<float> column_scale{}, column_offset{};
};

struct ReportFrontEnd {
  std::string kind;  // "log-mel"
  std::int64_t rate = 0, n_fft = 0, hop = 0, mels = 0, frames = 0, clip_samples = 0;
  double low_hz = 0, high_hz = 0, scale = 1, offset = 0;
  std::int64_t arena_bytes = 0, tables_bytes = 0;  // counted in those of the whole
};

struct ReportDetection {
  std::string kind;  // "boxes", "masks", "keypoints"
  std::int64_t classes = 0;
  struct Level {
    std::int64_t width = 0, height = 0;
    double stride = 0;
  };
  std::vector<Level> levels;
  std::int64_t scratch_bytes = 0;  // of detect(), in the arenas, where a run needs nothing any more
  std::int64_t detection_bytes = 0;  // sizeof(Detection)
  std::int64_t mask_bytes = 0;       // of one mask; 0 without masks
};

struct Report {
  std::string tool_version, name, target, dtype;  // dtype: "int8" or "float32"
  PackageKind package = PackageKind::cmake;       // the layout of the folder
  std::string sha256, producer;
  std::int64_t opset = 0, parameters = 0, macs = 0;
  std::int64_t arena_bytes = 0, lower_bound_bytes = 0, whole_tensor_bytes = 0, stack_bytes = 0;
  std::string peak_layer;
  ReportPlan plan;
  std::vector<ReportBank> banks;
  std::int64_t weights_bytes = 0, tables_bytes = 0, schedule_bytes = 0, code_bytes = 0;
  std::int64_t labels = 0, labels_bytes = 0;  // of a zero-shot classifier
  std::vector<std::string> unmeasured_kernels;
  std::vector<ReportPort> inputs, outputs;
  bool input_rows = false;  // the application gives the input row by row
  std::optional<ReportFrontEnd> front_end;
  std::optional<std::int64_t>
      camera_table_bytes;                    // with the camera front end; counted in tables_bytes
  std::optional<ReportDetection> detection;  // there is a detect()
  std::vector<ReportLayer> layers;
  std::vector<std::string> notes;

  std::int64_t flash_bytes() const {
    return weights_bytes + tables_bytes + schedule_bytes + code_bytes + labels_bytes;
  }
  std::int64_t ram_bytes() const { return arena_bytes + stack_bytes; }
};

Report make_report(const Network& network, const CodeCosts& costs);
void add_labels(Report& report, const std::optional<LabelSet>& labels);
// The camera front end, whose table of pixels takes so much.
void add_camera(Report& report, std::int64_t table_bytes);

std::string to_json(const Report& report);
// E503 when DIR/report.json is missing or not one of ours.
Result<Report> read_report(const std::filesystem::path& folder);

}  // namespace linnet
