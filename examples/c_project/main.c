/* A network in a C11 project: phinet_96.h is all that it sees. The input comes row by row, as from a camera that delivers
   lines; no more than a few rows of it are ever held. */
#include <string.h>

#include "console.h"
#include "phinet_96.h"
#include "phinet_96_test_vector.h"

/* An array for each bank that the header names. */
LINNET_ARENA(dtcm) static char dtcm[PHINET_96_DTCM_BYTES];
LINNET_ARENA(axi) static char axi[PHINET_96_AXI_BYTES];

static size_t best_of(const int8_t *scores) {
  size_t best = 0, i;
  for (i = 1; i < PHINET_96_OUTPUT_0_ELEMENTS; ++i) {
    if (scores[i] > scores[best]) best = i;
  }
  return best;
}

/* Line `row` of the picture. This one is stored with the network, as codes; a camera's pixels would become
   round((pixel - 127.5) / 127.5 / PHINET_96_INPUT_0_SCALE) + PHINET_96_INPUT_0_ZERO_POINT. */
static void read_line(int32_t row, int8_t *to) {
  const int8_t *const picture = (const int8_t *)phinet_96_test_input(0);
  memcpy(to, picture + (size_t)row * PHINET_96_INPUT_ROW_ELEMENTS, PHINET_96_INPUT_ROW_ELEMENTS);
}

int main(void) {
  const phinet_96_arenas arenas = {dtcm, axi};
  const int8_t *const expected = (const int8_t *)phinet_96_test_output(0);
  const int8_t *scores;
  int32_t row;
  int same;

  if (!phinet_96_self_test(&arenas)) {
    console_text("self_test failed\n");
    return 1;
  }
  console_text("self_test passed\n");

  for (row = 0; row < PHINET_96_INPUT_ROWS; ++row) {
    read_line(row, phinet_96_input_row(&arenas, row));
    phinet_96_push_row(&arenas, row);
  }
  scores = phinet_96_output(&arenas, 0);
  same = memcmp(scores, expected, PHINET_96_OUTPUT_0_ELEMENTS) == 0;
  console_text("rows pushed one by one: class ");
  console_number(best_of(scores));
  console_text(same ? ", as stored\n" : ", NOT as stored\n");
  return same ? 0 : 1;
}
