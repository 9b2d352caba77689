// Blocks to llvm-mca and cycles back; see cycles.h.
//
// All blocks go in together, each as a region with a name of its own. llvm-mca stops at the first that it cannot do, and
// says which lines it cannot read or dies of an assertion, so blocks have variants that are tried one after the other:
//
//   whole         as presented
//   plain         loads and stores without write-back of the address
//   partial       without the instructions that do not work alone
//   nothing       not modelled at all
#include "compiler/profile/cycles.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>

#include "compiler/verify/subprocess.h"

namespace linnet {
namespace {

constexpr int kIterations = 100;
constexpr std::size_t kRegionsPerRun = 250;

using Lines = std::vector<std::string>;

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

void drop_suffix(std::string& text, std::string_view suffix) {
  if (text.ends_with(suffix)) text.resize(text.size() - suffix.size());
}

// "beq" but not "bfi", "bic", "bx", "bl".
bool is_plain_branch(std::string_view mnemonic) {
  constexpr std::array<std::string_view, 17> conditions{"",   "eq", "ne", "cs", "cc", "mi",
                                                        "pl", "vs", "vc", "hi", "ls", "ge",
                                                        "lt", "gt", "le", "hs", "lo"};
  return mnemonic.starts_with('b') &&
         std::find(conditions.begin(), conditions.end(), mnemonic.substr(1)) != conditions.end();
}

// What one run of llvm-mca said of its regions.
struct Answer {
  std::map<std::size_t, double>
      cycles;  // by number of the region; those that are empty to it are not there
  std::vector<std::size_t> bad_lines;  // from 1: that it cannot read, and leaves out
};

Answer read_answer(const std::string& output, const std::string& file) {
  Answer answer;
  const char* const end = output.data() + output.size();
  constexpr std::string_view region = "Code Region - r";
  constexpr std::string_view total = "Total Cycles:";
  for (std::size_t at = output.find(region); at != std::string::npos;
       at = output.find(region, at + 1)) {
    std::size_t number = 0;
    std::from_chars(output.data() + at + region.size(), end, number);
    const std::size_t found = output.find(total, at);
    if (found == std::string::npos || found > output.find(region, at + 1)) continue;
    const std::size_t digits = output.find_first_not_of(' ', found + total.size());
    std::int64_t cycles = 0;
    std::from_chars(output.data() + digits, end, cycles);
    answer.cycles[number] = static_cast<double>(cycles) / kIterations;
  }
  const std::string place = file + ":";
  for (std::size_t at = output.find(place); at != std::string::npos;
       at = output.find(place, at + 1)) {
    std::size_t line = 0;
    const auto read = std::from_chars(output.data() + at + place.size(), end, line);
    const std::string_view rest(read.ptr, static_cast<std::size_t>(end - read.ptr));
    const std::string_view said = rest.substr(0, rest.find('\n'));
    if (line > 0 && said.find(": error:") != std::string_view::npos)
      answer.bad_lines.push_back(line);
  }
  return answer;
}

// A number of regions in one file for llvm-mca.
class RegionFile {
 public:
  RegionFile(const std::vector<Lines>& regions, std::span<const std::size_t> which) {
    for (std::size_t i = 0; i < which.size(); ++i) {
      add(fmt::format("@ LLVM-MCA-BEGIN r{}", i));
      for (const std::string& line : regions[which[i]]) {
        if (!line.empty()) region_of_line_[lines_ + 1] = which[i];
        add(line);
      }
      add(fmt::format("@ LLVM-MCA-END r{}", i));
    }
  }

  // The region whose instruction stands in a line.
  std::optional<std::size_t> region_at(std::size_t line) const {
    const auto found = region_of_line_.find(line);
    return found == region_of_line_.end() ? std::nullopt : std::optional(found->second);
  }
  const std::string& text() const { return text_; }

 private:
  void add(const std::string& line) {
    text_ += line + "\n";
    ++lines_;
  }

  std::string text_;
  std::size_t lines_ = 0;
  std::map<std::size_t, std::size_t> region_of_line_;
};

class CycleModel {
 public:
  CycleModel(std::string llvm_mca, std::filesystem::path folder)
      : llvm_mca_(std::move(llvm_mca)), folder_(std::move(folder)) {}

  // Cycles of each region; none where llvm-mca cannot do it.
  std::vector<std::optional<double>> solve(const std::vector<Lines>& regions) {
    std::vector<std::optional<double>> cycles(regions.size());
    std::vector<std::vector<std::size_t>> parts;
    for (std::size_t i = 0; i < regions.size(); ++i) {
      if (std::all_of(regions[i].begin(), regions[i].end(),
                      [](const std::string& line) { return line.empty(); })) {
        cycles[i] = 0;
        continue;
      }
      if (parts.empty() || parts.back().size() == kRegionsPerRun) parts.emplace_back();
      parts.back().push_back(i);
    }
    while (!parts.empty()) parts = run_parts(regions, parts, cycles);
    return cycles;
  }

 private:
  // Runs llvm-mca on each part; gives the parts that have to be run again.
  std::vector<std::vector<std::size_t>> run_parts(
      const std::vector<Lines>& regions, const std::vector<std::vector<std::size_t>>& parts,
      std::vector<std::optional<double>>& cycles) {
    std::vector<Process> processes;
    std::vector<RegionFile> files;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const std::string name = fmt::format("blocks_{}.s", p);
      files.emplace_back(regions, parts[p]);
      std::ofstream(folder_ / name, std::ios::binary) << files.back().text();
      processes.push_back({{llvm_mca_, "-mtriple=thumbv7em-none-eabihf", "-mcpu=cortex-m7",
                            fmt::format("-iterations={}", kIterations), "-resource-pressure=0",
                            "-instruction-info=0", name},
                           folder_});
    }
    const std::vector<Finished> finished = run_processes(processes);
    std::vector<std::vector<std::size_t>> again;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const std::vector<std::size_t>& part = parts[p];
      const Answer answer = read_answer(finished[p].output, processes[p].arguments.back());
      for (const auto& [i, count] : answer.cycles)
        if (i < part.size()) cycles[part[i]] = count;
      // It leaves out lines that it cannot read: what it says of their regions is no answer.
      std::vector<std::size_t> bad;
      for (const std::size_t line : answer.bad_lines)
        if (const std::optional<std::size_t> of = files[p].region_at(line)) bad.push_back(*of);
      for (const std::size_t i : bad) cycles[i].reset();
      std::vector<std::size_t> left;
      for (std::size_t i = 0; i < part.size(); ++i)
        if (!answer.cycles.contains(i) && std::find(bad.begin(), bad.end(), part[i]) == bad.end())
          left.push_back(part[i]);
      const bool some_known = left.size() < part.size();
      split(std::move(left), !answer.cycles.empty(), some_known, again);
    }
    return again;
  }

  // What of `left`, some region of which stopped llvm-mca, is worth another run.
  static void split(std::vector<std::size_t> left, bool some_answered, bool some_known,
                    std::vector<std::vector<std::size_t>>& again) {
    if (left.empty()) return;
    if (some_answered) {  // they are done in order: the first of those that are left stopped it
      left.erase(left.begin());
      if (!left.empty()) again.push_back(std::move(left));
      return;
    }
    if (some_known) {  // without the bad ones it may work
      again.push_back(std::move(left));
      return;
    }
    if (left.size() == 1) return;  // this is the one
    const auto middle = left.begin() + static_cast<std::ptrdiff_t>(left.size() / 2);
    again.emplace_back(left.begin(), middle);
    again.emplace_back(middle, left.end());
  }

  std::string llvm_mca_;
  std::filesystem::path folder_;
};

// Replaces the instructions of a block that llvm-mca cannot do alone by nothing; how many.
std::size_t drop_impossible(CycleModel& model, Lines& lines) {
  std::vector<Lines> alone;
  for (const std::string& line : lines) alone.push_back({line});
  const std::vector<std::optional<double>> possible = model.solve(alone);
  std::size_t dropped = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (possible[i] && !lines[i].empty()) continue;
    lines[i].clear();
    ++dropped;
  }
  return dropped;
}

}  // namespace

std::string present(const Instruction& instruction) {
  std::string mnemonic = instruction.mnemonic;
  std::string operands = instruction.operands;
  if (mnemonic.empty() ||
      mnemonic.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.") != std::string::npos ||
      mnemonic.starts_with('.'))
    return {};
  drop_suffix(mnemonic, ".n");
  drop_suffix(mnemonic, ".w");
  if (mnemonic.starts_with("it") && mnemonic.find_first_not_of("te", 1) == std::string::npos)
    return "nop";
  if (!instruction.condition.empty()) {  // "movne", "vmovne.f32"
    const std::size_t dot = std::min(mnemonic.find('.'), mnemonic.size());
    if (dot > 2 && mnemonic.substr(dot - 2, 2) == instruction.condition) mnemonic.erase(dot - 2, 2);
  }
  if (mnemonic == "bl" || mnemonic == "blx") {
    const bool to_register = operands.find_first_of('<') == std::string::npos;
    return to_register ? "bx " + operands : "b target";
  }
  if (is_plain_branch(mnemonic)) return mnemonic + " target";
  if (starts_with_any(mnemonic, {"cbz", "cbnz"}))
    return mnemonic + " " + operands.substr(0, operands.find(',')) + ", target";
  // "vmov.f32 s0, #112 ; 0x3f800000 1.0": llvm-mca wants the value.
  if (mnemonic.starts_with("vmov.f") && operands.find('#') != std::string::npos) {
    const std::size_t space = instruction.comment.rfind(' ');
    if (space != std::string::npos)
      operands = operands.substr(0, operands.find('#') + 1) + instruction.comment.substr(space + 1);
  }
  if (mnemonic.starts_with("add") && operands.find(", pc, #") != std::string::npos)
    return "adr " + operands.substr(0, operands.find(',')) + ", target";
  return operands.empty() ? mnemonic : mnemonic + " " + operands;
}

std::string without_write_back(const std::string& presented) {
  if (!starts_with_any(presented, {"ldr", "str"})) return presented;
  const std::size_t bracket = presented.find(']');
  return bracket == std::string::npos ? presented : presented.substr(0, bracket + 1);
}

std::vector<BlockCycles> model_cycles(const std::vector<std::span<const Instruction>>& blocks,
                                      const std::string& llvm_mca,
                                      const std::filesystem::path& folder) {
  CycleModel model(llvm_mca, folder);
  std::vector<BlockCycles> results(blocks.size());
  std::vector<Lines> regions;
  std::vector<std::size_t> of_block(blocks.size());
  std::map<Lines, std::size_t> known;  // blocks of the same text are modelled once
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    Lines lines;
    for (const Instruction& instruction : blocks[b]) {
      lines.push_back(present(instruction));
      if (lines.back().empty()) ++results[b].unmodelled;
    }
    const auto [at, is_new] = known.emplace(lines, regions.size());
    if (is_new) regions.push_back(std::move(lines));
    of_block[b] = at->second;
  }
  std::vector<std::optional<double>> cycles = model.solve(regions);
  std::vector<std::size_t> dropped(regions.size(), 0);
  std::vector<std::size_t> simplified(regions.size(), 0);
  for (std::size_t r = 0; r < regions.size(); ++r) {
    if (cycles[r]) continue;
    for (std::string& line : regions[r]) {
      std::string simple = without_write_back(line);
      if (simple != line) ++simplified[r];
      line = std::move(simple);
    }
    cycles[r] = model.solve({regions[r]}).front();
    if (cycles[r]) continue;
    const auto empty_before =
        static_cast<std::size_t>(std::count(regions[r].begin(), regions[r].end(), std::string{}));
    dropped[r] = drop_impossible(model, regions[r]) - empty_before;
    cycles[r] = model.solve({regions[r]}).front();
    if (!cycles[r]) dropped[r] = regions[r].size() - empty_before;
  }
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    results[b].cycles = cycles[of_block[b]].value_or(0);
    results[b].unmodelled += dropped[of_block[b]];
    results[b].simplified = simplified[of_block[b]];
  }
  return results;
}

}  // namespace linnet
