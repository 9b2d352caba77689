// The runtime's version, as an inline namespace: two generated networks link together whether they carry the same
// version of the runtime or not.
#pragma once

#define LINNET_VERSION_NAMESPACE v0_1_0
