// The functions of libc that generated code needs, for images that are linked with -nostdlib: what a project without a libc
// would write. Clang also calls the names that Arm's run-time ABI has for clearing memory, which newlib has too. Compiled
// without builtins, so that no loop here becomes a call of itself.
#include <cstddef>

extern "C" {

void* memcpy(void* to, const void* from, std::size_t count);
void* memmove(void* to, const void* from, std::size_t count);
void* memset(void* to, int value, std::size_t count);
int memcmp(const void* a, const void* b, std::size_t count);
void __aeabi_memclr(void* to, std::size_t count);
void __aeabi_memclr4(void* to, std::size_t count);
void __aeabi_memclr8(void* to, std::size_t count);

void* memcpy(void* to, const void* from, std::size_t count) {
  auto* t = static_cast<unsigned char*>(to);
  const auto* f = static_cast<const unsigned char*>(from);
  while (count-- != 0) *t++ = *f++;
  return to;
}

void* memmove(void* to, const void* from, std::size_t count) {
  auto* t = static_cast<unsigned char*>(to);
  const auto* f = static_cast<const unsigned char*>(from);
  if (t <= f) return memcpy(to, from, count);
  while (count-- != 0) t[count] = f[count];
  return to;
}

void* memset(void* to, int value, std::size_t count) {
  auto* t = static_cast<unsigned char*>(to);
  while (count-- != 0) *t++ = static_cast<unsigned char>(value);
  return to;
}

int memcmp(const void* a, const void* b, std::size_t count) {
  const auto* x = static_cast<const unsigned char*>(a);
  const auto* y = static_cast<const unsigned char*>(b);
  for (; count != 0; --count, ++x, ++y)
    if (*x != *y) return *x - *y;
  return 0;
}

void __aeabi_memclr(void* to, std::size_t count) { memset(to, 0, count); }
void __aeabi_memclr4(void* to, std::size_t count) { memset(to, 0, count); }
void __aeabi_memclr8(void* to, std::size_t count) { memset(to, 0, count); }

}  // extern "C"
