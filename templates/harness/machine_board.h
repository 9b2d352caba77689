// The harness's machine: the emulated board, with the host's files through semihosting.
#pragma once

#include <cstddef>

#include "board.h"
#include "semihosting.h"

namespace linnet_harness {

class File {
 public:
  enum class Mode { read, write };
  File(const char* path, Mode mode)
      : file_(path, mode == Mode::read ? linnet::semihosting::Mode::read
                                       : linnet::semihosting::Mode::write) {}

  bool opened() const { return static_cast<bool>(file_); }
  bool read(void* to, std::size_t size_bytes) { return file_.read(to, size_bytes); }
  bool write(const void* from, std::size_t size_bytes) { return file_.write(from, size_bytes); }

 private:
  linnet::semihosting::File file_;
};

// Calls the function on the target's stack; the most bytes of it that were in use.
template <class Function>
std::size_t measure_stack(Function&& function) {
  return linnet::board::on_target_stack(function);
}

inline void report_stack(const char* name, std::size_t stack_bytes) {
  linnet::semihosting::print(name, " ", static_cast<unsigned long>(stack_bytes), "\n");
}

}  // namespace linnet_harness
