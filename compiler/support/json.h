// A JSON value, for reports and for the tables that Linnet carries.
//
//   Json report = Json::object({{"name", "phinet"}, {"shape", std::vector<std::int64_t>{1, 96, 96, 3}}});
//   report.set("limit", std::optional<std::int64_t>{});             // null
//   const Result<Json> read = parse_json(to_text(report));
//   read->at("name").text(); read->at("shape").array().size();
//
// Members keep their order. What is asked of a value that is not there or of another kind throws a JsonError, which
// whoever reads a user's file turns into a Diagnostic.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/support/result.h"

namespace linnet {

struct JsonError {
  std::string message;  // "'name' is missing"
};

class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;
  using Value =
      std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object>;

  // ---- making; implicit by design ----
  Json() = default;
  Json(bool value) : value_(value) {}                                           // NOLINT
  Json(std::integral auto value) : value_(static_cast<std::int64_t>(value)) {}  // NOLINT
  Json(double value) : value_(value) {}                                         // NOLINT
  Json(float value) : value_(static_cast<double>(value)) {}                     // NOLINT
  Json(std::string value) : value_(std::move(value)) {}                         // NOLINT
  Json(const char* value) : value_(std::string(value)) {}                       // NOLINT
  Json(Array elements) : value_(std::move(elements)) {}                         // NOLINT
  template <class T>
  Json(const std::vector<T>& elements)  // NOLINT
      : value_(Array(elements.begin(), elements.end())) {}
  template <class T>
  Json(const std::optional<T>& value) {  // NOLINT
    if (value) *this = Json(*value);
  }
  static Json object(std::initializer_list<std::pair<std::string, Json>> members = {});
  // Adds a member to an object. The key must be new.
  void set(std::string key, Json value);

  // ---- asking ----
  const Value& value() const { return value_; }
  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  bool boolean() const;
  std::int64_t integer() const;
  double real() const;  // of an integer too
  const std::string& text() const;
  const Array& array() const;
  const Object& members() const;
  const Json* find(std::string_view key) const;  // null when there is no such member, or no object
  const Json& at(std::string_view key) const;
  std::int64_t integer_or(std::string_view key, std::int64_t fallback) const;
  std::vector<std::int64_t> integers() const;
  std::vector<std::string> texts() const;

 private:
  Value value_;
};

// E506 when the text is not JSON.
Result<Json> parse_json(std::string_view text);

// Two spaces for each level. Bytes that are not UTF-8 are replaced, since names come from models.
std::string to_text(const Json& json);
// The same, but what fits into a line of 160 columns stays on one, and lists of numbers fill their lines: a third of the
// size, and a line for each thing in a list of things.
std::string to_wrapped_text(const Json& json);
// All on one line, without blanks.
std::string to_line(const Json& json);

}  // namespace linnet
