// See render.h. The only file that includes the Mustache engine.
#include "compiler/emit/render.h"

#include <cassert>
#include <kainjow/mustache.hpp>
#include <utility>

#include "compiler/support/embedded_files.h"

namespace linnet {
namespace {

using kainjow::mustache::data;
using kainjow::mustache::mustache;

data convert(const TemplateData& from) {
  data object(data::type::object);
  for (const auto& [key, value] : from.values()) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      object.set(key, *text);
    } else if (const auto* flag = std::get_if<bool>(&value)) {
      object.set(key, data(*flag ? data::type::bool_true : data::type::bool_false));
    } else {
      data list(data::type::list);
      for (const TemplateData& item : std::get<TemplateList>(value)) list.push_back(convert(item));
      object.set(key, list);
    }
  }
  return object;
}

std::string_view template_text(std::string_view name) {
  const std::string path = "templates/" + std::string(name) + ".mustache";
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path == path) return file.text;
  }
  assert(false && "the template exists");
  return {};
}

// The engine leaves the ends of lines behind where a section is absent.
std::string without_blank_runs(const std::string& text) {
  std::string kept;
  std::size_t line_ends = 0;
  for (const char c : text) {
    line_ends = c == '\n' ? line_ends + 1 : 0;
    if (line_ends <= 2) kept += c;
  }
  return kept;
}

}  // namespace

TemplateData& TemplateData::set(std::string key, std::string value) {
  values_[std::move(key)] = std::move(value);
  return *this;
}
TemplateData& TemplateData::set(std::string key, const char* value) {
  return set(std::move(key), std::string(value));
}
TemplateData& TemplateData::set(std::string key, std::int64_t value) {
  return set(std::move(key), std::to_string(value));
}
TemplateData& TemplateData::set(std::string key, bool value) {
  values_[std::move(key)] = value;
  return *this;
}
TemplateData& TemplateData::set(std::string key, TemplateList value) {
  values_[std::move(key)] = std::move(value);
  return *this;
}

std::string render(std::string_view name, const TemplateData& from) {
  mustache engine{std::string(template_text(name))};
  assert(engine.is_valid());
  return without_blank_runs(engine.render(convert(from)));
}

}  // namespace linnet
