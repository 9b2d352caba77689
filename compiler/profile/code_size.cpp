// Reads GNU ld's map; see code_size.h.
#include "compiler/profile/code_size.h"

#include <algorithm>
#include <map>
#include <sstream>

namespace linnet {
namespace {

// The part of ObjectSize that an input section counts for; null: none that is in flash.
std::int64_t* part_for(ObjectSize& object, std::string_view section) {
  const auto is = [&](std::string_view name) {
    return section == name ||
           (section.starts_with(name) && section.substr(name.size()).starts_with('.'));
  };
  if (is(".text") || is(".vectors")) return &object.text_bytes;
  if (is(".rodata") || is(".linnet.weights")) return &object.rodata_bytes;
  if (is(".data") || is(".init_array")) return &object.data_bytes;
  if (is(".bss.linnet")) return nullptr;
  if (is(".bss") || section == "COMMON") return &object.bss_bytes;
  return nullptr;
}

// "/usr/lib/gcc/.../libgcc.a(_udivdi3.o)" -> "libgcc.a(_udivdi3.o)"
std::string object_name(const std::string& path) {
  const std::size_t slash = path.rfind('/', path.find('('));
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

ObjectKind kind_of(const std::string& object) {
  if (object.find('(') != std::string::npos) return ObjectKind::library;
  const bool scaffold = object.starts_with("harness_") || object.starts_with("board_");
  return scaffold ? ObjectKind::scaffold : ObjectKind::generated;
}

}  // namespace

const char* to_string(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::generated: return "generated";
    case ObjectKind::library: return "library";
    case ObjectKind::scaffold: return "start-up and harness";
  }
  return "";
}

std::vector<ObjectSize> read_object_sizes(std::string_view linker_map) {
  constexpr std::string_view start = "Linker script and memory map";
  const std::size_t begin = linker_map.find(start);
  if (begin == std::string_view::npos) return {};
  std::map<std::string, ObjectSize> objects;
  std::istringstream lines{std::string(linker_map.substr(begin))};
  std::string section;  // of the line before, when its name was too long to share a line
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    if (line.starts_with(" .")) {
      section.clear();
      fields >> section;
    } else if (!line.starts_with("                0x")) {
      section.clear();
      continue;
    }
    std::string address;
    std::string size;
    std::string object;
    if (!(fields >> address >> size)) continue;  // the rest is in the next line
    fields >> std::ws;
    std::getline(fields, object);
    if (!section.empty() && size.starts_with("0x") && !object.empty()) {
      ObjectSize& of = objects[object_name(object)];
      if (std::int64_t* part = part_for(of, section)) *part += std::stoll(size, nullptr, 16);
    }
    section.clear();
  }
  std::vector<ObjectSize> sizes;
  for (auto& [name, object] : objects) {
    object.object = name;
    object.kind = kind_of(name);
    if (object.text_bytes + object.rodata_bytes + object.data_bytes > 0) sizes.push_back(object);
  }
  std::stable_sort(sizes.begin(), sizes.end(), [](const ObjectSize& a, const ObjectSize& b) {
    return a.text_bytes + a.rodata_bytes + a.data_bytes >
           b.text_bytes + b.rodata_bytes + b.data_bytes;
  });
  return sizes;
}

}  // namespace linnet
