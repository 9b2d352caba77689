/* Text to whoever listens: in the emulator (and under a debugger) by semihosting. A device would have a UART here. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stddef.h>

void console_text(const char* text);
void console_number(size_t number);

#endif
