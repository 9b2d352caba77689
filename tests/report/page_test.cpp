// `linnet report` without a browser: what is collected, that it adds up, and that pages and Markdown say it. check_page.py looks
// at the page itself.
#include <fmt/format.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <iterator>

#include "compiler/report/collect.h"
#include "compiler/report/page_text.h"
#include "compiler/support/write_files.h"
#include "compiler/verify/subprocess.h"
#include "compiler/verify/temporary_folder.h"
#include "tests/support/model_files.h"

namespace linnet {
namespace {

namespace fs = std::filesystem;
using namespace testing;

CompileOptions phinet_options() {
  CompileOptions options;
  options.model = models_folder() / "phinet_96/phinet_96.onnx";
  options.samples = feeding(models_folder() / "phinet_96/model.json");
  options.calibrate = {models_folder() / "images/calibration"};
  options.target = "stm32h743";
  return options;
}

CompileOptions detector_options() {
  CompileOptions options;
  options.model = models_folder() / "yolophinet_256/yolophinet_256.onnx";
  options.samples = feeding(models_folder() / "yolophinet_256/model.json");
  options.calibrate = {models_folder() / "detection_images/calibration"};
  options.target = "stm32h743";
  return options;
}

ReportPage collected(const CompileOptions& compile, bool with_profile = false) {
  ReportOptions options;
  options.profile = with_profile;
  Result<ReportPage> page = collect_page(compile, options);
  if (!page) FAIL(format(page.diagnostics()));
  return *std::move(page);
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
    ++found;
  return found;
}

// What must hold of every plan in a report.
void check_plan_of(const Report& report) {
  const ReportPlan& plan = report.plan;
  const std::vector<std::int64_t> live = live_bytes(plan);
  REQUIRE(live.size() == plan.step_layers.size());
  CHECK(*std::max_element(live.begin(), live.end()) == report.lower_bound_bytes);
  CHECK(live.at(static_cast<std::size_t>(plan.peak_step)) == report.lower_bound_bytes);
  std::vector<std::int64_t> highest(report.banks.size(), 0);
  for (const ReportBuffer& buffer : plan.buffers) {
    INFO(buffer.name);
    const auto bank = static_cast<std::size_t>(buffer.bank);
    highest.at(bank) = std::max(highest.at(bank), buffer.offset + buffer.bytes);
    CHECK(buffer.rows <= buffer.tensor_rows);
    CHECK(buffer.first_step <= buffer.last_step);
  }
  for (std::size_t b = 0; b < report.banks.size(); ++b) {
    INFO(report.banks[b].name);
    CHECK(highest[b] <= report.banks[b].used_bytes);
    CHECK(report.banks[b].used_bytes < highest[b] + 32);
  }
  for (std::size_t i = 0; i < report.layers.size(); ++i) {
    const auto& steps = plan.step_layers;
    const auto layer = static_cast<std::int64_t>(i);
    const auto first = std::find(steps.begin(), steps.end(), layer);
    REQUIRE(first != steps.end());
    CHECK(first - steps.begin() == report.layers[i].first_step);
    const auto last = std::find(steps.rbegin(), steps.rend(), layer);
    CHECK(steps.rend() - last - 1 == report.layers[i].last_step);
  }
}

TEST_CASE("report: the plan in report.json adds up, is read back and stays short") {
  for (const bool rows : {false, true}) {
    CompileOptions options = phinet_options();
    options.calibrate = {models_folder() / "images/calibration/coffee_cup.png"};
    options.plan.input_rows = rows;
    const Result<Compiled> made = compile_network(options);
    REQUIRE(made);
    check_plan_of(made->report);
    const std::string& text = made->files.at("report.json");
    CHECK(text.size() < 60'000);
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "report.json") << text;
    const Result<Report> read = read_report(folder.path());
    REQUIRE(read);
    CHECK(to_json(*read) == text);
    check_plan_of(*read);
    const auto given =
        std::count(made->report.plan.step_layers.begin(), made->report.plan.step_layers.end(), -1);
    CHECK((given > 0) == rows);
  }
}

TEST_CASE("report: a report.json whose plan names what is not there is refused") {
  const Result<Compiled> made = compile_network([] {
    CompileOptions options = phinet_options();
    options.calibrate = {models_folder() / "images/calibration/coffee_cup.png"};
    return options;
  }());
  REQUIRE(made);
  const auto refused = [&](const std::string& what, const std::string& with) {
    std::string text = made->files.at("report.json");
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    text.replace(at, what.size(), with);
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "report.json") << text;
    const Result<Report> read = read_report(folder.path());
    return !read && read.diagnostics().front().code == "E503";
  };
  CHECK(refused("\"peak_step\": 0", "\"peak_step\": 4711"));
  CHECK(refused("\"bank\": 0", "\"bank\": 17"));
  CHECK(refused("\"layers\": [6, 8]", "\"layers\": [6, 800]"));
  CHECK(refused("\"steps\": [0, 0]", "\"steps\": [0]"));
  CHECK(!refused("\"bank\": 0", "\"bank\": 1"));
}

TEST_CASE("report: the next peak leaves out the segment of the peak") {
  ReportPlan plan;
  plan.step_layers = {0, 1, 2, 1, 2, 3};
  plan.segments = {{1, 1, 2, 4}};
  const auto buffer = [&](std::int64_t bytes, std::int64_t first, std::int64_t last) {
    ReportBuffer made;
    made.bytes = bytes;
    made.first_step = first;
    made.last_step = last;
    plan.buffers.push_back(made);
  };
  buffer(100, -1, 1);
  buffer(50, 0, 5);
  buffer(40, 2, 4);
  buffer(70, 3, 3);
  plan.peak_step = 3;
  CHECK(live_bytes(plan) == std::vector<std::int64_t>{150, 150, 90, 160, 90, 50});
  CHECK(next_peak_bytes(plan) == 150);
  plan.segments = {{0, 0, 2, 4}};
  CHECK(next_peak_bytes(plan) == 50);
  // The third grows into where the fourth dies: of both only so much is live.
  plan.sharing = {{2, 3, 8}};
  CHECK(live_bytes(plan)[3] == 50 + 78);
}

TEST_CASE("report: what phinet_96 costs, and what to change") {
  const ReportPage page = collected(phinet_options(), true);
  REQUIRE(page.findings.size() == 4);
  const auto finding = [&](const std::string& kind) {
    const auto found = std::find_if(page.findings.begin(), page.findings.end(),
                                    [&](const Finding& f) { return f.kind == kind; });
    REQUIRE(found != page.findings.end());
    return *found;
  };
  const std::vector<ReportLayer>& layers = page.report.layers;
  CHECK(layers[finding("RAM").layer.value()].name == page.report.peak_layer);
  for (const ReportLayer& layer : layers)
    CHECK(layer.weights_bytes <= layers[finding("flash").layer.value()].weights_bytes);
  REQUIRE(page.profile);
  REQUIRE(page.profile->layers.size() == layers.size());
  for (const LayerProfile& layer : page.profile->layers)
    CHECK(layer.instructions <= page.profile->layers[finding("speed").layer.value()].instructions);
  REQUIRE(page.quality.size() == layers.size());
  for (const auto& quality : page.quality)
    if (quality && !quality->before_activation)
      CHECK(quality->sqnr_db >= page.quality[finding("accuracy").layer.value()]->sqnr_db);
  CHECK(page.missed.empty());

  // What --input rows is said to save is what it saves.
  CompileOptions by_rows = phinet_options();
  by_rows.plan.input_rows = true;
  const Result<Compiled> made = compile_network(by_rows);
  REQUIRE(made);
  CHECK(page.arena_with_input_rows == made->report.arena_bytes);
  CHECK_THAT(finding("RAM").remedy, Catch::Contains("--input rows"));

  // All of it is on the page and in the Markdown, and the same twice.
  const std::string html = to_html(page);
  CHECK(html == to_html(page));
  CHECK(count(html, "<tr id=\"layer-") == layers.size());
  CHECK(count(html, "http:") + count(html, "https:") + count(html, "url(") + count(html, "src=") ==
        0);
  CHECK(count(html, "{{") == 0);
  const std::string markdown = to_markdown(page);
  CHECK_THAT(markdown, Catch::Contains("| **RAM** | **31."));
  CHECK_THAT(markdown, Catch::Contains("instructions** (counted)"));
  CHECK(count(markdown, "<details>") == 2);
  CHECK(count(markdown, "<details>") == count(markdown, "</details>"));
  const Result<Json> json = parse_json(to_json(page));
  REQUIRE(json);
  CHECK(json->at("report").at("layers").array().size() == layers.size());
  CHECK(json->at("profile").at("instructions").integer() == page.profile->instructions);
}

TEST_CASE("report: graphs before and after the passes are paired") {
  const ReportPage page = collected(detector_options());
  REQUIRE(page.graphs);
  const GraphStory& story = *page.graphs;
  const auto nodes = [](const GraphLines& lines) {
    return std::count_if(lines.begin(), lines.end(), [](const NodeLine& line) {
      return line.op != "input" && line.op != "output";
    });
  };
  std::int64_t change = 0;
  for (const PassEffect& effect : story.passes) change += effect.nodes;
  CHECK(nodes(story.before) + change == nodes(story.after));
  CHECK(nodes(story.after) < nodes(story.before));
  std::int64_t before = 0, after = 0;
  for (const OperatorCount& operators : story.operators) {
    before += operators.before;
    after += operators.after;
  }
  CHECK(before == nodes(story.before));
  CHECK(after == nodes(story.after));
  const auto check_lines = [](const GraphLines& lines, const GraphLines& others) {
    std::size_t paired = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (const std::size_t input : lines[i].inputs) CHECK(input < i);
      CHECK(lines[i].other.has_value() == (lines[i].fate != NodeLine::Fate::only_here));
      if (!lines[i].other) continue;
      ++paired;
      CHECK(others.at(*lines[i].other).other == i);
      CHECK(others.at(*lines[i].other).name == lines[i].name);
    }
    CHECK(paired > 100);
  };
  check_lines(story.before, story.after);
  check_lines(story.after, story.before);
  check_plan_of(page.report);

  // A comment on a pull request holds so much.
  CHECK(to_markdown(page).size() < 65'536);
  CHECK(to_html(page).size() < 1'500'000);
}

TEST_CASE("report: a missed budget gives the page all the same") {
  const auto missed = [](const CompileOptions& options, const std::string& code) {
    const ReportPage page = collected(options);
    REQUIRE(page.missed.size() == 1);
    CHECK(page.missed.front().code == code);
    CHECK(exit_code(page.missed) == 3);
    CHECK_THAT(to_markdown(page), Catch::Contains("A budget is not met"));
    CHECK_THAT(to_html(page), Catch::Contains("class=\"bar-row over\""));
    check_plan_of(page.report);
  };
  CompileOptions options = phinet_options();
  options.calibrate = {models_folder() / "images/calibration/coffee_cup.png"};
  options.ram_bytes = 16 * 1024;
  missed(options, "E301");
  options.ram_bytes.reset();
  options.flash_bytes = 40 * 1024;
  missed(options, "E302");
  options.flash_bytes.reset();
  // Banks that are too small for any plan.
  options.kept_bytes = {{"dtcm", 126976},
                        {"axi", 524288 - 4096},
                        {"sram123", 294912 - 4096},
                        {"sram4", 65536 - 1024},
                        {"itcm", 65504 - 1024}};
  missed(options, "E301");
}

TEST_CASE("report: names are made harmless") {
  CHECK(clean_name("/conv/Conv") == "/conv/Conv");
  CHECK(clean_name("\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80") ==
        "\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80");
  const std::string bad = "\xEF\xBF\xBD";
  CHECK(clean_name(std::string("a\0b\n\x7F", 5)) == "a" + bad + "b" + bad + bad);
  CHECK(clean_name("\xE2\x80\xAEgpj") == bad + "gpj");
  CHECK(clean_name("\xFFx\xC3") == bad + "x" + bad);
  CHECK(clean_name("\xED\xA0\x80") == bad + bad + bad);  // half a surrogate pair
  CHECK(clean_name("\xC0\xAF") == bad + bad);            // an overlong slash
  CHECK(json_for_script(Json("</script><!--")) == "\"\\u003c/script>\\u003c!--\"");
  CHECK(markdown_code("a|b`c\n@me") == "`a\\|b'c" + bad + "@me`");
  CHECK(markdown_code("") == "` `");
}

TEST_CASE("report: JSON wraps its lines, and says the same") {
  std::string source =
      "{\"none\": [], \"empty\": {}, \"nothing\": null, \"real\": 0.5, \"long\": \"" +
      std::string(300, 'x') + "\", \"numbers\": [0";
  for (int i = 1; i < 200; ++i) source += ", " + std::to_string(i * i * i);
  source += "], \"things\": [{}";
  for (int i = 1; i < 200; ++i)
    source += fmt::format(", {{\"name\": \"thing \\\"{}\\\"\", \"at\": [{}, {}]}}", i, i, i + 1);
  const Result<Json> made = parse_json(source + "]}");
  REQUIRE(made);
  const Json& json = *made;
  const std::string text = to_wrapped_text(json);
  const Result<Json> read = parse_json(text);
  REQUIRE(read);
  CHECK(to_line(*read) == to_line(json));
  CHECK(count(text, "\n") < 260);
  std::size_t from = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', from)) {
    if (text.find("xxx", from) > end) CHECK(end - from <= 160);
    from = end + 1;
  }
  CHECK_THAT(text, Catch::Contains("\n    {\"name\": \"thing \\\"7\\\"\", \"at\": [7, 8]},\n"));
}

Finished linnet_report(std::vector<std::string> arguments, const std::string& path = {}) {
  std::vector<std::string> command{"/usr/bin/env"};
  if (!path.empty()) command.push_back("PATH=" + path);
  command.insert(command.end(), {LINNET_BINARY, "report"});
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_process({command, {}});
}

TEST_CASE("report on the command line: a folder, Markdown, JSON, what is missing") {
  const TemporaryFolder folder;
  CompileOptions options = phinet_options();
  options.calibrate = {models_folder() / "images/calibration/coffee_cup.png"};
  const Result<Compiled> made = compile_network(options);
  REQUIRE(made);
  const std::string generated = (folder.path() / "generated").string();
  REQUIRE(write_files(generated, made->files));

  const Finished markdown = linnet_report({generated, "--format", "md", "--no-profile"});
  CHECK(markdown.exit_code == 0);
  CHECK_THAT(markdown.output, Catch::StartsWith("## `phinet_96`: int8 for stm32h743\n"));
  const std::string page = (folder.path() / "page.html").string();
  CHECK(linnet_report({generated, "-o", page, "--no-profile", "--quiet"}).output.empty());
  CHECK(fs::file_size(page) > 50'000);
  const std::string by_name = (folder.path() / "page.md").string();
  CHECK(linnet_report({generated, "-o", by_name, "--no-profile"}).exit_code == 0);
  std::ifstream file(by_name);
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == markdown.output);
  const Finished json = linnet_report({generated, "--json", "--no-profile"});
  REQUIRE(parse_json(json.output));
  CHECK(parse_json(json.output)->at("graphs").is_null());

  CHECK(linnet_report({generated}).exit_code == 2);
  CHECK(linnet_report({generated, "--format", "pdf"}).exit_code == 2);
  const Finished no_folder = linnet_report({folder.path().string(), "-o", page, "--no-profile"});
  CHECK(no_folder.exit_code == 1);
  const Finished no_tools = linnet_report({generated, "-o", by_name}, "/nowhere");
  CHECK(no_tools.exit_code == 4);
  CHECK_THAT(no_tools.output, Catch::Contains("--no-profile"));
  const Finished unwritable =
      linnet_report({generated, "-o", by_name + "/page.html", "--no-profile"});
  CHECK(unwritable.exit_code == 1);
}

}  // namespace
}  // namespace linnet
