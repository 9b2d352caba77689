// Reads what objdump prints; see listing.h.
#include "compiler/profile/listing.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>

namespace linnet {
namespace {

constexpr std::string_view kLayerMark = "linnet_profile_layer_";
constexpr std::string_view kNoLayerMark = "linnet_profile_no_layer_";

// Takes the text up to a separator off the front.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return part;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

bool read_hex(std::string_view text, std::uint32_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc() && end == text.data() + text.size();
}

// The number that a mark's name begins with, after its prefix.
std::int32_t layer_of_mark(std::string_view name) {
  std::int32_t layer = -1;
  name.remove_prefix(kLayerMark.size());
  std::from_chars(name.data(), name.data() + name.size(), layer);
  return layer;
}

// "phinet::(anonymous namespace)::call_7(phinet::Arenas const&, int, int)" -> 7; -1 for other functions.
std::int32_t layer_of_function(std::string_view demangled) {
  constexpr std::string_view stem = "(anonymous namespace)::call_";
  const std::size_t at = demangled.find(stem);
  std::int32_t layer = -1;
  if (at == std::string_view::npos) return -1;
  const std::string_view number = demangled.substr(at + stem.size());
  const char* const end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, layer);
  return read.ptr != end && *read.ptr == '(' ? layer : -1;
}

void read_symbol(std::string_view line, Listing& listing) {
  // ADDRESS, a space, seven letters of flags, a space, SECTION, a tab, SIZE, a space, NAME.
  const std::size_t tab = line.find('\t');
  Function symbol;
  if (tab == std::string_view::npos || tab < 18 || !read_hex(line.substr(0, 8), symbol.address))
    return;
  const bool is_function = line.substr(9, 7).find('F') != std::string_view::npos;
  std::string_view rest = line.substr(tab + 1);
  if (!read_hex(take_until(rest, ' '), symbol.size_bytes)) return;
  std::string_view name = trimmed(rest);
  if (name.starts_with(".hidden ")) name.remove_prefix(8);
  symbol.address &= ~1U;  // Thumb
  if (name.starts_with(kLayerMark)) {
    listing.marks.push_back({symbol.address, layer_of_mark(name)});
  } else if (name.starts_with(kNoLayerMark)) {
    listing.marks.push_back({symbol.address, -1});
  } else if (is_function) {
    if (name == "linnet_profile_begin") listing.profile_begin = symbol.address;
    if (name == "linnet_profile_end") listing.profile_end = symbol.address;
    if (const std::int32_t layer = layer_of_function(name); layer >= 0)
      listing.marks.push_back({symbol.address, layer, true});
    symbol.name = name;
    listing.functions.push_back(std::move(symbol));
  }
}

// Where one layer ends and the next begins with no instruction between, the beginning holds.
void unite_marks(std::vector<LayerMark>& marks) {
  std::map<std::uint32_t, LayerMark> by_address;
  for (const LayerMark& mark : marks) {
    const auto [at, is_new] = by_address.emplace(mark.address, mark);
    if (!is_new && at->second.layer < mark.layer) at->second = mark;
  }
  marks.clear();
  for (const auto& [address, mark] : by_address) marks.push_back(mark);
}

void read_instruction(std::string_view line, Listing& listing) {
  // Spaces, ADDRESS, a colon, a tab, MNEMONIC, a tab, OPERANDS, a tab, "; ", COMMENT.
  Instruction instruction;
  if (line.empty() || line.front() != ' ') return;
  if (!read_hex(trimmed(take_until(line, ':')), instruction.address)) return;
  line = trimmed(line);
  instruction.mnemonic = take_until(line, '\t');
  const std::size_t comment = line.find(';');
  instruction.operands = trimmed(line.substr(0, comment));
  if (comment != std::string_view::npos) instruction.comment = trimmed(line.substr(comment + 1));
  listing.instructions.push_back(std::move(instruction));
}

std::string opposite(std::string_view condition) {
  constexpr std::string_view pairs[] = {"eqne", "cscc", "hslo", "mipl",
                                        "vsvc", "hils", "gelt", "gtle"};
  for (const std::string_view pair : pairs) {
    if (pair.substr(0, 2) == condition) return std::string(pair.substr(2));
    if (pair.substr(2) == condition) return std::string(pair.substr(0, 2));
  }
  return std::string(condition);  // "al"
}

// "itet eq": the next three have the conditions eq, ne, eq.
void mark_conditions(std::vector<Instruction>& instructions) {
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    const std::string& mnemonic = instructions[i].mnemonic;
    if (!mnemonic.starts_with("it") || mnemonic.find_first_not_of("te", 1) != std::string::npos)
      continue;
    const std::string condition = instructions[i].operands;
    for (std::size_t k = 1; k < mnemonic.size() && i + k < instructions.size(); ++k)
      instructions[i + k].condition =
          k == 1 || mnemonic[k] == 't' ? condition : opposite(condition);
  }
}

}  // namespace

std::size_t Listing::instruction_at(std::uint32_t address) const {
  const auto at = std::lower_bound(
      instructions.begin(), instructions.end(), address,
      [](const Instruction& instruction, std::uint32_t a) { return instruction.address < a; });
  if (at == instructions.end() || at->address != address) return instructions.size();
  return static_cast<std::size_t>(at - instructions.begin());
}

const Function* Listing::function_at(std::uint32_t address) const {
  auto after = std::upper_bound(
      functions.begin(), functions.end(), address,
      [](std::uint32_t a, const Function& function) { return a < function.address; });
  if (after == functions.begin()) return nullptr;
  const Function& function = *--after;
  // Assembler functions of libraries have no size: they reach to the next one.
  if (function.size_bytes != 0 && address - function.address >= function.size_bytes) return nullptr;
  return &function;
}

Listing read_listing(std::string_view symbols, std::string_view disassembly) {
  Listing listing;
  while (!symbols.empty()) read_symbol(take_until(symbols, '\n'), listing);
  while (!disassembly.empty()) read_instruction(take_until(disassembly, '\n'), listing);
  unite_marks(listing.marks);
  mark_conditions(listing.instructions);
  const auto by_address = [](const auto& a, const auto& b) { return a.address < b.address; };
  std::stable_sort(listing.instructions.begin(), listing.instructions.end(), by_address);
  std::stable_sort(listing.functions.begin(), listing.functions.end(), by_address);
  // Constructors and their like have two names: one of them is enough.
  const auto same = [](const auto& a, const auto& b) { return a.address == b.address; };
  listing.functions.erase(std::unique(listing.functions.begin(), listing.functions.end(), same),
                          listing.functions.end());
  return listing;
}

std::string short_function_name(std::string_view demangled) {
  std::string name(demangled);
  constexpr std::string_view anonymous = "(anonymous namespace)";
  // A parameter list begins at a "(" that opens no anonymous namespace.
  std::size_t end = 0;
  int angles = 0;
  for (; end < name.size(); ++end) {
    if (std::string_view(name).substr(end).starts_with(anonymous)) {
      end += anonymous.size() - 1;
    } else if (name[end] == '<') {
      ++angles;
    } else if (name[end] == '>') {
      --angles;
    } else if (name[end] == '(' && angles == 0) {
      break;
    }
  }
  name.resize(end);
  // What stands before the last space outside of brackets is the return type.
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '<' || name[i] == '(') ++depth;
    if (name[i] == '>' || name[i] == ')') --depth;
    if (name[i] == ' ' && depth == 0) begin = i + 1;
  }
  name.erase(0, begin);
  for (std::size_t at = name.find(anonymous); at != std::string::npos; at = name.find(anonymous))
    name.erase(at, anonymous.size() + 2);
  // The runtime's inline namespace has its version and a hash in its name.
  constexpr std::string_view runtime = "linnet::v";
  for (std::size_t at = name.find(runtime); at != std::string::npos;
       at = name.find(runtime, at + 1)) {
    const std::size_t version = at + runtime.size() - 1;
    const std::size_t after = name.find_first_not_of("v0123456789_abcdef", version);
    if (after != std::string::npos && std::isdigit(static_cast<unsigned char>(name[version + 1])) &&
        name.compare(after, 2, "::") == 0)
      name.erase(version, after + 2 - version);
  }
  return name.empty() ? std::string(demangled) : name;
}

}  // namespace linnet
