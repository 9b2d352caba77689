// See toml.h. The only file that includes the TOML library.
#include "compiler/support/toml.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <sstream>

namespace linnet {
namespace {

Json json_of(const toml::node& node) {
  if (const toml::table* table = node.as_table()) {
    Json object = Json::object();
    for (const auto& [key, value] : *table) object.set(std::string(key.str()), json_of(value));
    return object;
  }
  if (const toml::array* array = node.as_array()) {
    Json::Array elements;
    for (const toml::node& element : *array) elements.push_back(json_of(element));
    return elements;
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* real = node.as_floating_point()) return real->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  return text.str();
}

}  // namespace

Result<Json> parse_toml(std::string_view text) {
  try {
    return json_of(toml::parse(text));
  } catch (const toml::parse_error& error) {
    return Diagnostic{"E520", "", "",
                      fmt::format("line {}: {}", error.source().begin.line, error.description()),
                      ""};
  }
}

}  // namespace linnet
