// linnet verify: compile, build, run, compare.
#include "compiler/cli/commands.h"

namespace linnet {

int run_verify(const CommandLine& command) {
  return fail(command, {{"E903", "", "", "verify is not part of this build", ""}});
}

}  // namespace linnet
