// Text of models on pages: names come from files that anybody may have made.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/support/json.h"

namespace linnet {

// UTF-8 without control characters and without marks that turn the direction of writing round; what is neither becomes U+FFFD.
// The templates escape what means something to HTML.
std::string clean_name(std::string_view name);

// JSON inside a <script> element: nothing in it ends the element.
std::string json_for_script(const Json& json);

// A name as code in a Markdown table: no pipe, line end or backtick, and nobody is mentioned by it.
std::string markdown_code(std::string_view name);

// "12.3 %" of a part; "-" when there is no whole.
std::string share_text(double part, double all);
// "12.3 dB", "exact" when infinite.
std::string decibels(double sqnr_db);

}  // namespace linnet
