// See report_plan.h.
#include "compiler/emit/report_plan.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

namespace linnet {
namespace {

ReportBuffer buffer_of(const Program& program, const Plan& plan, const Placement& place) {
  ReportBuffer made;
  constexpr std::string_view kScratchOf = "scratch of ";
  made.name = place.name;
  if (place.is_scratch && made.name.starts_with(kScratchOf)) made.name.erase(0, kScratchOf.size());
  made.bank = place.bank;
  made.offset = place.offset;
  made.bytes = place.bytes;
  made.rows = made.tensor_rows = place.capacity_rows;
  made.first_step = place.first_step;
  made.last_step = place.last_step;
  const bool front_end = plan.front_end >= 0 &&
                         &place == &plan.placements.at(static_cast<std::size_t>(plan.front_end));
  made.kind = front_end ? "front_end" : place.is_scratch ? "scratch" : "tensor";
  if (!place.buffer.valid()) return made;
  const Buffer& buffer = program.buffers[place.buffer];
  made.tensor_rows = std::max(buffer.rows, place.capacity_rows);
  if (buffer.is_input) made.kind = "input";
  if (buffer.is_output) made.kind = "output";
  return made;
}

std::pair<std::int64_t, std::int64_t> pair_from(const Json& json) {
  const std::vector<std::int64_t> numbers = json.integers();
  if (numbers.size() != 2) throw JsonError{"a list is not of two numbers"};
  return {numbers[0], numbers[1]};
}

// An index into a list of `size`.
std::int64_t index_from(const Json& json, std::size_t size) {
  const std::int64_t index = json.integer();
  if (index < 0 || index >= static_cast<std::int64_t>(size))
    throw JsonError{"an index is out of its list"};
  return index;
}

}  // namespace

ReportPlan make_report_plan(const Program& program, const Plan& plan) {
  ReportPlan made;
  made.peak_step = plan.peak_step;
  for (const Step& step : plan.steps)
    made.step_layers.push_back(step.call.valid() ? static_cast<std::int64_t>(step.call.index())
                                                 : -1);
  for (const Segment& segment : plan.segments) {
    if (segment.first == segment.last) continue;
    made.segments.push_back({segment.first_step, static_cast<std::int64_t>(segment.first.index()),
                             static_cast<std::int64_t>(segment.last.index()), segment.block_rows});
  }
  for (const Placement& place : plan.placements)
    made.buffers.push_back(buffer_of(program, plan, place));
  for (const PlacedChase& chase : plan.chases)
    made.sharing.push_back({chase.grows, chase.dies, chase.gap_bytes});
  if (plan.after_run) {
    ReportBuffer after = buffer_of(program, plan, *plan.after_run);
    after.kind = "after_run";
    after.first_step = after.last_step = static_cast<std::int64_t>(plan.steps.size());
    made.buffers.push_back(std::move(after));
  }
  return made;
}

std::vector<std::int64_t> live_bytes(const ReportPlan& plan) {
  std::vector<std::int64_t> live(plan.step_layers.size(), 0);
  const auto add = [&](std::int64_t first, std::int64_t last, std::int64_t bytes) {
    const auto end = std::min(last + 1, static_cast<std::int64_t>(live.size()));
    for (std::int64_t step = std::max<std::int64_t>(first, 0); step < end; ++step)
      live[static_cast<std::size_t>(step)] += bytes;
  };
  for (const ReportBuffer& buffer : plan.buffers)
    add(buffer.first_step, buffer.last_step, buffer.bytes);
  for (const ReportSharing& sharing : plan.sharing) {
    const ReportBuffer& grows = plan.buffers[static_cast<std::size_t>(sharing.grows)];
    const ReportBuffer& dies = plan.buffers[static_cast<std::size_t>(sharing.dies)];
    const std::int64_t together = std::max(sharing.gap_bytes + dies.bytes, grows.bytes);
    add(std::max(grows.first_step, dies.first_step), std::min(grows.last_step, dies.last_step),
        together - grows.bytes - dies.bytes);
  }
  return live;
}

Json plan_json(const ReportPlan& plan) {
  using Numbers = std::vector<std::int64_t>;
  Json::Array segments, buffers, sharing;
  for (const ReportSegment& segment : plan.segments)
    segments.push_back(Json::object({{"first_step", segment.first_step},
                                     {"layers", Numbers{segment.first_layer, segment.last_layer}},
                                     {"block_rows", segment.block_rows}}));
  for (const ReportBuffer& buffer : plan.buffers) {
    Json json = Json::object({{"name", buffer.name},
                              {"kind", buffer.kind},
                              {"bank", buffer.bank},
                              {"offset", buffer.offset},
                              {"bytes", buffer.bytes},
                              {"steps", Numbers{buffer.first_step, buffer.last_step}},
                              {"rows", buffer.rows}});
    if (buffer.tensor_rows != buffer.rows) json.set("tensor_rows", buffer.tensor_rows);
    buffers.push_back(std::move(json));
  }
  for (const ReportSharing& shared : plan.sharing)
    sharing.push_back(Json::object(
        {{"grows", shared.grows}, {"dies", shared.dies}, {"gap_bytes", shared.gap_bytes}}));
  return Json::object({{"peak_step", plan.peak_step},
                       {"step_layers", plan.step_layers},
                       {"segments", std::move(segments)},
                       {"buffers", std::move(buffers)},
                       {"sharing", std::move(sharing)}});
}

ReportPlan plan_from(const Json& json) {
  ReportPlan plan;
  plan.peak_step = json.at("peak_step").integer();
  plan.step_layers = json.at("step_layers").integers();
  for (const Json& entry : json.at("segments").array()) {
    ReportSegment segment;
    segment.first_step = entry.at("first_step").integer();
    std::tie(segment.first_layer, segment.last_layer) = pair_from(entry.at("layers"));
    segment.block_rows = entry.at("block_rows").integer();
    plan.segments.push_back(segment);
  }
  for (const Json& entry : json.at("buffers").array()) {
    ReportBuffer buffer;
    buffer.name = entry.at("name").text();
    buffer.kind = entry.at("kind").text();
    buffer.bank = entry.at("bank").integer();
    buffer.offset = entry.at("offset").integer();
    buffer.bytes = entry.at("bytes").integer();
    buffer.rows = entry.at("rows").integer();
    buffer.tensor_rows = entry.integer_or("tensor_rows", buffer.rows);
    std::tie(buffer.first_step, buffer.last_step) = pair_from(entry.at("steps"));
    plan.buffers.push_back(std::move(buffer));
  }
  for (const Json& entry : json.at("sharing").array())
    plan.sharing.push_back({index_from(entry.at("grows"), plan.buffers.size()),
                            index_from(entry.at("dies"), plan.buffers.size()),
                            entry.at("gap_bytes").integer()});
  return plan;
}

}  // namespace linnet
