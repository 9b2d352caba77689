// The report of linnet verify as JSON; see verify.h. Written by hand: a few fixed shapes do not need a library.
#include <fmt/format.h>

#include <cmath>

#include "compiler/verify/verify.h"

namespace linnet {
namespace {

std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      result += c;
    }
  }
  return result + '"';
}

// JSON has no infinity: what is exact has no SQNR.
std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{:.9g}", value) : std::string("null");
}

// An object on one line: field("a", "1") ... text().
class Object {
 public:
  Object& raw(std::string_view key, std::string_view value) {
    text_ += fmt::format("{}{}: {}", text_.empty() ? "" : ", ", json_string(key), value);
    return *this;
  }
  Object& set(std::string_view key, std::string_view value) { return raw(key, json_string(value)); }
  Object& set(std::string_view key, double value) { return raw(key, number(value)); }
  Object& set(std::string_view key, std::int64_t value) {
    return raw(key, fmt::format("{}", value));
  }
  Object& set(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  std::string text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

template <class Items, class Convert>
std::string array(const Items& items, Convert&& convert) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "\n    " : ",\n    ") + convert(item);
  return text.empty() ? "[]" : "[" + text + "\n  ]";
}

std::string json_of(const FloatError& error) {
  return Object()
      .set("max_abs", error.max_abs)
      .set("range", error.range)
      .set("relative", error.relative)
      .text();
}

std::string json_of(const CodeReport& code) {
  Object object;
  object.set("dtype", code.dtype)
      .set("samples", static_cast<std::int64_t>(code.samples))
      .set("bytes", code.bytes.total)
      .set("bytes_differing", code.bytes.differing)
      .raw("oracle", json_of(code.oracle))
      .raw("schedule",
           Object().set("steps", code.steps).set("in_place", code.misplaced.empty()).text());
  if (code.stored)
    object.raw("stored", Object()
                             .set("samples", static_cast<std::int64_t>(code.stored->samples))
                             .raw("error", json_of(code.stored->error))
                             .set("sqnr_db", code.stored->sqnr_db)
                             .set("rms", code.stored->rms)
                             .set("step", static_cast<double>(code.stored->step))
                             .text());
  if (code.detection)
    object.raw("detection", Object()
                                .set("samples_differing", code.detection->differing)
                                .set("expected", code.detection->expected)
                                .set("found", code.detection->found)
                                .set("matched", code.detection->matched)
                                .set("precision", code.detection->precision())
                                .set("recall", code.detection->recall())
                                .set("f1", code.detection->f1())
                                .set("mean_iou", code.detection->mean_iou)
                                .set("max_score_error", code.detection->max_score_error)
                                .text());
  if (code.first_difference) {
    const FirstDifference& first = *code.first_difference;
    object.raw("first_difference", Object()
                                       .set("layer", static_cast<std::int64_t>(first.layer))
                                       .set("node", first.node)
                                       .set("op", first.op)
                                       .set("kernel", first.kernel)
                                       .set("row", first.row)
                                       .set("column", first.x)
                                       .set("channel", first.channel)
                                       .set("value", first.value)
                                       .set("expected", first.expected)
                                       .text());
  }
  if (!code.linker_script.empty())
    object.set("linker_script", code.linker_script)
        .set("stack_bytes", code.stack_bytes)
        .set("stack_bound_bytes", code.stack_bound_bytes)
        .set("image_flash_bytes", code.flash.image_bytes)
        .set("generated_flash_bytes", code.flash.generated_bytes);
  return object.text();
}

std::string json_of(const LayerReport& layer) {
  Object object;
  object.set("layer", static_cast<std::int64_t>(layer.layer))
      .set("node", layer.node)
      .set("op", layer.op)
      .set("kernel", layer.kernel)
      .set("dtype", layer.dtype);
  if (layer.compared)
    object.set("sqnr_db", layer.sqnr_db)
        .set("max_abs", layer.max_abs)
        .set("lo", static_cast<double>(layer.lo))
        .set("hi", static_cast<double>(layer.hi))
        .set("step", static_cast<double>(layer.step))
        .set("saturated", layer.saturated);
  return object.text();
}

std::string json_of(const Diagnostic& failure) {
  return Object()
      .set("code", failure.code)
      .set("node", failure.node)
      .set("message", failure.message)
      .set("hint", failure.hint)
      .text();
}

}  // namespace

std::string to_json(const VerifyReport& report) {
  std::string text = "{\n";
  const auto member = [&](std::string_view key, const std::string& value, bool last = false) {
    text += fmt::format("  {}: {}{}\n", json_string(key), value, last ? "" : ",");
  };
  member("name", json_string(report.name));
  member("target", json_string(report.target));
  member("machine", json_string(report.machine));
  member("data", json_string(report.data));
  member("float_tolerance", number(report.float_tolerance));
  member("codes", array(report.codes, [](const CodeReport& code) { return json_of(code); }));
  if (report.int8_to_float) {
    Object similarity;
    similarity.set("cosine", report.int8_to_float->cosine)
        .set("least_cosine", report.int8_to_float->least_cosine)
        .set("sqnr_db", report.int8_to_float->sqnr_db)
        .set("max_abs", report.int8_to_float->max_abs)
        .set("rms", report.int8_to_float->rms);
    if (report.int8_to_float->top1) similarity.set("top1_agreement", *report.int8_to_float->top1);
    member("int8_to_float", similarity.text());
  }
  if (report.asked_for_layers)
    member("layers", array(report.layers, [](const LayerReport& layer) { return json_of(layer); }));
  if (!report.top_classes.empty())
    member("top_classes", array(report.top_classes, [](const std::vector<Score>& scores) {
             Object sample;
             for (const Score& score : scores)
               sample.set(score.label, static_cast<double>(score.value));
             return sample.text();
           }));
  member("notes", array(report.notes, [](const std::string& note) { return json_string(note); }));
  member("failures",
         array(report.failures, [](const Diagnostic& failure) { return json_of(failure); }));
  member("ok", report.failures.empty() ? "true" : "false", true);
  return text + "}\n";
}

}  // namespace linnet
