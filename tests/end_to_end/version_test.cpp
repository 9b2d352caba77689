// The runtime's inline namespace carries the tool's version: files of two versions never share a mangled name.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "compiler/support/version.h"
#include "linnet/version.h"

#define LINNET_TEXT(name) #name
#define LINNET_TEXT_OF(macro) LINNET_TEXT(macro)

TEST_CASE("the runtime's namespace is that of the tool's version") {
  std::string expected = std::string("v") + std::string(linnet::kVersion);
  std::replace(expected.begin(), expected.end(), '.', '_');
  CHECK(LINNET_TEXT_OF(LINNET_VERSION_NAMESPACE) == expected);
}
