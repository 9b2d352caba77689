// See run_linnet.h.
#include "tests/support/run_linnet.h"

#include "compiler/verify/subprocess.h"

namespace linnet::testing {

Run run_linnet(const std::string& arguments, const char* streams) {
  const Finished finished =
      run_process({{"bash", "-c", std::string(LINNET_BINARY) + " " + arguments + streams}, {}});
  return {finished.exit_code, finished.output};
}

}  // namespace linnet::testing
