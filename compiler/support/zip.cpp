// See zip.h. The fields are those of PKWARE's APPNOTE: local headers with the contents, then the directory.
#include "compiler/support/zip.h"

#include <array>
#include <cassert>
#include <cstdint>

namespace linnet {
namespace {

constexpr std::uint16_t kVersionNeeded = 10;
constexpr std::uint16_t kFirstDay = 0x21;  // 1 January 1980: the earliest date that there is

std::uint32_t crc32_of(const std::string& text) {
  static const std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t rest = i;
      for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0xEDB88320U : 0U);
      made[i] = rest;
    }
    return made;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char c : text) crc = (crc >> 8) ^ table[(crc ^ static_cast<std::uint8_t>(c)) & 0xFFU];
  return ~crc;
}

void put16(std::string& out, std::size_t value) {
  for (int shift = 0; shift < 16; shift += 8)
    out += static_cast<char>(static_cast<std::uint8_t>(value >> shift));
}

void put32(std::string& out, std::size_t value) {
  assert(value <= 0xFFFFFFFFU && "an archive stays below 4 GiB");
  put16(out, value & 0xFFFFU);
  put16(out, value >> 16);
}

// What a local header and a directory entry have in common, from "version needed" to "extra field length".
std::string common_fields(const std::string& name, const std::string& text) {
  std::string out;
  put16(out, kVersionNeeded);
  put16(out, 0);  // flags
  put16(out, 0);  // stored
  put16(out, 0);  // midnight
  put16(out, kFirstDay);
  put32(out, crc32_of(text));
  put32(out, text.size());
  put32(out, text.size());
  put16(out, name.size());
  put16(out, 0);  // no extra field
  return out;
}

}  // namespace

std::string zip_archive(const std::map<std::string, std::string>& files) {
  std::string archive;
  std::string directory;
  for (const auto& [name, text] : files) {
    const std::string fields = common_fields(name, text);
    put32(directory, 0x02014b50);
    put16(directory, kVersionNeeded);  // made by
    directory += fields;
    put16(directory, 0);  // no comment
    put16(directory, 0);  // first disk
    put16(directory, 0);  // internal attributes
    put32(directory, 0);  // external attributes
    put32(directory, archive.size());
    directory += name;
    put32(archive, 0x04034b50);
    archive += fields;
    archive += name;
    archive += text;
  }
  const std::size_t begin = archive.size();
  archive += directory;
  put32(archive, 0x06054b50);
  put16(archive, 0);  // this disk
  put16(archive, 0);  // the directory's disk
  put16(archive, files.size());
  put16(archive, files.size());
  put32(archive, directory.size());
  put32(archive, begin);
  put16(archive, 0);  // no comment
  return archive;
}

}  // namespace linnet
