// The report of linnet verify as a table for people; see verify.h.
//
//   phinet_96 for stm32h743, on host, g++ 12.2.0 -O2; samples: 16 from images/test
//
//     code     compared with        samples  result
//     float32  float oracle              16  max error 0 of range 21.7 (0.0e+00)                     ok
//     int8     int8 oracle               16  0 of 160 bytes differ                                   ok
//     int8     schedule                      replayed: 472 steps, all rows in place                  ok
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "compiler/emit/text.h"
#include "compiler/verify/verify.h"

namespace linnet {
namespace {

using Out = std::back_insert_iterator<std::string>;

void row(Out out, const std::string& code, const std::string& against, const std::string& samples,
         const std::string& result, const char* verdict) {
  fmt::format_to(out, "  {:<8} {:<20} {:>7}  {:<58} {}\n", code, against, samples, result, verdict);
}
void row(Out out, const std::string& code, const std::string& against, std::size_t samples,
         const std::string& result, const char* verdict) {
  row(out, code, against, std::to_string(samples), result, verdict);
}

const char* verdict(bool holds) { return holds ? "ok" : "FAILED"; }

std::string error_text(const FloatError& error) {
  return fmt::format("max error {:.3g}, {:.2g} of the range {:.4g}", error.max_abs, error.relative,
                     error.range);
}

void print_code(Out out, const VerifyReport& report, const CodeReport& code) {
  if (code.dtype == "int8") {
    row(out, code.dtype, "int8 oracle", code.samples,
        fmt::format("{} of {} bytes differ", code.bytes.differing, code.bytes.total),
        verdict(code.bytes.differing == 0));
  } else {
    row(out, code.dtype, "float oracle", code.samples, error_text(code.oracle),
        verdict(code.oracle.relative <= report.float_tolerance));
  }
  row(out, code.dtype, "schedule", "",
      code.misplaced.empty() ? fmt::format("replayed: {} steps, all rows in place", code.steps)
                             : "replayed: not all rows are in place",
      verdict(code.misplaced.empty()));
  if (!code.stored) return;
  const StoredComparison& stored = *code.stored;
  if (code.dtype != "int8") {
    row(out, code.dtype, "stored outputs", stored.samples, error_text(stored.error),
        verdict(stored.error.relative <= report.float_tolerance));
    return;
  }
  std::string text = fmt::format("SQNR {:.2f} dB", stored.sqnr_db);
  if (stored.step > 0)
    text += fmt::format(", in steps: rms {:.2f}, max {:.0f}",
                        stored.rms / static_cast<double>(stored.step),
                        stored.error.max_abs / static_cast<double>(stored.step));
  row(out, code.dtype, "stored outputs", stored.samples, text, "-");
}

// "214 boxes of 210 matched: F1 0.953 ..., IoU 0.91" against the float oracle's, decoded as the model does.
void print_detection(Out out, const CodeReport& code) {
  if (!code.detection) return;
  const DetectionReport& boxes = *code.detection;
  row(out, code.dtype, "boxes by its maps", code.samples,
      fmt::format("{} boxes; {} samples differ", boxes.found, boxes.differing),
      verdict(boxes.differing == 0));
  row(out, code.dtype, "float oracle's boxes", code.samples,
      fmt::format("{} of {} matched, F1 {:.3f}, IoU {:.3f}, score error {:.3f}", boxes.matched,
                  boxes.expected, boxes.f1(), boxes.mean_iou, boxes.max_score_error),
      "-");
}

void print_board(Out out, const CodeReport& code) {
  if (code.linker_script.empty()) return;
  fmt::format_to(out,
                 "  {:<8} image linked by {}: flash {} bytes (generated {}, start-up and harness "
                 "{}); stack {} of {} bytes{}\n",
                 code.dtype, code.linker_script, code.flash.image_bytes, code.flash.generated_bytes,
                 code.flash.image_bytes - code.flash.generated_bytes, code.stack_bytes,
                 code.stack_bound_bytes,
                 code.stack_bytes > code.stack_bound_bytes ? "  FAILED" : "");
}

void print_top_classes(Out out, const VerifyReport& report) {
  if (report.top_classes.empty()) return;
  fmt::format_to(out, "\n  top classes, by the {} code\n", report.codes.back().dtype);
  std::size_t width = 10;
  for (std::size_t s = 0; s < std::min(report.top_classes.size(), report.sample_names.size()); ++s)
    width = std::max(width, harmless(report.sample_names[s], 40).size());
  for (std::size_t s = 0; s < report.top_classes.size(); ++s) {
    const std::string name =
        s < report.sample_names.size() ? report.sample_names[s] : std::string();
    fmt::format_to(out, "  {:<{}}",
                   name.empty() ? fmt::format("sample {}", s + 1) : harmless(name, 40), width);
    for (const Score& score : report.top_classes[s])
      fmt::format_to(out, "  {} {:.2f}", harmless(score.label, 40), score.value);
    fmt::format_to(out, "\n");
  }
}

void print_layers(Out out, const VerifyReport& report) {
  fmt::format_to(out,
                 "\n  layers, int8 against float, worst first\n"
                 "  {:>4} {:>9} {:>10} {:>22} {:>9} {:>9}  {:<22} {}\n",
                 "", "SQNR dB", "max error", "float range", "step", "saturated", "operator",
                 "node");
  for (const LayerReport& layer : report.layers) {
    if (!layer.compared) {
      fmt::format_to(out, "  {:>4} {:>9} {:>10} {:>22} {:>9} {:>9}  {:<22} {}\n", layer.layer, "-",
                     "-", "-", layer.dtype, "-", layer.op, harmless(layer.node, 60));
      continue;
    }
    fmt::format_to(out, "  {:>4} {:>9.2f} {:>10.3g} {:>22} {:>9.3g} {:>8.2f}%  {:<22} {}\n",
                   layer.layer, layer.sqnr_db, layer.max_abs,
                   fmt::format("{:.4g} .. {:.4g}", layer.lo, layer.hi), layer.step,
                   100 * layer.saturated, layer.op, harmless(layer.node, 60));
  }
}

}  // namespace

std::string to_text(const VerifyReport& report) {
  std::string text;
  const Out out = std::back_inserter(text);
  fmt::format_to(out, "{} for {}, on {}\n  samples: {}\n\n", report.name, report.target,
                 report.machine, report.data);
  fmt::format_to(out, "  {:<8} {:<20} {:>7}  {}\n", "code", "compared with", "samples", "result");
  for (const CodeReport& code : report.codes) {
    print_code(out, report, code);
    print_detection(out, code);
  }
  if (report.int8_to_float) {
    const Similarity& similarity = *report.int8_to_float;
    std::string result =
        fmt::format("cosine {:.5f} (least {:.5f}), SQNR {:.2f} dB", similarity.cosine,
                    similarity.least_cosine, similarity.sqnr_db);
    if (similarity.top1)
      result += fmt::format(", top-1 agreement {:.0f} %", 100 * *similarity.top1);
    row(out, "int8", "float oracle", report.codes.back().samples, result,
        report.min_sqnr_db ? verdict(similarity.sqnr_db >= *report.min_sqnr_db) : "-");
  }
  bool board = false;
  for (const CodeReport& code : report.codes) board = board || !code.linker_script.empty();
  if (board) text += '\n';
  for (const CodeReport& code : report.codes) print_board(out, code);
  print_top_classes(out, report);
  if (report.asked_for_layers) print_layers(out, report);
  for (const std::string& note : report.notes) fmt::format_to(out, "  note: {}\n", note);
  return text;
}

}  // namespace linnet
