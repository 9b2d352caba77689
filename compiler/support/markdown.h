// Text of others inside Markdown that GitHub and GitLab render: names come from models, which anybody may have made.
#pragma once

#include <string>
#include <string_view>

namespace linnet {

// Prose or a table's cell of one line: nothing in it is a tag, a mention, a reference, emphasis, code or a link, or ends a cell.
// The caller has replaced line ends and other control characters.
std::string markdown_text(std::string_view text);

}  // namespace linnet
