/* See console.h. Operation 4 of semihosting writes a text that ends with a zero. */
#include "console.h"

#include <stdint.h>

void console_text(const char *text) {
  register uint32_t operation __asm__("r0") = 4;
  register const char *parameter __asm__("r1") = text;
  __asm__ volatile("bkpt 0xAB" : "+r"(operation) : "r"(parameter) : "memory", "cc");
}

void console_number(size_t number) {
  char digits[12];
  char *first = digits + sizeof digits - 1;
  *first = '\0';
  do {
    *--first = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  console_text(first);
}
