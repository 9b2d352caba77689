// The report's values for scripts: report.json, what was counted and compared, and what follows of it.
#include <cassert>
#include <cmath>

#include "compiler/report/page.h"
#include "compiler/support/json.h"

namespace linnet {
namespace {

Json quality_json(const std::optional<LayerQuality>& quality) {
  if (!quality) return {};
  return Json::object(
      {{"sqnr_db", std::isfinite(quality->sqnr_db) ? Json(quality->sqnr_db) : Json("exact")},
       {"saturated", quality->saturated},
       {"before_activation", quality->before_activation}});
}

Json finding_json(const Finding& finding) {
  return Json::object({{"kind", finding.kind},
                       {"layer", finding.layer},
                       {"what", finding.what},
                       {"parts", finding.parts},
                       {"remedy", finding.remedy}});
}

Json lines_json(const GraphLines& lines) {
  Json::Array list;
  for (const NodeLine& line : lines)
    list.push_back(Json::object({{"op", line.op},
                                 {"type", line.type},
                                 {"name", line.name},
                                 {"inputs", line.inputs},
                                 {"other", line.other}}));
  return list;
}

Json graphs_json(const GraphStory& story) {
  Json::Array passes, operators;
  for (const PassEffect& effect : story.passes)
    passes.push_back(Json::object({{"pass", effect.pass}, {"nodes", effect.nodes}}));
  for (const OperatorCount& count : story.operators)
    operators.push_back(
        Json::object({{"op", count.op}, {"before", count.before}, {"after", count.after}}));
  return Json::object({{"before", lines_json(story.before)},
                       {"after", lines_json(story.after)},
                       {"passes", std::move(passes)},
                       {"operators", std::move(operators)}});
}

Json read_back(const std::string& text) {
  Result<Json> json = parse_json(text);
  assert(json && "it was written by us");
  return *std::move(json);
}

}  // namespace

std::string to_json(const ReportPage& page) {
  Json::Array missed, quality, findings;
  for (const Diagnostic& diagnostic : page.missed)
    missed.push_back(Json::object(
        {{"code", diagnostic.code}, {"message", diagnostic.message}, {"hint", diagnostic.hint}}));
  for (const std::optional<LayerQuality>& layer : page.quality)
    quality.push_back(quality_json(layer));
  for (const Finding& finding : page.findings) findings.push_back(finding_json(finding));
  const Json json =
      Json::object({{"report", read_back(to_json(page.report))},
                    {"ram_limit_bytes", page.ram_limit},
                    {"flash_limit_bytes", page.flash_limit},
                    {"missed", std::move(missed)},
                    {"profile", page.profile ? read_back(to_json(*page.profile)) : Json()},
                    {"quality", std::move(quality)},
                    {"quality_data", page.quality_data},
                    {"arena_bytes_with_input_rows", page.arena_with_input_rows},
                    {"findings", std::move(findings)},
                    {"graphs", page.graphs ? graphs_json(*page.graphs) : Json()}});
  return to_wrapped_text(json) + "\n";
}

}  // namespace linnet
