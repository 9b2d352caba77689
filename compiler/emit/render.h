// Fills a template (templates/*.mustache, carried by the binary) with data.
//
//   TemplateData data;
//   data.set("name", "phinet");
//   data.set("banks", TemplateList{...});     // {{#banks}} ... {{/banks}}
//   data.set("external", true);               // {{#external}} ... {{/external}}
//   std::string text = render("network.hpp", data);
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace linnet {

class TemplateData;
using TemplateList = std::vector<TemplateData>;

class TemplateData {
 public:
  using Value = std::variant<std::string, bool, TemplateList>;

  TemplateData& set(std::string key, std::string value);
  TemplateData& set(std::string key, const char* value);
  TemplateData& set(std::string key, std::int64_t value);
  TemplateData& set(std::string key, bool value);
  TemplateData& set(std::string key, TemplateList value);
  const std::map<std::string, Value>& values() const { return values_; }

 private:
  std::map<std::string, Value> values_;
};

// `name` without folder and ".mustache". A missing or broken template is our defect (assertion).
std::string render(std::string_view name, const TemplateData& data);

}  // namespace linnet
