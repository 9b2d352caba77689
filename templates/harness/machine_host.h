// The harness's machine: this computer. Files through stdio.
#pragma once

#include <cstddef>
#include <cstdio>

namespace linnet_harness {

class File {
 public:
  enum class Mode { read, write };
  File(const char* path, Mode mode) : file_(std::fopen(path, mode == Mode::read ? "rb" : "wb")) {}
  ~File() {
    if (file_ != nullptr) std::fclose(file_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool opened() const { return file_ != nullptr; }
  bool read(void* to, std::size_t size_bytes) {
    return std::fread(to, 1, size_bytes, file_) == size_bytes;
  }
  bool write(const void* from, std::size_t size_bytes) {
    return std::fwrite(from, 1, size_bytes, file_) == size_bytes;
  }

 private:
  std::FILE* file_;
};

// Calls the function; how much stack it took is not measured here.
template <class Function>
std::size_t measure_stack(Function&& function) {
  function();
  return 0;
}

inline void report_stack(const char* name, std::size_t stack_bytes) {
  std::printf("%s %zu\n", name, stack_bytes);
}

}  // namespace linnet_harness
