// See json.h. The only file that includes nlohmann's JSON, which does the reading and writing of text.
#include "compiler/support/json.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>

namespace linnet {
namespace {

using Library = nlohmann::ordered_json;

Json from_library(const Library& json) {
  switch (json.type()) {
    case Library::value_t::boolean: return json.get<bool>();
    case Library::value_t::number_integer: return json.get<std::int64_t>();
    case Library::value_t::number_unsigned: {
      const auto value = json.get<std::uint64_t>();
      constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      return value <= kMost ? Json(value) : Json(static_cast<double>(value));
    }
    case Library::value_t::number_float: return json.get<double>();
    case Library::value_t::string: return json.get<std::string>();
    case Library::value_t::array: {
      Json::Array elements;
      for (const Library& element : json) elements.push_back(from_library(element));
      return elements;
    }
    case Library::value_t::object: {
      Json object = Json::object();
      for (const auto& [key, value] : json.items()) object.set(key, from_library(value));
      return object;
    }
    default: return {};
  }
}

Library to_library(const Json& json) {
  const auto convert = [](const auto& value) -> Library {
    using Kind = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_same_v<Kind, Json::Array>) {
      Library array = Library::array();
      for (const Json& element : value) array.push_back(to_library(element));
      return array;
    } else if constexpr (std::is_same_v<Kind, Json::Object>) {
      Library object = Library::object();
      for (const auto& [key, member] : value) object[key] = to_library(member);
      return object;
    } else {
      return value;
    }
  };
  return std::visit(convert, json.value());
}

template <class T>
const T& get(const Json::Value& value, const char* wanted) {
  const T* found = std::get_if<T>(&value);
  if (!found) throw JsonError{std::string("a value is not ") + wanted};
  return *found;
}

constexpr std::size_t kWrappedColumns = 160;

// ", " and ": " between things, no line ends; nothing as soon as it is longer than `room`.
std::optional<std::string> one_line(const Json& json, std::size_t room) {
  const auto* array = std::get_if<Json::Array>(&json.value());
  const auto* members = std::get_if<Json::Object>(&json.value());
  std::string text;
  const auto append = [&](const std::string& key, const Json& value) {
    if (text.size() > room) return false;
    if (!text.empty()) text += ", ";
    const std::optional<std::string> inner = one_line(value, room);
    if (inner) text += key + *inner;
    return inner.has_value();
  };
  if (array) {
    for (const Json& element : *array)
      if (!append({}, element)) return std::nullopt;
    text = "[" + text + "]";
  } else if (members) {
    for (const auto& [key, value] : *members)
      if (!append(to_line(Json(key)) + ": ", value)) return std::nullopt;
    text = "{" + text + "}";
  } else {
    text = to_line(json);
  }
  if (text.size() > room) return std::nullopt;
  return text;
}

void wrap(const Json& json, std::size_t indent, std::size_t before, std::string& text);

// Elements that are no containers, as many in a line as fit.
void wrap_scalars(const Json::Array& array, std::size_t indent, std::string& text) {
  const std::string begin = "\n" + std::string(indent, ' ');
  std::size_t column = kWrappedColumns;  // the first begins a line
  for (std::size_t i = 0; i < array.size(); ++i) {
    const std::string element = to_line(array[i]) + (i + 1 < array.size() ? "," : "");
    const bool fits = column + 1 + element.size() <= kWrappedColumns;
    text += (fits ? " " : begin) + element;
    column = (fits ? column + 1 : indent) + element.size();
  }
}

// `before`: columns that the line holds already.
void wrap(const Json& json, std::size_t indent, std::size_t before, std::string& text) {
  const auto* array = std::get_if<Json::Array>(&json.value());
  const auto* members = std::get_if<Json::Object>(&json.value());
  const std::size_t room = before < kWrappedColumns ? kWrappedColumns - before : 0;
  const std::optional<std::string> line =
      array || members ? one_line(json, room) : std::optional(to_line(json));
  if (line) {
    text += *line;
    return;
  }
  const std::string begin = "\n" + std::string(indent + 2, ' ');
  if (array) {
    text += "[";
    const bool scalars = std::all_of(array->begin(), array->end(), [](const Json& element) {
      return !std::holds_alternative<Json::Array>(element.value()) &&
             !std::holds_alternative<Json::Object>(element.value());
    });
    if (scalars) wrap_scalars(*array, indent + 2, text);
    for (std::size_t i = 0; !scalars && i < array->size(); ++i) {
      text += (i > 0 ? "," : "") + begin;
      wrap((*array)[i], indent + 2, indent + 3, text);
    }
    text += "\n" + std::string(indent, ' ') + "]";
    return;
  }
  text += "{";
  bool first = true;
  for (const auto& [key, value] : *members) {
    const std::string name = to_line(Json(key)) + ": ";
    text.append(first ? "" : ",").append(begin).append(name);
    wrap(value, indent + 2, indent + 3 + name.size(), text);
    first = false;
  }
  text += "\n" + std::string(indent, ' ') + "}";
}

}  // namespace

Json Json::object(std::initializer_list<std::pair<std::string, Json>> members) {
  Json json;
  json.value_ = Object(members);
  return json;
}

void Json::set(std::string key, Json value) {
  assert(std::holds_alternative<Object>(value_));
  std::get<Object>(value_).emplace_back(std::move(key), std::move(value));
}

bool Json::boolean() const { return get<bool>(value_, "true or false"); }
std::int64_t Json::integer() const { return get<std::int64_t>(value_, "an integer"); }

double Json::real() const {
  if (const auto* integer = std::get_if<std::int64_t>(&value_))
    return static_cast<double>(*integer);
  return get<double>(value_, "a number");
}

const std::string& Json::text() const { return get<std::string>(value_, "a text"); }
const Json::Array& Json::array() const { return get<Array>(value_, "a list"); }
const Json::Object& Json::members() const { return get<Object>(value_, "an object"); }

const Json* Json::find(std::string_view key) const {
  const auto* members = std::get_if<Object>(&value_);
  if (!members) return nullptr;
  for (const auto& [name, value] : *members) {
    if (name == key) return &value;
  }
  return nullptr;
}

const Json& Json::at(std::string_view key) const {
  const Json* found = find(key);
  if (!found) throw JsonError{"'" + std::string(key) + "' is missing"};
  return *found;
}

std::int64_t Json::integer_or(std::string_view key, std::int64_t fallback) const {
  const Json* found = find(key);
  return found ? found->integer() : fallback;
}

std::vector<std::int64_t> Json::integers() const {
  std::vector<std::int64_t> values;
  for (const Json& element : array()) values.push_back(element.integer());
  return values;
}

std::vector<std::string> Json::texts() const {
  std::vector<std::string> values;
  for (const Json& element : array()) values.push_back(element.text());
  return values;
}

Result<Json> parse_json(std::string_view text) {
  try {
    return from_library(Library::parse(text));
  } catch (const Library::exception& error) {  // a number out of range is no parse_error
    // E504: a file that should hold JSON.
    return Diagnostic{"E506", "", "", std::string("it is not JSON: ") + error.what(), ""};
  }
}

std::string to_text(const Json& json) {
  return to_library(json).dump(2, ' ', false, Library::error_handler_t::replace);
}

std::string to_wrapped_text(const Json& json) {
  std::string text;
  wrap(json, 0, 0, text);
  return text;
}

std::string to_line(const Json& json) {
  return to_library(json).dump(-1, ' ', false, Library::error_handler_t::replace);
}

}  // namespace linnet
