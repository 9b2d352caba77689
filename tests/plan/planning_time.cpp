// What planning costs, in CPU time: two thousand calls within the time that users were promised, and no worse than
// quadratic growth on the way there.
#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "compiler/plan/plan.h"
#include "tests/plan/random_program.h"

namespace {

using namespace linnet;

double cpu_seconds_of(std::size_t calls) {
  const Target ram{"one", {MemoryBank{"ram", {}, 0, true}}, {}, 0};
  const Program program = testing::random_row_program(3, calls);
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  const Result<Plan> plan = make_plan(program, ram);
  getrusage(RUSAGE_SELF, &after);
  REQUIRE(plan);
  return static_cast<double>(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
         1e-6 * static_cast<double>(after.ru_utime.tv_usec - before.ru_utime.tv_usec);
}

}  // namespace

TEST_CASE("planning two thousand calls stays within its CPU time") {
  const double half = cpu_seconds_of(1000);
  const double whole = cpu_seconds_of(2000);
  INFO(half << " s for 1000 calls, " << whole << " s for 2000");
  CHECK(whole < 30);
  CHECK(whole < 4 * half + 1);
}
