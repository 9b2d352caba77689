/* The network from C: its embedded vector through NAME_self_test, and the vector itself.
   under_test.h (made by the test) names the network: C_NAME(run) is phinet_96_run, C_ARENAS is what it points to. */
#include "under_test.h"

int c_self_test(void);
int use_network(void); /* image.cc */
int main(void);        /* in C: with -ffreestanding Clang gives it a C++ name in C++ */

int main(void) { return use_network(); }

int c_self_test(void) {
  const C_NAME(arenas) arenas = {C_ARENAS};
  const signed char *const expected = (const signed char *)C_NAME(test_output)(0);
  const signed char *made;
  if (C_NAME(test_input)(0) == 0 || C_NAME(self_test)(&arenas) != 1) return 0;
  made = (const signed char *)(const void *)C_NAME(output)(&arenas, 0);
  return made[0] == expected[0];
}
