// TOML as the same values as JSON: linnet.toml and linnet.json are read by one piece of code.
#pragma once

#include <string_view>

#include "compiler/support/json.h"

namespace linnet {

// E520 when the text is not TOML, with the line. Dates become texts; members keep no order of their own (TOML's tables have
// none) and come sorted by name.
Result<Json> parse_toml(std::string_view text);

}  // namespace linnet
