// The larger parts of the page: tables, graphs, and what plan.js draws.
#pragma once

#include "compiler/emit/render.h"
#include "compiler/report/page.h"
#include "compiler/support/json.h"

namespace linnet {

// {{columns}}, {{layers}}, {{totals}}
void add_layer_table(const ReportPage& page, TemplateData& data);
// {{buffers}}
void add_buffer_table(const ReportPage& page, TemplateData& data);
// {{graphs}}, {{passes}}, {{operators}}
void add_graphs(const ReportPage& page, TemplateData& data);

// What templates/report/plan.js reads.
Json plan_data(const ReportPage& page);

}  // namespace linnet
