// Semihosting: how a program in the emulator talks to the machine that runs it.
//
// One instruction, BKPT 0xAB, with the operation in r0 and the address of its parameters in r1; the
// answer is in r0. QEMU answers with `-semihosting-config enable=on,target=native`. Paths are
// relative to QEMU's working folder.
//
//   namespace host = linnet::semihosting;
//   host::File input("input.bin", host::Mode::read);
//   if (!input || !input.read(buffer, sizeof buffer)) host::exit(1);
//   host::print("read ", sizeof buffer, " bytes\n");
//
// For the emulated board only: nothing here is meant for a device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace linnet::semihosting {

enum class Operation : std::uint32_t {
  open = 0x01,
  close = 0x02,
  write = 0x05,
  read = 0x06,
  file_length = 0x0C,
  get_command_line = 0x15,
  exit_extended = 0x20,
};

// The numbers are those of the semihosting specification ("rb" and so on).
enum class Mode : std::uint32_t { read = 1, write = 5, append = 9 };

inline std::int32_t call(Operation operation, const void* parameters) {
  register std::uint32_t r0 __asm__("r0") = static_cast<std::uint32_t>(operation);
  register const void* r1 __asm__("r1") = parameters;
  __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory", "cc");
  return static_cast<std::int32_t>(r0);
}

// A parameter is one 32-bit word: a number or an address.
inline std::uint32_t word(const void* pointer) {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(pointer));
}

inline std::size_t length(const char* text) {
  std::size_t n = 0;
  while (text[n] != '\0') ++n;
  return n;
}

[[noreturn]] inline void exit(int code) {
  constexpr std::uint32_t application_exit = 0x20026;
  const std::uint32_t parameters[] = {application_exit, static_cast<std::uint32_t>(code)};
  for (;;) call(Operation::exit_extended, parameters);
}

inline std::int32_t open(const char* path, Mode mode) {
  const std::uint32_t parameters[] = {word(path), static_cast<std::uint32_t>(mode),
                                      static_cast<std::uint32_t>(length(path))};
  return call(Operation::open, parameters);
}

// An open file of the host. ":tt" opened for writing is the standard output, for appending the
// standard error.
class File {
 public:
  File(const char* path, Mode mode) : handle_(open(path, mode)) {}
  ~File() {
    if (handle_ < 0) return;
    const std::uint32_t parameters[] = {static_cast<std::uint32_t>(handle_)};
    call(Operation::close, parameters);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  explicit operator bool() const { return handle_ >= 0; }

  // Negative when the host cannot tell.
  std::int32_t length_bytes() const {
    const std::uint32_t parameters[] = {static_cast<std::uint32_t>(handle_)};
    return call(Operation::file_length, parameters);
  }

  // True when all bytes were transferred: the host answers with the number of bytes that were not.
  bool read(void* to, std::size_t size_bytes) const {
    return transfer(Operation::read, to, size_bytes);
  }
  bool write(const void* from, std::size_t size_bytes) const {
    return transfer(Operation::write, from, size_bytes);
  }

 private:
  bool transfer(Operation operation, const void* memory, std::size_t size_bytes) const {
    if (size_bytes == 0) return true;
    const std::uint32_t parameters[] = {static_cast<std::uint32_t>(handle_), word(memory),
                                        static_cast<std::uint32_t>(size_bytes)};
    return call(operation, parameters) == 0;
  }

  std::int32_t handle_;
};

// What QEMU was given as arg=...,arg=..., joined by blanks; false when it does not fit.
inline bool command_line(char* to, std::size_t size_bytes) {
  std::uint32_t parameters[] = {word(to), static_cast<std::uint32_t>(size_bytes)};
  to[0] = '\0';
  return call(Operation::get_command_line, parameters) == 0;
}

// Opened at the first use and never closed. A plain number: an object would need a destructor at
// exit.
inline std::int32_t standard_output = -1;

[[gnu::noinline]] inline void print_one(const char* text) {
  if (standard_output < 0) standard_output = open(":tt", Mode::write);
  const std::uint32_t parameters[] = {static_cast<std::uint32_t>(standard_output), word(text),
                                      static_cast<std::uint32_t>(length(text))};
  call(Operation::write, parameters);
}

template <typename Integer, typename = std::enable_if_t<std::is_integral_v<Integer>>>
[[gnu::noinline]] void print_one(Integer value) {
  char digits[24];
  char* first = digits + sizeof digits - 1;
  *first = '\0';
  bool negative = false;
  auto rest = static_cast<std::uint64_t>(value);
  if constexpr (std::is_signed_v<Integer>) {
    negative = value < 0;
    if (negative) rest = ~rest + 1;
  }
  do {
    *--first = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (negative) *--first = '-';
  print_one(static_cast<const char*>(first));
}

// print(Hex{0x2000}) writes 0x00002000.
struct Hex {
  std::uint32_t value;
};
[[gnu::noinline]] inline void print_one(Hex hex) {
  char digits[11] = "0x00000000";
  for (std::size_t i = 0; i < 8; ++i)
    digits[9 - i] = "0123456789abcdef"[(hex.value >> (4 * i)) & 15];
  print_one(static_cast<const char*>(digits));
}

// Texts, integers and Hex, to the standard output. No printf: it would bring newlib's heap and
// locale.
template <typename... Parts>
void print(const Parts&... parts) {
  (print_one(parts), ...);
}

}  // namespace linnet::semihosting
