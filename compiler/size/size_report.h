// A comparison of sizes as text: for a terminal, for a comment on a pull request, for GitHub's log, and all of it as JSON.
#pragma once

#include <string>

#include "compiler/size/compare.h"

namespace linnet {

// Networks that changed, each with what it takes, what grew and why; nothing of those that did not. Without a baseline: what
// each takes, of a single network also its functions, constants and objects.
std::string size_table(const SizeComparison& comparison);

// "2 networks unchanged: flash 158,204 bytes, RAM 63,684 bytes"
std::string size_summary(const SizeComparison& comparison);

// A table of all networks, and what lies behind it folded away. Begins with kCommentMarker, by which a later run finds the
// comment that it replaces.
inline constexpr const char* kCommentMarker = "<!-- linnet size -->";
std::string size_markdown(const SizeComparison& comparison);

std::string size_json(const SizeComparison& comparison);

// Workflow commands of GitHub: an error for what is too large or not in the baseline, a notice for other changes.
std::string size_annotations(const SizeComparison& comparison);

}  // namespace linnet
